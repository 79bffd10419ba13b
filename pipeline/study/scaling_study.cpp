#include "pipeline/study/scaling_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "io/hdf5_attribute.hpp"
#include "io/hdf5_transfer.hpp"
#include "pipeline/labels.hpp"
#include "src/base/error.hpp"

namespace xxact::study {
namespace {

using nlohmann::json;
using scaling_law::Interval;
using scaling_law::LawStatistics;
using scaling_law::RunLoss;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// JSON has no numbers that are not finite: those that are infinite are texts.
json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? json(nullptr) : json(value > 0 ? "inf" : "-inf");
}
json to_json(const Interval& interval) { return {{"low", number(interval.low)}, {"high", number(interval.high)}}; }

json to_json(const LawStatistics& law, const scaling_law::Coverage& coverage) {
  json out = {{"exponent", law.fit.law.exponent[0]},
              {"exponent_interval", to_json(law.exponent)},
              {"exponent_bootstrap", to_json(law.exponent_bootstrap)},
              {"scale", law.fit.law.scale[0]},
              {"scale_interval", to_json(law.scale)},
              {"noise", law.noise},
              {"r2", law.r2},
              {"aicc", number(law.aicc)},
              {"extrapolation_error", number(law.extrapolation_error)},
              {"coverage", {{"exponent", coverage.exponent}, {"repetitions", coverage.repetitions}}},
              {"residuals", law.fit.residual}};
  if (law.fit.parameters() == 3) {
    out["floor"] = law.fit.law.floor;
    out["floor_interval"] = to_json(law.floor);
    out["coverage"]["floor"] = coverage.floor;
  }
  return out;
}

/// The formation energy's lines of XxaCT-NN (arXiv 2507.01054), whose D counts millions of rows: so they meet its 45.7 and 131 meV/atom at 4.5 million.
json published_lines(model::Task task, double least, double greatest) {
  json lines = json::array();
  if (task != model::Task::formation_energy_per_atom) return lines;
  const std::array<std::pair<const char*, scaling_law::PowerLaw>, 2> laws = {{{"XxaCT-NN, bimodal (published)", {{0.07}, {0.335}, 0}}, {"XxaCT-NN, composition (published)", {{0.14}, {0.046}, 0}}}};
  for (const auto& [name, law] : laws) {
    json rows = json::array(), errors = json::array();
    for (const double at : {least, greatest}) {
      const double millions = 1e-6 * at;
      rows.push_back(at);
      errors.push_back(law({&millions, 1}));
    }
    lines.push_back({{"name", name}, {"rows", rows}, {"error", errors}});
  }
  return lines;
}

json curve_of(const LawStatistics& law, std::span<const RunLoss> runs, double least, double greatest, double level) {
  constexpr int kPoints = 60;
  json curve = {{"rows", json::array()}, {"error", json::array()}, {"low", json::array()}, {"high", json::array()}};
  for (int i = 0; i < kPoints; ++i) {
    const auto point = scaling_law::band_at(law, runs, least * std::pow(greatest / least, static_cast<double>(i) / (kPoints - 1)), level);
    curve["rows"].push_back(point.size);
    curve["error"].push_back(point.loss);
    curve["low"].push_back(number(point.interval.low));
    curve["high"].push_back(number(point.interval.high));
  }
  return curve;
}

struct ArmLaws {
  std::vector<RunLoss> runs;
  LawStatistics without_floor;
  std::optional<LawStatistics> with_floor;
  bool floor_preferred() const { return with_floor && with_floor->aicc < without_floor.aicc; }
  const LawStatistics& preferred() const { return floor_preferred() ? *with_floor : without_floor; }
};

json describe_arm(const std::string& name, const std::vector<const Measurement*>& measurements, const ArmLaws& laws, const ArmLaws& first, const ScalingOptions& options) {
  const auto& statistics = options.statistics;
  json points = json::array();
  for (const auto* m : measurements) points.push_back({{"rows", m->training_rows}, {"seed", m->run->seed}, {"error", m->error}, {"steps", m->steps}, {"best_step", m->best_step}, {"seconds", m->seconds}, {"core_seconds", m->core_seconds}});
  double least = std::numeric_limits<double>::infinity(), greatest = 0;
  for (const auto& run : laws.runs) least = std::min(least, run.size), greatest = std::max(greatest, run.size);
  const auto coverage = [&](const LawStatistics& law, bool floor) { return scaling_law::measure_coverage(law.fit.law, law.noise, laws.runs, floor, options.coverage_repetitions, statistics); };
  json out = {{"arm", name}, {"points", points}, {"without_floor", to_json(laws.without_floor, coverage(laws.without_floor, false))}, {"preferred", laws.floor_preferred() ? "with_floor" : "without_floor"},
              {"curve", curve_of(laws.preferred(), laws.runs, least, greatest, statistics.level)}};
  if (laws.with_floor) out["with_floor"] = to_json(*laws.with_floor, coverage(*laws.with_floor, true));
  const auto d = scaling_law::difference(laws.without_floor.fit.law.exponent[0], laws.without_floor.exponent, first.without_floor.fit.law.exponent[0], first.without_floor.exponent);
  out["exponent_difference"] = {{"value", d.value}, {"interval", to_json(d.interval)}};
  json targets = json::array();
  for (const double target : options.targets) {
    const auto size = scaling_law::size_for(laws.preferred(), laws.runs, target, statistics.level);
    targets.push_back({{"error", target}, {"rows", number(size.size)}, {"interval", to_json(size.interval)}});
  }
  out["targets"] = targets;
  return out;
}

double value_of(const json& value) { return value.is_number() ? value.get<double>() : value == "inf" ? std::numeric_limits<double>::infinity() : value == "-inf" ? -std::numeric_limits<double>::infinity() : kUnknown; }

std::string number_text(const json& value, int digits) {
  const double x = value_of(value);
  return std::isnan(x) ? "?" : std::isinf(x) ? ("no bound") : fmt::format("{:.{}g}", x, digits);
}
std::string interval_text(const json& interval, int digits) { return fmt::format("{} to {}", number_text(interval.at("low"), digits), number_text(interval.at("high"), digits)); }

}  // namespace

CompositionFloor composition_floor(const io::Dataset& dataset, model::Task task) {
  const pipeline::Labels labels(dataset, {task}, false);
  std::map<std::string, std::vector<float>> formulas;
  std::vector<std::int64_t> all(static_cast<std::size_t>(dataset.size()));
  for (std::int64_t row = 0; row < dataset.size(); ++row) all[static_cast<std::size_t>(row)] = row;
  const auto truth = pipeline::truth_of(labels, all);
  CompositionFloor result;
  for (std::int64_t row = 0; row < dataset.size(); ++row) {
    if (!labels.known(task, row)) continue;
    ++result.rows;
    formulas[std::string(dataset.formula(row))].push_back(truth.value[static_cast<std::size_t>(task)][static_cast<std::size_t>(row)]);
  }
  double sum = 0;
  for (auto& [formula, values] : formulas) {
    const auto n = values.size();
    if (n < 2) continue;
    ++result.formulas;
    result.grouped_rows += static_cast<std::int64_t>(n);
    std::ranges::sort(values);
    const double median = 0.5 * (static_cast<double>(values[(n - 1) / 2]) + static_cast<double>(values[n / 2]));
    double deviations = 0;
    for (const float value : values) deviations += std::abs(static_cast<double>(value) - median);
    sum += deviations * std::sqrt(static_cast<double>(n) / static_cast<double>(n - 1));
  }
  result.deviation = result.grouped_rows > 0 ? sum / static_cast<double>(result.grouped_rows) : kUnknown;
  return result;
}

json sum_up_scaling(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs, const io::Dataset& dataset, const ScalingOptions& options) {
  json scaling = {{"level", options.statistics.level}, {"seeds", design.seeds}, {"fractions", design.fractions}, {"work_exponent", design.work_exponent}, {"data", dataset.path().string()}, {"dataset_hash", dataset.content_hash()}, {"tasks", json::array()}};
  for (const auto task : runs.front().run.config.model.tasks) {
    const auto measurements = read_measurements(output, runs, task);
    std::vector<std::vector<const Measurement*>> by_arm(design.arms.size());
    for (const auto& m : measurements) by_arm[m.run->arm].push_back(&m);
    std::vector<ArmLaws> laws;
    double least = std::numeric_limits<double>::infinity(), greatest = 0;
    for (std::size_t arm = 0; arm < by_arm.size(); ++arm) try {
        auto& own = laws.emplace_back();
        for (const auto* m : by_arm[arm]) {
          own.runs.push_back({m->training_rows, m->error});
          least = std::min(least, m->training_rows), greatest = std::max(greatest, m->training_rows);
        }
        own.without_floor = scaling_law::law_statistics(own.runs, false, options.statistics);
        if (design.fractions.size() >= 4) own.with_floor = scaling_law::law_statistics(own.runs, true, options.statistics);
      } catch (const ConfigError& error) {
        throw InputError("{}: no law fits the runs of arm {}: {}", output.string(), design.arms[arm].name, error.what());
      }
    json arms = json::array();
    for (std::size_t arm = 0; arm < by_arm.size(); ++arm) arms.push_back(describe_arm(design.arms[arm].name, by_arm[arm], laws[arm], laws.front(), options));
    json of_task = {{"task", model::task_name(task)}, {"error", error_name(task)}, {"arms", arms}, {"published", published_lines(task, least, greatest)}};
    if (model::is_regression(task)) {
      const auto floor = composition_floor(dataset, task);
      of_task["composition_floor"] = {{"deviation", number(floor.deviation)}, {"rows", floor.rows}, {"grouped_rows", floor.grouped_rows}, {"formulas", floor.formulas}};
    }
    scaling["tasks"].push_back(of_task);
  }
  return scaling;
}

std::string scaling_table(const json& scaling) {
  std::string text;
  for (const auto& task : scaling.at("tasks")) {
    text += fmt::format("{}: error = E + B rows^-b, {} seeds, {:g} % intervals; * is the form that AICc prefers\n", task.at("error").get<std::string>(), scaling.at("seeds").get<int>(), 100 * scaling.at("level").get<double>());
    text += fmt::format("  {:<18} {:<3} {:<28} {:<26} {:>8} {:>7} {:>9} {:>10}\n", "arm", "", "b", "E", "noise", "R2", "largest", "covered");
    for (const auto& arm : task.at("arms")) {
      for (const char* form : {"without_floor", "with_floor"}) {
        if (!arm.contains(form)) continue;
        const auto& law = arm[form];
        const auto floor = law.contains("floor") ? fmt::format("{} ({})", number_text(law["floor"], 3), interval_text(law["floor_interval"], 3)) : std::string("-");
        text += fmt::format("  {:<18} {:<3} {:<28} {:<26} {:>6.1f} % {:>7.3f} {:>7.1f} % {:>8.1f} %\n", arm.at("arm").get<std::string>(), arm.at("preferred") == form ? "*" : "",
                            fmt::format("{} ({})", number_text(law.at("exponent"), 3), interval_text(law.at("exponent_interval"), 3)), floor, 100 * law.at("noise").get<double>(), law.at("r2").get<double>(),
                            100 * value_of(law.at("extrapolation_error")), 100 * law.at("coverage").at("exponent").get<double>());
      }
      for (const auto& target : arm.at("targets"))
        text += fmt::format("    an error of {} takes {} rows ({})\n", number_text(target.at("error"), 4), number_text(target.at("rows"), 3), interval_text(target.at("interval"), 3));
    }
    for (const auto& arm : task.at("arms"))
      if (&arm != &task.at("arms").front())
        text += fmt::format("  b of {} less b of {}, without floors: {} ({})\n", arm.at("arm").get<std::string>(), task.at("arms").front().at("arm").get<std::string>(), number_text(arm.at("exponent_difference").at("value"), 3),
                            interval_text(arm.at("exponent_difference").at("interval"), 3));
    if (task.contains("composition_floor") && task["composition_floor"].at("deviation").is_number()) {
      const auto& floor = task["composition_floor"];
      const double share = floor.at("grouped_rows").get<double>() / std::max(1.0, floor.at("rows").get<double>()), deviation = floor["deviation"].get<double>();
      text += fmt::format("  rows of one formula deviate from its median by {:.4g} ({:.1f} % of the rows have such a formula; {:.4g} over all rows, if the others did not at all)\n", deviation, 100 * share, share * deviation);
    }
  }
  return text + "noise: deviation of a run's error from the law; largest: error of the law of the smaller sizes at the largest; covered: simulated studies of this law and size whose interval of b holds the truth\n";
}

std::string laws_csv(const json& scaling) {
  std::string text = "task,arm,form,preferred,exponent,exponent_low,exponent_high,scale,scale_low,scale_high,floor,floor_low,floor_high,noise,r2,aicc,extrapolation_error,coverage_exponent\n";
  for (const auto& task : scaling.at("tasks"))
    for (const auto& arm : task.at("arms"))
      for (const char* form : {"without_floor", "with_floor"}) {
        if (!arm.contains(form)) continue;
        const auto& law = arm[form];
        text += fmt::format("{},{},{},{}", task.at("task").get<std::string>(), arm.at("arm").get<std::string>(), form, arm.at("preferred") == form ? 1 : 0);
        for (const char* name : {"exponent", "scale", "floor"}) {
          const auto interval = std::string(name) + "_interval";
          const bool there = law.contains(name);
          for (const double value : {there ? value_of(law[name]) : 0.0, there ? value_of(law.at(interval).at("low")) : 0.0, there ? value_of(law.at(interval).at("high")) : 0.0}) text += fmt::format(",{:.8g}", value);
        }
        for (const auto& value : {law.at("noise"), law.at("r2"), law.at("aicc"), law.at("extrapolation_error"), law.at("coverage").at("exponent")}) text += fmt::format(",{:.8g}", value_of(value));
        text += "\n";
      }
  return text;
}

void write_scaling_file(const std::filesystem::path& path, const json& scaling) {
  namespace hdf5 = io::hdf5;
  const auto file = hdf5::create_file(path, {});
  const auto write = [&](const std::string& name, const std::vector<double>& values) {
    const hdf5::Place place{path, name};
    const hdf5::ArraySpec spec{hdf5::Element::f64, {std::ssize(values)}};
    hdf5::write_array(hdf5::create_array(file, spec, 0, place), spec, values.data(), place);
  };
  hdf5::write_text_attribute(file.get(), "format", "xxact-scaling", {path, ""});
  hdf5::write_real_attribute(file.get(), "level", scaling.at("level").get<double>(), {path, ""});
  hdf5::write_text_attribute(file.get(), "dataset_hash", scaling.at("dataset_hash").get<std::string>(), {path, ""});
  for (const auto& task : scaling.at("tasks"))
    for (const auto& arm : task.at("arms")) {
      const auto group = fmt::format("/{}/{}", task.at("task").get<std::string>(), arm.at("arm").get<std::string>());
      for (const char* column : {"rows", "seed", "error", "steps", "best_step", "seconds", "core_seconds"}) {
        std::vector<double> values;
        for (const auto& point : arm.at("points")) values.push_back(value_of(point.at(column)));
        write(group + "/runs/" + column, values);
      }
      for (const char* column : {"rows", "error", "low", "high"}) {
        std::vector<double> values;
        for (const auto& value : arm.at("curve").at(column)) values.push_back(value_of(value));
        write(group + "/curve/" + column, values);
      }
      for (const char* form : {"without_floor", "with_floor"}) {
        if (!arm.contains(form)) continue;
        const auto& law = arm[form];
        for (const char* name : {"exponent", "scale", "floor"})
          if (law.contains(name)) write(fmt::format("{}/{}/{}", group, form, name), {value_of(law[name]), value_of(law.at(std::string(name) + "_interval").at("low")), value_of(law.at(std::string(name) + "_interval").at("high"))});
      }
    }
}

}  // namespace xxact::study
