#include "pipeline/study/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <ranges>
#include <set>

#include "src/base/error.hpp"

namespace xxact::study {
namespace {

using nlohmann::json;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// JSON has no numbers that are not finite.
json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json to_json(const Mean& mean) { return {{"mean", number(mean.value)}, {"low", number(mean.low)}, {"high", number(mean.high)}}; }

/// What the runs of one arm and length gave, by seed.
struct Series {
  std::size_t arm = 0, length = 0;
  std::vector<Measurement> runs;                                    // by seed
  std::vector<std::vector<std::pair<double, double>>> validations;  // (samples, error), by seed
};

std::vector<Series> series_of(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs, model::Task task) {
  std::vector<Series> all;
  for (const auto& measurement : read_measurements(output, runs, task)) {
    const auto& run = *measurement.run;
    if (all.empty() || all.back().arm != run.arm || all.back().length != run.length) all.push_back({run.arm, run.length, {}, {}});
    auto course = validation_course(output, run.run, metric_of(task));
    if (!model::is_regression(task))
      for (auto& [samples, value] : course) value = 1 - value;
    all.back().runs.push_back(measurement);
    all.back().validations.push_back(std::move(course));
  }
  for (const auto& series : all)
    if (static_cast<int>(series.runs.size()) != design.seeds) throw InputError("{}: arm {} has {} of {} runs", output.string(), design.arms[series.arm].name, series.runs.size(), design.seeds);
  std::set<std::size_t> arms;
  for (const auto& run : runs)
    if (std::ranges::count(run.run.config.model.tasks, task) > 0) arms.insert(run.arm);
  if (all.size() != arms.size() * design.lengths.size()) throw InputError("{}: runs are missing or failed; see runs.csv", output.string());
  return all;
}

/// The least error that every seed comes to.
double error_of_all_seeds(const Series& series) {
  double error = -std::numeric_limits<double>::infinity();
  for (std::size_t seed = 0; seed < series.runs.size(); ++seed) {
    if (series.validations[seed].empty()) throw InputError("run {} has no validation: say an error to come to with --threshold", series.runs[seed].run->run.name);
    error = std::max(error, std::ranges::min(series.validations[seed] | std::views::values));
  }
  return error;
}

json reach(const Series& series, const Series& reference, double threshold, double level) {
  json samples = json::array(), steps = json::array();
  std::vector<double> log_ratios;
  for (std::size_t seed = 0; seed < series.runs.size(); ++seed) {
    const auto own = samples_to(series.validations[seed], threshold), other = samples_to(reference.validations[seed], threshold);
    const auto& run = series.runs[seed];
    samples.push_back(own ? json(*own) : json(nullptr));
    steps.push_back(own ? json(*own * run.steps / run.samples) : json(nullptr));
    if (own && other) log_ratios.push_back(std::log(*other / *own));
  }
  auto ratio = mean_with_interval(log_ratios, level);
  for (double* value : {&ratio.value, &ratio.low, &ratio.high}) *value = std::exp(*value);
  return {{"threshold", threshold}, {"samples", samples}, {"steps", steps}, {"speed_up", to_json(ratio)}, {"compared", log_ratios.size()}};
}

std::vector<double> errors_of(const Series& series) {
  std::vector<double> errors;
  for (const auto& run : series.runs) errors.push_back(run.error);
  return errors;
}

std::string interval_text(const json& mean, const char* format) {
  const auto text = [&](const char* key) { return mean[key].is_null() ? std::string("?") : fmt::format(fmt::runtime(format), mean[key].get<double>()); };
  return fmt::format("{} ({} to {})", text("mean"), text("low"), text("high"));
}

}  // namespace

std::optional<double> samples_to(std::span<const std::pair<double, double>> course, double threshold) {
  for (std::size_t i = 0; i < course.size(); ++i) {
    const auto [x, y] = course[i];
    if (!(y <= threshold)) continue;
    if (i == 0 || !std::isfinite(course[i - 1].second)) return x;
    const auto [before_x, before_y] = course[i - 1];
    return before_x + (x - before_x) * (before_y - threshold) / (before_y - y);
  }
  return std::nullopt;
}

Mean mean_with_interval(std::span<const double> values, double level) {
  if (values.empty()) return {kUnknown, kUnknown, kUnknown};
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  if (values.size() == 1) return {mean, kUnknown, kUnknown};
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = boost::math::quantile(boost::math::students_t(n - 1), 0.5 + level / 2) * std::sqrt(squares / (n - 1) / n);
  return {mean, mean - half, mean + half};
}

json sum_up_experiment(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs, const ExperimentOptions& options) {
  json experiment = {{"level", options.level}, {"seeds", design.seeds}, {"tasks", json::array()}};
  // Arms may have tasks of their own.
  std::set<model::Task> tasks;
  for (const auto& run : runs) tasks.insert(run.run.config.model.tasks.begin(), run.run.config.model.tasks.end());
  for (const auto task : tasks) {
    const auto all = series_of(output, design, runs, task);
    const auto of_reference = std::ranges::find_if(all, [&](const Series& s) { return s.arm == all.front().arm && (design.lengths[s.length] == 1 || s.length + 1 == design.lengths.size()); });
    const auto& reference = *of_reference;
    std::vector<double> thresholds;
    if (options.kind == ExperimentKind::pretraining) thresholds = options.thresholds.empty() ? std::vector<double>{error_of_all_seeds(reference)} : options.thresholds;
    json arms = json::array();
    for (const auto& series : all) {
      const auto errors = errors_of(series), reference_errors = errors_of(reference);
      std::vector<double> differences;
      for (std::size_t i = 0; i < errors.size(); ++i) differences.push_back(errors[i] - reference_errors[i]);
      json reached = json::array(), courses = json::array();
      for (const double threshold : thresholds) reached.push_back(reach(series, reference, threshold, options.level));
      for (const auto& course : series.validations) courses.push_back(course);
      const auto& run = series.runs.front();
      arms.push_back({{"arm", design.arms[series.arm].name}, {"length", design.lengths[series.length]}, {"samples", run.samples}, {"steps", run.steps}, {"training_rows", run.training_rows}, {"test_errors", errors},
                      {"test_error", to_json(mean_with_interval(errors, options.level))}, {"difference", to_json(mean_with_interval(differences, options.level))}, {"reached", reached}, {"courses", courses}});
    }
    experiment["tasks"].push_back({{"task", model::task_name(task)}, {"error", error_name(task)}, {"reference", design.arms[reference.arm].name}, {"thresholds", thresholds}, {"arms", arms}});
  }
  return experiment;
}

std::string experiment_table(const json& experiment) {
  std::string text;
  const double percent = 100 * experiment["level"].get<double>();
  for (const auto& task : experiment["tasks"]) {
    text += fmt::format("{}, {} seeds, {:g} % intervals\n", task["error"].get<std::string>(), experiment["seeds"].get<int>(), percent);
    text += fmt::format("  {:<16} {:>7} {:>9}  {:<30} {:<30}", "arm", "length", "steps", "test error", "less than " + task["reference"].get<std::string>() + "'s");
    for (const auto& threshold : task["thresholds"]) text += fmt::format(" {:<34}", fmt::format("sooner at validation {:.4g}", threshold.get<double>()));
    text += "\n";
    for (const auto& arm : task["arms"]) {
      auto less = arm["difference"];
      for (auto& value : less)
        if (value.is_number()) value = 0.0 - value.get<double>();  // no difference is 0, not -0
      std::swap(less["low"], less["high"]);
      text += fmt::format("  {:<16} {:>7.4g} {:>9}  {:<30} {:<30}", arm["arm"].get<std::string>(), arm["length"].get<double>(), arm["steps"].get<double>(), interval_text(arm["test_error"], "{:.4f}"), interval_text(less, "{:.4f}"));
      for (const auto& reached : arm["reached"]) {
        const auto count = std::ranges::count_if(reached["samples"], [](const json& samples) { return !samples.is_null(); });
        text += fmt::format(" {:<34}", count == 0 ? "not reached" : fmt::format("{}, {} of {} seeds", interval_text(reached["speed_up"], "{:.2f}"), count, reached["samples"].size()));
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace xxact::study
