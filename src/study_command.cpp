#include "src/study_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <numeric>

#include "io/dataset_shared.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/stop_conditions.hpp"
#include "pipeline/study/run_queue.hpp"
#include "pipeline/training_budget.hpp"
#include "src/base/log.hpp"
#include "src/data_option.hpp"
#include "src/model_option.hpp"
#include "src/runtime.hpp"
#include "src/training_options.hpp"
#include "src/version.hpp"

namespace xxact {
namespace {

using options::bool_switch;
using options::value;

pipeline::RunConfig as_it_is(pipeline::RunConfig config) { return config; }

std::int64_t training_rows(const io::Dataset& dataset) {
  return std::ranges::count(dataset.split(), static_cast<std::uint8_t>(pipeline::Subset::train));
}

double mean_elements(const io::Dataset& dataset) {
  double sum = 0;
  for (std::int64_t row = 0; row < dataset.size(); ++row) sum += static_cast<double>(dataset.composition(row).fraction.size());
  return sum / static_cast<double>(std::max<std::int64_t>(1, dataset.size()));
}

std::string duration_text(double s) { return s < 120 ? fmt::format("{:.3g} s", s) : s < 7200 ? fmt::format("{:.3g} min", s / 60) : fmt::format("{:.3g} h", s / 3600); }

std::string describe_budget(const Study& study) {
  const auto& [compute, design, options, dataset, runs] = study;
  const int groups = study::groups_of(compute.comm.size(), options.ranks_per_run);
  std::string text = fmt::format("{} runs: {} arms, {} sizes, {} lengths, {} seeds; {} groups of {} ranks\n", runs.size(), design.arms.size(), design.fractions.size(), design.lengths.size(), design.seeds, groups, options.ranks_per_run);
  text += fmt::format("  {:<20} {:>9} {:>7} {:>9} {:>12} {:>12}\n", "arm", "rows", "length", "steps", "samples", "a run takes");
  std::vector<double> costs;
  double measured = 0;
  for (const auto& [run, arm, fraction, length, seed] : runs) {
    if (fraction == 0 && length == 0 && seed == 0) {
      const log::Hush hush;
      pipeline::ResidentTrainingData data(dataset, run.config, compute.comm, compute.device.threads().loader.threads);
      measured = pipeline::measure_seconds_a_sample(data, run.config, compute.device, options.execution);
    }
    const double rows = std::max(1.0, std::round(static_cast<double>(training_rows(dataset)) * design.fractions[fraction]));
    const double samples = rows * run.config.training.epochs;
    costs.push_back(measured * samples / options.ranks_per_run);
    if (seed == 0)
      text += fmt::format("  {:<20} {:>9} {:>7.4g} {:>9.0f} {:>12.0f} {:>12}\n", design.arms[arm].name, rows, design.lengths[length], std::ceil(samples / static_cast<double>(run.config.training.global_batch)), samples,
                          duration_text(costs.back()));
  }
  return text + fmt::format("about {} in all, without validation and loading; {} of ranks' time\n", duration_text(study::time_of_all(costs, groups)), duration_text(std::accumulate(costs.begin(), costs.end(), 0.0) * options.ranks_per_run));
}

}  // namespace

void describe_study(options::options_description& description, std::vector<std::string> except) {
  description.add_options()
      ("data", value<std::string>()->required(), "dataset file, or anything that ingest reads")
      ("output", value<std::string>()->required(), "folder of the study: runs/, runs.csv, results and plots; what is done there is not done again")
      ("preset", value<std::string>()->default_value("small"), "model of all arms: small, paper or crabnet; the options below and an arm's settings change it")
      ("like", value<std::string>(), "run folder or model file whose shape and patterns all arms have, as arms that start from models need them")
      ("arm", value<std::vector<std::string>>(), "one of the things to compare: a name, then settings key=value with blanks between; init=RUN starts from a model, {seed} in it stands for the run's seed; may be repeated, the first one is what others are compared with")
      ("seeds", value<int>()->default_value(3), "runs of each arm and size: of seed, seed + 1, ..., for weights, order and subsets alike")
      ("ranks-per-run", value<int>()->default_value(1), "ranks that do a run together; groups of so many do runs at the same time")
      ("split", value<std::string>()->default_value("test"), "rows that finished runs are evaluated on: train, validation, test or all");
  describe_test_artefacts_option(description);
  description.add_options()
      ("level", value<std::string>()->default_value("0.95"), "of confidence intervals")
      ("stop-before-end", value<std::int64_t>()->default_value(60), "seconds to leave before the end of the batch job; as in train")
      ("allow-mixed-labels", bool_switch(), "train even when a label column mixes values of different definitions")
      ("dry-run", bool_switch(), "print the runs and what they will take, measured on a micro-batch of each arm; train nothing");
  describe_memory_option(description);
  describe_compute_options(description, 100);
  except.insert(except.end(), {"subset-seed", "window-rows", "window-block"});
  describe_config_fields(description, pipeline::preset_run("small"), except);
}

std::vector<double> numbers_of(const options::variables_map& values, const char* option) {
  const auto& text = values[option].as<std::string>();
  std::vector<double> numbers;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    double number = 0;
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), number);
    if (error != std::errc() || (end != text.data() + text.size() && *end != ',')) throw ConfigError("--{} '{}': must be numbers with commas between", option, text);
    numbers.push_back(number);
    at = end + 1;
  }
  return numbers;
}

double level_of(const options::variables_map& values) {
  const auto level = numbers_of(values, "level");
  if (level.size() != 1 || !(level[0] > 0.5 && level[0] < 1)) throw ConfigError("--level {}: must be one number between 0.5 and 1", values["level"].as<std::string>());
  return level[0];
}

study::Design design_of(const options::variables_map& values, const std::vector<std::string>& arms) {
  study::Design design;
  design.base = effective_config(values, "like", as_it_is);
  design.base.training.subset_seed = design.base.training.seed;
  for (const auto& arm : values.count("arm") != 0 ? values["arm"].as<std::vector<std::string>>() : arms) design.arms.push_back(study::parse_arm(arm));
  design.seeds = values["seeds"].as<int>();
  return design;
}

Study open_study(const options::variables_map& values, Runtime& runtime, study::Design design) {
  Compute compute(values, runtime);
  study::StudyOptions options;
  options.output = values["output"].as<std::string>();
  options.ranks_per_run = values["ranks-per-run"].as<int>();
  options.subset = pipeline::parse_subset(values["split"].as<std::string>());
  options.test_artefacts = test_artefacts_option(values);
  options.end = pipeline::end_of_allocation();
  options.margin = std::chrono::seconds(values["stop-before-end"].as<std::int64_t>());
  options.watchdog = watchdog_option(values, "watchdog");
  options.program_version = kVersion;
  study::groups_of(runtime.ranks(), options.ranks_per_run);
  const auto plan = io::plan_dataset(runtime.world(), find_data(values["data"].as<std::string>(), options.output, runtime));
  const auto memory = node_memory(values, runtime);
  options.execution.node_memory = static_cast<double>(memory);
  refuse_too_large(plan, design.base, memory);
  auto dataset = io::read_dataset_shared(runtime.world(), plan.path);
  auto runs = study::plan_runs(design, training_rows(dataset), mean_elements(dataset));
  if (options.test_artefacts > 0)
    for (const auto& run : runs) pipeline::validate_artefacts(run.run.config);
  if (!values["allow-mixed-labels"].as<bool>())
    for (const auto& run : runs) refuse_mixed_labels(plan, run.run.config);
  return {std::move(compute), std::move(design), std::move(options), std::move(dataset), std::move(runs)};
}

std::optional<ExitCode> do_study(const Study& study, bool dry_run) {
  if (dry_run) {
    const auto text = describe_budget(study);
    if (study.compute.comm.root()) std::cout << text;
    return ExitCode::done;
  }
  std::vector<study::Run> runs;
  for (const auto& run : study.runs) runs.push_back(run.run);
  const auto outcome = study::do_runs(runs, study.dataset, study.options, study.compute.device, study.compute.comm);
  if (study.compute.comm.root()) {
    pipeline::write_file_atomically(study.options.output / "runs.csv", study::runs_csv(study.options.output, study.design, study.runs));
    for (const auto& run : runs)
      if (const auto result = study::read_result(study.options.output, run); result && !result->failure.empty()) log::warn("run {} failed and is left out: {}", run.name, result->failure);
  }
  if (outcome == study::StudyOutcome::finished) return std::nullopt;
  log::info("stopped; the same command goes on");
  return ExitCode::stopped;
}

void sum_up(const Study& study, const std::function<void()>& work) {
  if (study.compute.comm.root()) work();
  study.compute.comm.wait_for_all("waiting for the summary");
}

}  // namespace xxact
