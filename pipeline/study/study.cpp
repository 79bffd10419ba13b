#include "pipeline/study/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

#include "io/collective_step.hpp"
#include "pipeline/evaluation.hpp"
#include "pipeline/model_file.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/study/run_queue.hpp"
#include "pipeline/trainer.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::study {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path folder_of(const fs::path& output, const Run& run) { return output / "runs" / run.name; }

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

json read_json(const fs::path& file) try {
  return json::parse(text_of(file));
} catch (const json::exception& error) {
  throw InputError("{}: {}; remove it to do the run again", file.string(), error.what());
}

/// What a run's result hangs on: a folder of its name that was made of anything else is not of this run.
std::string identity_of(const Run& run, const io::Dataset& dataset, const StudyOptions& options) {
  json identity = {{"config", pipeline::to_ini(run.config)}, {"dataset_hash", dataset.content_hash()}, {"evaluated_on", static_cast<int>(options.subset)}};
  if (options.test_artefacts > 0) identity["test_artefacts"] = options.test_artefacts;
  if (!run.initial.empty()) identity["initial"] = io::read_checkpoint(pipeline::model_file_of(run.initial)).digest();
  return identity.dump(1) + "\n";
}

void refuse_another_run(const fs::path& folder, const std::string& identity) {
  const auto file = folder / "run.json";
  if (!fs::exists(file) || text_of(file) == identity) return;
  const auto before = read_json(file), now = json::parse(identity);
  std::string differ;
  std::set<std::string> keys;
  for (const auto* identities : {&before, &now})
    for (const auto& [key, value] : identities->items()) keys.insert(key);
  for (const auto& key : keys)
    if (before.value(key, json()) != now.value(key, json())) differ += (differ.empty() ? "" : ", ") + key;
  throw ConfigError("{}: was made with another configuration ({}); choose another --output, or remove this folder to do the run again", folder.string(), differ);
}

class Group {
 public:
  Group(const io::Dataset& dataset, const StudyOptions& options, const pipeline::Device& device, comm::Communicator comm)
      : dataset_(dataset), options_(options), device_(device), comm_(std::move(comm)) {}

  StudyOutcome do_run(const Run& run) {
    const auto folder = folder_of(options_.output, run);
    json result;
    try {
      const log::Hush hush;
      if (train(run, folder) == pipeline::TrainingOutcome::stopped) return StudyOutcome::stopped;
      result["metrics"] = evaluate(folder);
    } catch (const NumericError& error) {  // thrown alike on all ranks of the group
      result["failure"] = error.what();
    }
    if (!comm_.root()) return StudyOutcome::finished;
    if (fs::exists(folder / "summary.json")) result["summary"] = read_json(folder / "summary.json");
    pipeline::write_file_atomically(folder / "result.json", result.dump(2) + "\n");
    fs::remove_all(folder / "checkpoints");
    return StudyOutcome::finished;
  }

  const comm::Communicator& comm() const { return comm_; }

 private:
  pipeline::TrainingOutcome train(const Run& run, const fs::path& folder) {
    pipeline::ResidentTrainingData data(dataset_, run.config, comm_, device_.threads().loader.threads);
    pipeline::TrainingOptions training;
    training.output = folder;
    training.initial = run.initial;
    training.resume = true;
    training.end = options_.end;
    training.margin = options_.margin;
    training.watchdog = options_.watchdog;
    training.execution = options_.execution;
    training.validation_artefacts = options_.test_artefacts;
    training.program_version = options_.program_version;
    training.show_progress = false;
    return pipeline::train(data, run.config, training, device_, comm_);
  }

  json evaluate(const fs::path& folder) {
    std::vector<pipeline::LoadedModel> models;
    models.push_back(pipeline::load_model(folder, device_.torch()));
    pipeline::EvaluationOptions evaluation;
    evaluation.subset = options_.subset;
    evaluation.output = folder;
    evaluation.inference.loader = device_.threads().loader;
    evaluation.inference.showing.artefacts = options_.test_artefacts;
    evaluation.program_version = options_.program_version;
    return pipeline::evaluate(models, dataset_, evaluation, device_.torch(), comm_);
  }

  const io::Dataset& dataset_;
  const StudyOptions& options_;
  const pipeline::Device& device_;
  comm::Communicator comm_;
};

/// One line on a finished run: its errors.
std::string errors_of(const RunResult& result) {
  if (!result.failure.empty()) return result.failure;
  std::string text;
  for (const auto& [name, value] : result.metrics.items()) {
    if (!value.is_object()) continue;
    for (const char* kind : {"mae", "accuracy"})
      if (value.contains(kind) && value[kind].is_number()) text += fmt::format("{}{} {} {:.4f}", text.empty() ? "" : ", ", name, kind, value[kind].get<double>());
  }
  return text;
}

}  // namespace

int groups_of(int ranks, int ranks_per_run) {
  if (ranks_per_run < 1 || ranks_per_run > ranks) throw ConfigError("--ranks-per-run {}: must be 1 to {}, the ranks of this job", ranks_per_run, ranks);
  return ranks / ranks_per_run;
}

std::optional<RunResult> read_result(const fs::path& output, const Run& run) {
  const auto file = folder_of(output, run) / "result.json";
  if (!fs::exists(file)) return std::nullopt;
  const auto text = read_json(file);
  RunResult result{text.value("failure", ""), text.value("metrics", json::object()), text.value("summary", json::object())};
  if (result.failure.empty() && result.metrics.empty()) throw InputError("{}: has neither metrics nor failure; remove it to do the run again", file.string());
  return result;
}

std::vector<std::pair<double, double>> validation_course(const fs::path& output, const Run& run, const std::string& metric) {
  const auto file = folder_of(output, run) / "metrics.jsonl";
  std::ifstream stream(file);
  if (!stream) throw InputError("{}: cannot be read", file.string());
  std::vector<std::pair<double, double>> course;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const auto point = json::parse(line, nullptr, false);
    if (point.is_discarded()) throw InputError("{}:{}: is not JSON", file.string(), number);
    const auto validation = point.find("validation");
    if (validation == point.end()) continue;
    const auto value = validation->find(metric);
    if (value != validation->end() && value->is_number()) course.emplace_back(point.at("consumed_samples").get<double>(), value->get<double>());
  }
  return course;
}

StudyOutcome do_runs(const std::vector<Run>& runs, const io::Dataset& dataset, const StudyOptions& options, const pipeline::Device& device, const comm::Communicator& world) {
  const int groups = groups_of(world.size(), options.ranks_per_run);
  const int own = std::min(world.rank() / options.ranks_per_run, groups - 1);
  const auto queue_folder = options.output / "runs" / ".queue";
  std::string done_text(runs.size(), '-');
  io::collectively(world.handle(), [&] {
    for (std::size_t i = 0; world.root() && i < runs.size(); ++i) {
      const auto folder = folder_of(options.output, runs[i]);
      const auto identity = identity_of(runs[i], dataset, options);
      refuse_another_run(folder, identity);
      fs::create_directories(folder);
      pipeline::write_file_atomically(folder / "run.json", identity);
      if (read_result(options.output, runs[i])) done_text[i] = 'x';
    }
    if (world.root()) RunQueue::make(queue_folder);
  });
  done_text = world.broadcast(done_text, 0, "agreeing on what is left to do");
  std::vector<std::size_t> left;
  std::vector<double> costs;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (done_text[i] == '-') {
      left.push_back(i);
      costs.push_back(runs[i].operations);
    }
  log::info("{} runs, {} of them done before; {} group{} of {} rank{}", runs.size(), runs.size() - left.size(), groups, groups > 1 ? "s" : "", options.ranks_per_run, options.ranks_per_run > 1 ? "s" : "");
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(world.handle(), own, world.rank(), &part);
  Group group(dataset, options, device, comm::Communicator(part, world.deadline()));
  MPI_Comm_free(&part);

  std::array<double, 1> stopped = {0};
  const auto order = longest_first(costs);
  RunQueue queue(queue_folder, order.size());
  while (const auto place = queue.take(group.comm())) {
    const auto& run = runs[left[order[*place]]];
    if (group.do_run(run) == StudyOutcome::stopped) {
      stopped[0] = 1;
      if (group.comm().root()) queue.close();  // others end with the run that they are at
      break;
    }
    if (group.comm().root()) log::announce("{} (run {} of {}): {}", run.name, *place + 1, order.size(), errors_of(read_result(options.output, run).value()));
  }
  world.wait_for_all("waiting for the other groups");
  if (world.root()) RunQueue::remove(queue_folder);
  world.sum(stopped, "agreeing on having stopped");
  return stopped[0] > 0 ? StudyOutcome::stopped : StudyOutcome::finished;
}

}  // namespace xxact::study
