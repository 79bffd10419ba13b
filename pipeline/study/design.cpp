#include "pipeline/study/design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "model/operations.hpp"
#include "pipeline/prediction.hpp"
#include "src/base/error.hpp"

namespace xxact::study {
namespace {

using nlohmann::json;

bool fit_for_a_folder(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '+'; });
}

void require_rising(const std::vector<double>& values, const char* what, double most) {
  if (values.empty()) throw ConfigError("{}: names nothing", what);
  double before = 0;
  for (const double value : values) {
    if (!(value > before && value <= most)) throw ConfigError("{}: must rise, above 0 and up to {}", what, most);
    before = value;
  }
}

std::filesystem::path with_seed(std::string path, std::int64_t seed) {
  constexpr std::string_view kPlace = "{seed}";
  for (auto at = path.find(kPlace); at != std::string::npos; at = path.find(kPlace, at)) path.replace(at, kPlace.size(), std::to_string(seed));
  return path;
}

double number_in(const json& object, const char* key) { return object.contains(key) && object[key].is_number() ? object[key].get<double>() : std::numeric_limits<double>::quiet_NaN(); }

double error_of(const json& metrics, model::Task task) {
  const auto name = std::string(model::task_name(task));
  if (!metrics.contains(name)) return std::numeric_limits<double>::quiet_NaN();
  return model::is_regression(task) ? number_in(metrics[name], "mae") : 1 - number_in(metrics[name], "accuracy");
}

}  // namespace

Arm parse_arm(std::string_view text) {
  std::istringstream words{std::string(text)};
  Arm arm;
  words >> arm.name;
  if (!fit_for_a_folder(arm.name)) throw ConfigError("--arm '{}': begins with a name of letters, digits, -, _, ., +", text);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) throw ConfigError("--arm '{}': '{}' is no setting; they are written key=value, with blanks between", text, word);
    const auto key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "init") arm.initial = value;
    else arm.settings.emplace_back(key, value);
  }
  return arm;
}

std::vector<double> geometric_fractions(int count, double factor) {
  if (count < 2 || count > 64) throw ConfigError("--sizes {}: must be 2 to 64", count);
  if (!(factor > 1)) throw ConfigError("--factor {}: must be above 1", factor);
  std::vector<double> fractions;
  for (int i = 0; i < count; ++i) fractions.push_back(std::pow(factor, static_cast<double>(i + 1 - count) / (count - 1)));
  return fractions;
}

std::vector<DesignedRun> plan_runs(const Design& design, std::int64_t rows, double elements) {
  require_rising(design.fractions, "--fractions", 1);
  require_rising(design.lengths, "--lengths", 1e3);
  if (design.arms.empty()) throw ConfigError("--arm: there is nothing to compare");
  if (design.seeds < 1 || design.seeds > 1000) throw ConfigError("--seeds {}: must be 1 to 1000", design.seeds);
  std::set<std::string> names;
  std::vector<DesignedRun> runs;
  for (std::size_t arm = 0; arm < design.arms.size(); ++arm) {
    const auto& [name, settings, initial] = design.arms[arm];
    if (!names.insert(name).second) throw ConfigError("--arm {}: is there twice", name);
    auto config = design.base;
    for (const auto& [key, value] : settings) {
      for (const char* own : {"seed", "subset-seed", "train-fraction"})
        if (key == own) throw ConfigError("--arm {}: {} is part of the design", name, key);
      pipeline::set_field(config, key, value);
    }
    for (std::size_t fraction = 0; fraction < design.fractions.size(); ++fraction)
      for (std::size_t length = 0; length < design.lengths.size(); ++length)
        for (int seed = 0; seed < design.seeds; ++seed) {
          const double share = design.fractions[fraction];
          DesignedRun planned{{}, arm, fraction, length, seed};
          auto& run = planned.run;
          run.config = config;
          auto& training = run.config.training;
          training.train_fraction = share;
          training.seed += seed;
          training.subset_seed += seed;
          const double passes = design.lengths[length] * std::pow(share, design.work_exponent - 1);  // beside the base's
          training.epochs *= passes;
          training.validate_epochs *= passes;
          training.checkpoint_epochs *= passes;
          run.name = fmt::format("{}-rows{:.4g}-length{:.4g}-seed{}", name, share, design.lengths[length], training.seed);
          run.config = pipeline::parse_run_config(pipeline::to_ini(run.config), fmt::format("--arm {}", name));
          run.initial = with_seed(initial, training.seed);
          run.operations = model::training_operations(run.config.model, elements) * static_cast<double>(rows) * share * training.epochs;
          runs.push_back(std::move(planned));
        }
  }
  return runs;
}

std::string metric_of(model::Task task) { return fmt::format("{}.{}", model::task_name(task), model::is_regression(task) ? "mae" : "accuracy"); }

std::string error_name(model::Task task) {
  return model::is_regression(task) ? fmt::format("mean absolute error ({})", pipeline::task_units(task)) : std::string(task == model::Task::crystal_system ? "share of wrong crystal systems" : "share of wrong space groups");
}

std::vector<Measurement> read_measurements(const std::filesystem::path& output, const std::vector<DesignedRun>& runs, model::Task task) {
  std::vector<Measurement> measurements;
  for (const auto& run : runs) {
    if (std::ranges::count(run.run.config.model.tasks, task) == 0) continue;
    const auto result = read_result(output, run.run);
    if (!result || !result->failure.empty()) continue;
    const auto& summary = result->summary;
    Measurement m{&run, number_in(summary, "training_rows"), number_in(summary, "consumed_samples"), number_in(summary, "steps"), number_in(summary.value("best", json::object()), "step"),
                  number_in(summary, "seconds"), number_in(summary, "core_seconds"), error_of(result->metrics, task)};
    if (!std::isfinite(m.error)) throw InputError("{}: run {} has no error of {}", output.string(), run.run.name, model::task_name(task));
    measurements.push_back(m);
  }
  return measurements;
}

std::string runs_csv(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs) {
  std::set<model::Task> tasks;
  for (const auto& run : runs) tasks.insert(run.run.config.model.tasks.begin(), run.run.config.model.tasks.end());
  std::string text = "run,arm,fraction,length,seed,training_rows,samples,steps,best_step,seconds,core_seconds";
  for (const auto task : tasks) text += fmt::format(",{}_error", model::task_name(task));
  text += ",failure\n";
  for (const auto& run : runs) {
    const auto result = read_result(output, run.run);
    if (!result) continue;
    const auto& summary = result->summary;
    text += fmt::format("{},{},{:.6g},{:.6g},{},{},{},{},{},{:.2f},{:.2f}", run.run.name, design.arms[run.arm].name, design.fractions[run.fraction], design.lengths[run.length], run.run.config.training.seed,
                        number_in(summary, "training_rows"), number_in(summary, "consumed_samples"), number_in(summary, "steps"), number_in(summary.value("best", json::object()), "step"),
                        number_in(summary, "seconds"), number_in(summary, "core_seconds"));
    for (const auto task : tasks) text += fmt::format(",{:.6g}", error_of(result->metrics, task));
    auto failure = result->failure;
    std::ranges::replace_if(failure, [](char c) { return c == ',' || c == '\n' || c == '"'; }, ' ');
    text += fmt::format(",{}\n", failure);
  }
  return text;
}

}  // namespace xxact::study
