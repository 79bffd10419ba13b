#include "pipeline/trainer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>

#include "model/operations.hpp"
#include "pipeline/checkpoint_writer.hpp"
#include "pipeline/gradient_reducer.hpp"
#include "pipeline/loader.hpp"
#include "pipeline/phase_times.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/stop_conditions.hpp"
#include "pipeline/trace.hpp"
#include "pipeline/training_meters.hpp"
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
        folder_(options.output, options.resume, comm.root()), channel_(device.make_channel(comm)), reducer_(state_.flat(), *channel_, comm, options.optimizer_state),
        execution_(share_work()), plan_(data, config, comm.rank(), comm.size(), execution_.batch.samples),
        stop_(folder_.path() / "STOP", options.end, options.margin, comm.root()), trace_(options.trace, comm.rank()),
        step_(state_, reducer_, *channel_, comm, config, device, execution_.batch.recompute ? Graphs::off : options.graphs, trace_),
        meters_(plan_, device, comm, model::training_operations(config.model, data.facts().elements),
                options.peak_operations > 0 ? options.peak_operations : device.peak_operations(precision_on(device.torch(), config.training.precision))) {}

  TrainingOutcome run();

 private:
  /// A step that was enqueued, and what of it is known before it is computed.
  struct Enqueued {
    std::int64_t step = 0;  // done with it
    double learning_rate = 0;
  };
  struct StepNumbers {
    Enqueued enqueued;
    double loss = 0, gradient_norm = 0;
    std::string skipped;  // why the weights did not change; empty: they did
  };

  Execution share_work();
  void start();
  void report_unusable() const;
  void resume_from_latest();
  std::unique_ptr<Loader> make_loader() const;
  void accumulate_gradients(Loader& loader);
  std::string enqueue_step(Loader& loader);
  std::string votes_to_stop();
  StepNumbers take_numbers();
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
  std::unique_ptr<comm::Channel> channel_;
  GradientReducer reducer_;
  Execution execution_;
  TrainingPlan plan_;
  StopConditions stop_;
  PhaseTimes times_;
  Trace trace_;
  TrainingStep step_;
  std::deque<Enqueued> enqueued_;  // their numbers are not taken yet
  double loss_ = 0;                 // of the step whose numbers were taken last
  std::int64_t skipped_steps_ = 0;  // up to it
  CheckpointWriter writer_;  // of rank 0
  TrainingMeters meters_;
};

/// While the run is made: which part of the parameters this rank updates, and in what portions it takes samples.
Execution Trainer::share_work() {
  state_.share_with(reducer_);
  auto options = options_.execution;
  options.recorded = options_.graphs != Graphs::off && device_.records();
  const auto execution = execution_of_run(folder_.path(), options_.resume, state_, data_.facts(), config_, device_, options, comm_);
  if (execution.batch.recompute && options_.graphs == Graphs::on) throw ConfigError("--graphs on: layers compute their activations again in backward, which is not recorded; --recompute off, or --graphs auto");
  return execution;
}

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
  meters_.begin_at(state_.step);
  skipped_steps_ = state_.guard().state().skipped;
  log::info("{} rows to train on, {} to validate, {} parameters, {} steps of {} samples on {} rank{} ({})", data_.samples(),
            data_.validation().rows.size(), state_.flat().size(), plan_.total_steps(), config_.training.global_batch, comm_.size(),
            comm_.size() > 1 ? "s" : "", device_.name());
  const auto precision = precision_on(device_.torch(), config_.training.precision);
  log::info("products in {}; attention kernels: {}", precision == model::Precision::bf16 ? "bf16" : "fp32", model::attention_kernels(config_.model, device_.torch(), precision));
}

std::unique_ptr<Loader> Trainer::make_loader() const {
  std::vector<BatchBuilder> builders;
  for (int i = 0; i < device_.threads().loader.threads; ++i)
    builders.emplace_back(config_, data_.standardisation(), Augmentation::on, Hiding::on);
  data_.begin(plan_.position(meters_.first_step()), plan_.position(plan_.total_steps()));
  const auto first = plan_.passes_before(meters_.first_step());
  return std::make_unique<Loader>(std::move(builders), plan_.passes_before(plan_.total_steps()) - first, device_.threads().loader,
                                  [this, first](BatchBuilder& builder, std::int64_t ticket, Batch& batch) {
                                    const auto pass = plan_.pass(first + ticket);
                                    builder.build(plan_.samples(pass), batch);
                                    batch.weigh(config_.training.objective, plan_.counts(pass.step));
                                  });
}

void Trainer::accumulate_gradients(Loader& loader) {
  const auto start = Clock::now();
  const double data_before = loader.waited_s(), sums_before = reducer_.waited_s();
  const auto count = plan_.micro_batches(state_.step);
  step_.begin();
  for (std::int64_t micro = 0; micro < count; ++micro) {
    const auto asked = Clock::now();
    const Batch* batch = loader.next();
    trace_.add(Trace::Lane::step, "waiting for data", asked, Clock::now());
    step_.add(*batch, micro + 1 == count);
  }
  if (count == 0) step_.add_nothing();
  if (trace_.on())
    for (const auto& sum : channel_->transfers()) trace_.add(Trace::Lane::communication, fmt::format("{} floats", sum.floats), sum.started, sum.done);
  const double data = loader.waited_s() - data_before, sums = reducer_.waited_s() - sums_before;
  times_.add(Phase::data_wait, data);
  times_.add(Phase::communication_wait, sums);
  times_.add(Phase::compute, seconds_since(start) - data - sums);
}

std::string Trainer::votes_to_stop() {
  // One small sum a step, so that every rank stops behind the same one.
  auto votes = stop_.vote();
  const auto begun = Clock::now();
  const auto waiting = times_.measure(Phase::ranks_wait);
  comm_.sum(votes, "sum of wishes to stop");
  trace_.add(Trace::Lane::step, "waiting for other ranks", begun, Clock::now());
  return stop_.reason(votes);
}

std::string Trainer::enqueue_step(Loader& loader) {
  accumulate_gradients(loader);
  auto stop = votes_to_stop();
  const double rate = plan_.learning_rate(state_.step);
  {
    const auto updating = times_.measure(Phase::update);
    const auto begun = Clock::now();
    step_.end(rate);
    trace_.add(Trace::Lane::step, "update", begun, Clock::now());
  }
  trace_.end_step();
  enqueued_.push_back({++state_.step, rate});
  if (options_.stop_after > 0 && state_.step >= options_.stop_after) stop = fmt::format("--stop-after {}", options_.stop_after);
  if (state_.step == plan_.total_steps()) stop.clear();
  return stop;
}

Trainer::StepNumbers Trainer::take_numbers() {
  const auto computing = times_.measure(Phase::compute);
  const auto verdict = step_.take_verdict();
  const auto enqueued = enqueued_.front();
  enqueued_.pop_front();
  loss_ = verdict.loss;
  skipped_steps_ = verdict.skipped;
  StepNumbers numbers{enqueued, verdict.loss, verdict.gradient_norm, state_.guard().reason(enqueued.step - 1, verdict)};
  if (!numbers.skipped.empty() && comm_.root()) log::warn("step {} is skipped: {}", enqueued.step - 1, numbers.skipped);
  return numbers;
}

ModelDescription Trainer::description(const Calibration& calibration) const {
  return {config_, data_.standardisation(), calibration, data_.facts().content_hash, options_.program_version, state_.step, plan_.position(state_.step)};
}

void Trainer::validate_now(nlohmann::json& line) {
  if (data_.validation().rows.empty()) return;
  const auto validating = times_.measure(Phase::validation);
  state_.swap_average();
  InferenceOptions inference;
  inference.loader = device_.threads().loader;
  inference.showing.artefacts = options_.validation_artefacts;
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
  if (!comm_.root() && !reducer_.sharded()) return;
  auto snapshot = state_.snapshot(description({}), kind);
  if (comm_.root()) writer_.write(folder_.checkpoints() / io::checkpoint_file_name(state_.step), std::move(snapshot), [this] { folder_.prune_checkpoints(); });
}

void Trainer::finish_checkpoints() {
  const auto saving = times_.measure(Phase::checkpoint);
  writer_.finish();
  comm_.barrier("last checkpoint");
}

void Trainer::log_step(const StepNumbers& numbers, nlohmann::json line, bool flush) {
  const auto step = numbers.enqueued.step;
  line["step"] = step;
  line["consumed_samples"] = plan_.position(step);
  line["epoch"] = plan_.epoch(step);
  line["loss"] = numbers.loss;
  line["learning_rate"] = numbers.enqueued.learning_rate;
  line["gradient_norm"] = numbers.gradient_norm;
  if (!numbers.skipped.empty()) line["skipped"] = numbers.skipped;
  line.update(meters_.rates(step));
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
  line.update(meters_.memory());
  folder_.append_metrics(line, flush || line.contains("validation"));
}

void Trainer::write_summary() {
  const auto spreads = times_.over_ranks(comm_);
  std::vector<std::string> tasks;
  for (const auto task : config_.model.tasks) tasks.emplace_back(model::task_name(task));
  const auto done = state_.step - meters_.first_step();
  const double seconds = meters_.seconds();
  const auto& facts = data_.facts();
  nlohmann::json summary = {{"mode", model::mode_name(config_.model.mode)}, {"tasks", tasks}, {"parameters", state_.flat().size()}, {"steps", state_.step}, {"skipped_steps", skipped_steps_},
                         {"consumed_samples", plan_.position(state_.step)}, {"seconds", seconds}, {"core_seconds", meters_.core_seconds()},
                         {"ranks", comm_.size()}, {"micro_batch", execution_.batch.samples}, {"recompute", execution_.batch.recompute},
                         {"threads_per_rank", device_.threads().compute}, {"loader_threads_per_rank", device_.threads().loader.threads}, {"device", device_.name()},
                         {"best", {{"step", state_.best.step}, {"score", state_.best.score}, {"validation", state_.best.validation}}},
                         {"dataset", {{"path", facts.path.string()}, {"content_hash", facts.content_hash}, {"rows", facts.rows},
                                      {"train", facts.split[0]}, {"validation", facts.split[1]}, {"test", facts.split[2]}, {"source", facts.source},
                                      {"licence", facts.licence}, {"split_rule", facts.split_rule}}},
                         {"training_rows", data_.samples()},
                         {"seed", config_.training.seed}, {"phases_s", phases_json(spreads)},
                         {"program_version", options_.program_version}, {"finished", state_.step == plan_.total_steps()}};
  summary.update(meters_.rates(state_.step));
  summary.update(meters_.memory());
  if (meters_.peak_operations() > 0) summary["peak_tflop_per_s"] = 1e-12 * meters_.peak_operations();
  folder_.write_summary(summary);
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
  Progress progress("training", "steps", plan_.total_steps(), comm_.root() && options_.show_progress, state_.step);
  std::string latest;
  std::string stop;
  while (state_.step < plan_.total_steps() && stop.empty()) {
    data_.used_before(plan_.position(state_.step));
    stop = enqueue_step(*loader);
    comm_.set_deadline(options_.watchdog);
    const bool last = state_.step == plan_.total_steps(), validate = plan_.validates_after(state_.step);
    const bool save = !stop.empty() || plan_.saves_after(state_.step);
    // Where the host goes ahead of the device, it looks back by a step; before it looks at the weights, it takes all numbers.
    while (step_.pending() > (validate || save ? 1 : device_.steps_ahead())) log_step(take_numbers(), nlohmann::json::object(), false);
    if (validate || save) {
      const auto numbers = take_numbers();
      nlohmann::json line = nlohmann::json::object();
      if (validate) validate_now(line);
      if (validate) latest = validation_note(line);
      log_step(numbers, line, save);
    }
    // Behind the last step nothing changes the state any more, and the copy is spared.
    if (save) save_checkpoint(last || !stop.empty() ? Snapshot::share : Snapshot::copy);
    else writer_.check();
    progress.update(state_.step, fmt::format("loss {:.4f}{}", loss_, latest));
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
