#include "pipeline/trainer.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "model/operations.hpp"
#include "model/schedule.hpp"
#include "pipeline/checkpoint_writer.hpp"
#include "pipeline/gradient_reducer.hpp"
#include "pipeline/loader.hpp"
#include "pipeline/phase_times.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/stop_conditions.hpp"
#include "pipeline/trace.hpp"
#include "pipeline/training_plan.hpp"
#include "pipeline/training_state.hpp"
#include "pipeline/validation.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/progress.hpp"

namespace xxact::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

/// ", formation_energy_per_atom.mae 0.0494" of a metrics line, for the progress bar.
std::string validation_note(const nlohmann::json& line) {
  std::string note;
  const auto metrics = line.find("validation");
  if (metrics == line.end()) return note;
  for (const auto& [name, value] : metrics->items())
    if (value.is_number() && (name.ends_with(".mae") || name.ends_with(".accuracy"))) note += fmt::format(", {} {:.4f}", name, value.get<double>());
  return note;
}

class Trainer {
 public:
  Trainer(TrainingData& data, const RunConfig& config, const TrainingOptions& options, const Device& device, comm::Communicator& comm)
      : data_(data), config_(config), options_(options), device_(device), comm_(comm), state_(config, device.torch()),
        folder_(options.output, options.resume, comm.root()),
        execution_(execution_of_run(folder_.path(), options.resume, state_, data.facts(), config, device, options.execution, comm)),
        plan_(data, config, comm.rank(), comm.size(), execution_.batch.samples), channel_(device.make_gradient_channel(comm)),
        reducer_(state_.flat(), *channel_, comm), stop_(folder_.path() / "STOP", options.end, options.margin, comm.root()), trace_(options.trace, comm.rank()),
        operations_(model::training_operations(config.model, data.facts().elements)) {}

  TrainingOutcome run();

 private:
  struct StepNumbers {
    double loss = 0, gradient_norm = 0, learning_rate = 0;
    std::string skipped;  // why the weights did not change; empty: they did
    std::string stop;     // why; empty: go on
  };

  void start();
  void report_unusable() const;
  void resume_from_latest();
  std::unique_ptr<Loader> make_loader() const;
  double accumulate_gradients(Loader& loader);
  StepNumbers take_step(Loader& loader);
  void validate_now(nlohmann::json& line);
  void save_checkpoint(Snapshot kind);
  void finish_checkpoints();
  void log_step(const StepNumbers& numbers, nlohmann::json line, bool flush);
  void write_summary();
  ModelDescription description(const Calibration& calibration) const;

  TrainingData& data_;
  const RunConfig& config_;
  const TrainingOptions& options_;
  const Device& device_;
  comm::Communicator& comm_;
  TrainingState state_;
  RunFolder folder_;
  Execution execution_;
  TrainingPlan plan_;
  std::unique_ptr<comm::GradientChannel> channel_;
  GradientReducer reducer_;
  StopConditions stop_;
  PhaseTimes times_;
  Trace trace_;
  CheckpointWriter writer_;  // of rank 0
  double operations_;  // a sample's training takes
  Clock::time_point start_ = Clock::now();
  std::int64_t first_step_ = 0;
  double processor_start_ = processor_seconds();
};

void Trainer::report_unusable() const {
  if (!comm_.root() || data_.unusable().empty()) return;
  std::string all;
  for (const auto& text : data_.unusable()) all += text;
  write_file_atomically(folder_.path() / "unusable.txt", all);
  log::warn("{} labelled rows cannot be given to this model and are left out: see {}", std::count(all.begin(), all.end(), '\n'), (folder_.path() / "unusable.txt").string());
}

void Trainer::resume_from_latest() {
  // Rank 0 finds the newest sound checkpoint, so that all ranks take the same.
  std::string file;
  if (comm_.root()) {
    auto files = io::list_checkpoints(folder_.checkpoints());
    for (; !files.empty() && file.empty(); files.pop_back()) try {
        io::read_checkpoint(files.back());
        file = files.back().string();
      } catch (const Error& error) {
        log::warn("{}; trying the checkpoint before it", error.what());
      }
  }
  file = comm_.broadcast(file, 0, "agreeing on the checkpoint");
  if (file.empty()) {
    log::info("no checkpoint in {}: starting from the beginning", folder_.path().string());
    return;
  }
  const auto checkpoint = io::read_checkpoint(file);
  const auto description = read_description(checkpoint);
  if (description.dataset_hash != data_.facts().content_hash)
    throw ConfigError("{} was trained on a dataset with content hash {}, --data has {}", file, description.dataset_hash, data_.facts().content_hash);
  if (to_ini(description.config) != to_ini(config_))
    throw ConfigError("{} belongs to a run with another configuration: resume with the configuration in {}", file, (folder_.path() / "config.ini").string());
  state_.restore(checkpoint);
  log::info("resuming after step {} of {} from {}", state_.step, plan_.total_steps(), file);
}

void Trainer::start() {
  report_unusable();
  if (options_.resume) resume_from_latest();
  if (state_.step == 0 && !options_.initial.empty()) {
    const auto file = io::read_checkpoint(model_file_of(options_.initial));
    const auto taken = state_.initialise_from(file);
    if (taken == 0) throw ConfigError("--init {}: no parameter has the same name and shape", options_.initial.string());
    log::info("{} of {} parameters start from {}", taken, state_.flat().parameters().size(), file.path().string());
  }
  if (state_.step == 0) folder_.write_config(to_ini(config_));
  folder_.open_metrics(state_.step);
  first_step_ = state_.step;
  log::info("{} rows to train on, {} to validate, {} parameters, {} steps of {} samples on {} rank{} ({})", data_.samples(),
            data_.validation().rows.size(), state_.flat().size(), plan_.total_steps(), config_.training.global_batch, comm_.size(),
            comm_.size() > 1 ? "s" : "", device_.name());
}

std::unique_ptr<Loader> Trainer::make_loader() const {
  std::vector<BatchBuilder> builders;
  for (int i = 0; i < device_.threads().loader.threads; ++i)
    builders.emplace_back(config_, data_.standardisation(), Augmentation::on);
  data_.begin(plan_.position(first_step_), plan_.position(plan_.total_steps()));
  const auto first = plan_.passes_before(first_step_);
  return std::make_unique<Loader>(std::move(builders), plan_.passes_before(plan_.total_steps()) - first, device_.threads().loader,
                                  [this, first](BatchBuilder& builder, std::int64_t ticket, Batch& batch) {
                                    const auto pass = plan_.pass(first + ticket);
                                    builder.build(plan_.samples(pass), batch);
                                    batch.valid_count = plan_.valid_count(pass.step);
                                  });
}

double Trainer::accumulate_gradients(Loader& loader) {
  const auto start = Clock::now();
  const double data_before = loader.waited_s(), sums_before = reducer_.waited_s();
  double loss = 0;
  const auto count = plan_.micro_batches(state_.step);
  state_.flat().zero_gradient();
  if (count == 0) reducer_.arm();
  for (std::int64_t micro = 0; micro < count; ++micro) {
    const auto asked = Clock::now();
    const Batch* batch = loader.next();
    const auto ready = Clock::now();
    if (micro + 1 == count) reducer_.arm();
    const auto output = state_.net()->forward(to_device(batch->input, device_.torch()));
    const auto result = model::objective(output, to_device(batch->targets, device_.torch()), config_.training.objective, batch->valid_count);
    const auto turn = Clock::now();
    result.total.backward();
    loss += result.total.item<double>();
    trace_.add(Trace::Lane::step, "waiting for data", asked, ready);
    trace_.add(Trace::Lane::step, "forward", ready, turn);
    trace_.add(Trace::Lane::step, "backward", turn, Clock::now());
  }
  const auto last = Clock::now();
  reducer_.finish();
  trace_.add(Trace::Lane::step, "waiting for gradients", last, Clock::now());
  if (trace_.on())
    for (const auto& sum : channel_->transfers()) trace_.add(Trace::Lane::communication, fmt::format("{} floats", sum.floats), sum.started, sum.done);
  const double data = loader.waited_s() - data_before, sums = reducer_.waited_s() - sums_before;
  times_.add(Phase::data_wait, data);
  times_.add(Phase::communication_wait, sums);
  times_.add(Phase::compute, seconds_since(start) - data - sums);
  return loss;
}

Trainer::StepNumbers Trainer::take_step(Loader& loader) {
  StepNumbers numbers;
  // Loss and the wishes to stop travel together: one small sum a step, and every rank stops at the same step.
  std::array<double, 1 + std::tuple_size_v<StopConditions::Votes>> shared{};
  shared[0] = accumulate_gradients(loader);
  StopConditions::Votes votes = stop_.vote();
  std::copy(votes.begin(), votes.end(), shared.begin() + 1);
  {
    const auto begun = Clock::now();
    const auto waiting = times_.measure(Phase::ranks_wait);
    comm_.sum(shared, "sum of losses and wishes to stop");
    trace_.add(Trace::Lane::step, "waiting for other ranks", begun, Clock::now());
  }
  numbers.loss = shared[0];
  std::copy(shared.begin() + 1, shared.end(), votes.begin());
  numbers.stop = stop_.reason(votes);
  const auto updating = times_.measure(Phase::update);
  numbers.learning_rate = model::learning_rate(state_.step, plan_.total_steps(), plan_.warmup_steps(), config_.training.learning_rate);
  const auto begun = Clock::now();
  auto update = state_.update(numbers.loss, numbers.learning_rate);
  trace_.add(Trace::Lane::step, "update", begun, Clock::now());
  trace_.end_step();
  numbers.gradient_norm = update.gradient_norm;
  numbers.skipped = std::move(update.skipped);
  if (!numbers.skipped.empty() && comm_.root()) log::warn("step {} is skipped: {}", state_.step - 1, numbers.skipped);
  if (options_.stop_after > 0 && state_.step >= options_.stop_after) numbers.stop = fmt::format("--stop-after {}", options_.stop_after);
  if (state_.step == plan_.total_steps()) numbers.stop.clear();
  return numbers;
}

ModelDescription Trainer::description(const Calibration& calibration) const {
  return {config_, data_.standardisation(), calibration, data_.facts().content_hash, options_.program_version, state_.step, plan_.position(state_.step)};
}

void Trainer::validate_now(nlohmann::json& line) {
  if (data_.validation().rows.empty()) return;
  const auto validating = times_.measure(Phase::validation);
  state_.swap_average();
  const InferenceOptions inference{device_.threads().loader, 256, {}};
  const auto result = validate_model(state_.net(), config_, data_.standardisation(), *data_.validation().dataset, *data_.validation().labels, data_.validation().rows, device_.torch(), inference, comm_);
  if (result.score < state_.best.score) {
    state_.best = {result.score, state_.step, result.metrics};
    if (comm_.root()) writer_.write(folder_.best(), state_.model_snapshot(description(result.calibration)));
  }
  state_.swap_average();
  state_.net()->train();
  line["validation"] = result.metrics;
  line["validation_score"] = result.score;
}

void Trainer::save_checkpoint(Snapshot kind) {
  const auto saving = times_.measure(Phase::checkpoint);
  if (comm_.root())
    writer_.write(folder_.checkpoints() / io::checkpoint_file_name(state_.step), state_.snapshot(description({}), kind), [this] { folder_.prune_checkpoints(); });
}

void Trainer::finish_checkpoints() {
  const auto saving = times_.measure(Phase::checkpoint);
  writer_.finish();
  comm_.barrier("last checkpoint");
}

void Trainer::log_step(const StepNumbers& numbers, nlohmann::json line, bool flush) {
  const auto consumed = plan_.position(state_.step);
  line["step"] = state_.step;
  line["consumed_samples"] = consumed;
  line["epoch"] = plan_.epoch(state_.step);
  line["loss"] = numbers.loss;
  line["learning_rate"] = numbers.learning_rate;
  line["gradient_norm"] = numbers.gradient_norm;
  if (!numbers.skipped.empty()) line["skipped"] = numbers.skipped;
  const double rate = static_cast<double>(consumed - plan_.position(first_step_)) / seconds_since(start_);
  line["samples_per_s"] = rate;
  line["tflop_per_s"] = 1e-12 * rate * operations_;
  // Means over ranks, since this process began to train; the least and the greatest beside them.
  const auto spreads = times_.over_ranks(comm_);
  const auto wait = [&](const char* name, Phase phase) {
    const auto& spread = spreads[static_cast<std::size_t>(phase)];
    line[name] = spread.mean;
    line[fmt::format("{}_min", name)] = spread.least;
    line[fmt::format("{}_max", name)] = spread.most;
  };
  wait("data_wait_s", Phase::data_wait);
  wait("comm_wait_s", Phase::communication_wait);
  std::array<double, 1> memory = {static_cast<double>(resident_bytes())};
  comm_.max(memory, "comparing memory");
  line["memory_bytes"] = static_cast<std::int64_t>(memory[0]);
  folder_.append_metrics(line, flush || line.contains("validation"));
}

void Trainer::write_summary() {
  const auto spreads = times_.over_ranks(comm_);
  std::array<double, 1> memory = {static_cast<double>(resident_bytes())};
  comm_.max(memory, "comparing memory");
  std::array<double, 1> core = {processor_seconds() - processor_start_};
  comm_.sum(core, "gathering processor time");
  std::vector<std::string> tasks;
  for (const auto task : config_.model.tasks) tasks.emplace_back(model::task_name(task));
  const auto done = state_.step - first_step_;
  const double seconds = seconds_since(start_), rate = static_cast<double>(plan_.position(state_.step) - plan_.position(first_step_)) / seconds;
  const auto& facts = data_.facts();
  folder_.write_summary({{"mode", model::mode_name(config_.model.mode)}, {"tasks", tasks}, {"parameters", state_.flat().size()}, {"steps", state_.step}, {"skipped_steps", state_.skipped_steps()},
                         {"consumed_samples", plan_.position(state_.step)}, {"seconds", seconds}, {"core_seconds", core[0]},
                         {"samples_per_s", rate}, {"tflop_per_s", 1e-12 * rate * operations_}, {"ranks", comm_.size()},
                         {"micro_batch", execution_.batch.samples}, {"recompute", execution_.batch.recompute},
                         {"threads_per_rank", device_.threads().compute}, {"loader_threads_per_rank", device_.threads().loader.threads}, {"device", device_.name()},
                         {"best", {{"step", state_.best.step}, {"score", state_.best.score}, {"validation", state_.best.validation}}},
                         {"dataset", {{"path", facts.path.string()}, {"content_hash", facts.content_hash}, {"rows", facts.rows},
                                      {"train", facts.split[0]}, {"validation", facts.split[1]}, {"test", facts.split[2]}, {"source", facts.source},
                                      {"licence", facts.licence}, {"split_rule", facts.split_rule}}},
                         {"training_rows", data_.samples()},
                         {"seed", config_.training.seed}, {"phases_s", phases_json(spreads)}, {"memory_bytes", static_cast<std::int64_t>(memory[0])},
                         {"program_version", options_.program_version}, {"finished", state_.step == plan_.total_steps()}});
  log::info("where the time of {} steps went\n{}", done, phases_table(spreads, seconds));
}

TrainingOutcome Trainer::run() {
  start();
  // A summary that is there already tells what the run took, which this process does not know.
  const bool summed_up = comm_.root() && state_.step == plan_.total_steps() && folder_.finished();
  if (!comm_.broadcast(summed_up ? "finished" : "", 0, "looking for a finished run").empty()) {
    log::info("this run is finished: {} steps", state_.step);
    return TrainingOutcome::finished;
  }
  const auto loader = make_loader();
  state_.net()->set_recompute(execution_.batch.recompute);
  // However this ends, the loader's threads must not wait for samples that nobody brings any more.
  const std::shared_ptr<void> ended(nullptr, [this](void*) { data_.end(); });
  state_.net()->train();
  Progress progress("training", "steps", plan_.total_steps(), comm_.root());
  std::string latest;
  std::string stop;
  while (state_.step < plan_.total_steps() && stop.empty()) {
    data_.used_before(plan_.position(state_.step));
    const auto numbers = take_step(*loader);
    comm_.set_deadline(options_.watchdog);
    stop = numbers.stop;
    const bool last = state_.step == plan_.total_steps();
    nlohmann::json line = nlohmann::json::object();
    if (last || state_.step % plan_.validate_every() == 0) {
      validate_now(line);
      latest = validation_note(line);
    }
    const bool save = last || !stop.empty() || state_.step % plan_.checkpoint_every() == 0;
    log_step(numbers, line, save);
    // Behind the last step nothing changes the state any more, and the copy is spared.
    if (save) save_checkpoint(last || !stop.empty() ? Snapshot::share : Snapshot::copy);
    else writer_.check();
    progress.update(state_.step, fmt::format("loss {:.4f}{}", numbers.loss, latest));
  }
  // Without validation rows the last weights are the only choice.
  if (state_.best.step == 0 && state_.step == plan_.total_steps() && comm_.root()) {
    writer_.finish();  // it looks at the weights themselves
    state_.swap_average();
    writer_.write(folder_.best(), state_.model_snapshot(description({})));
    state_.swap_average();
  }
  finish_checkpoints();
  trace_.write(folder_.path() / "trace.json", comm_);
  write_summary();
  comm_.barrier("end of training");
  if (stop.empty()) return TrainingOutcome::finished;
  log::info("stopping after step {} of {}: {}", state_.step, plan_.total_steps(), stop);
  return TrainingOutcome::stopped;
}

}  // namespace

TrainingOutcome train(TrainingData& data, const RunConfig& config, const TrainingOptions& options, const Device& device, comm::Communicator& comm) {
  return Trainer(data, config, options, device, comm).run();
}

}  // namespace xxact::pipeline
