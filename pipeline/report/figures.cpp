#include "pipeline/report/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "pipeline/report/text.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kCurvePoints = 300;

/// Samples are counted in ones, thousands or millions.
struct SampleScale {
  double divisor;
  const char* label;
};

SampleScale sample_scale(const std::vector<const Run*>& runs) {
  std::int64_t most = 0;
  for (const auto* run : runs)
    if (!run->progress.empty()) most = std::max(most, run->progress.back().consumed_samples);
  if (most >= 2'000'000) return {1e6, "training samples seen (millions)"};
  if (most >= 10'000) return {1e3, "training samples seen (thousands)"};
  return {1, "training samples seen"};
}

/// Means of consecutive points, so that the curve has at most kCurvePoints.
Series averaged(const std::vector<double>& x, const std::vector<double>& y) {
  Series series;
  const std::size_t stride = (x.size() + kCurvePoints - 1) / kCurvePoints;
  for (std::size_t from = 0; from < x.size(); from += stride) {
    const std::size_t to = std::min(from + stride, x.size());
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += y[i];
    series.x.push_back(x[to - 1]);
    series.y.push_back(sum / static_cast<double>(to - from));
  }
  return series;
}

/// Runs of one mode share its colour and differ in the line's style.
Style style_of(const std::vector<const Run*>& runs, std::size_t place, Style first) {
  for (std::size_t i = 0; i < place; ++i)
    if (runs[i]->mode == runs[place]->mode) return Style::dashed;
  return first;
}

/// "mean absolute error (eV/atom)" of "formation_energy_per_atom.mae".
std::string metric_in_words(const std::string& metric) {
  const std::size_t dot = metric.rfind('.');
  const std::string label = metric.substr(0, dot), kind = dot == std::string::npos ? "" : metric.substr(dot + 1);
  const std::string unit = unit_of(label);
  if (kind == "to_mean") return "squared error of hidden tokens / mean pattern's";
  if (kind == "peaks_to_mean") return "squared error of hidden peaks / mean pattern's";
  if (kind == "pattern_top1") return "compositions that find their pattern first";
  if (kind == "composition_top1") return "patterns that find their composition first";
  if (kind != "mae") return kind;
  return "mean absolute error" + (unit.empty() ? "" : " (" + unit + ")");
}

/// A label or metric as part of a file name.
std::string file_name_of(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

Run run_with_progress(const fs::path& folder) {
  Run run;
  run.folder = folder;
  run.progress = read_progress(folder / "metrics.jsonl");
  return run;
}

}  // namespace

int colour_of_mode(const std::string& mode) {
  if (mode == "bimodal" || mode.empty()) return 0;
  if (mode == "composition") return 1;
  return mode == "xrd" ? 2 : 3;
}

Plot loss_plot(const std::vector<const Run*>& runs, const std::vector<std::string>& names) {
  const SampleScale scale = sample_scale(runs);
  Plot plot{.title = "Training loss", .x_label = scale.label, .y_label = "loss", .width = 580, .height = 380};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::vector<double> x, y;
    for (const auto& point : runs[i]->progress) {
      if (!std::isfinite(point.loss) || point.consumed_samples < 0) continue;
      x.push_back(static_cast<double>(point.consumed_samples) / scale.divisor);
      y.push_back(point.loss);
    }
    Series series = averaged(x, y);
    series.title = names[i];
    series.colour = colour_of_mode(runs[i]->mode);
    series.style = style_of(runs, i, Style::lines);
    plot.series.push_back(std::move(series));
  }
  plot.x_range.low = 0;
  return plot;
}

Plot validation_plot(const std::vector<const Run*>& runs, const std::vector<std::string>& names, const std::string& metric) {
  const SampleScale scale = sample_scale(runs);
  Plot plot{.title = "Validation: " + label_in_words(metric.substr(0, metric.rfind('.'))), .x_label = scale.label,
            .y_label = metric_in_words(metric), .width = 580, .height = 380};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Series series{.title = names[i], .style = style_of(runs, i, Style::lines_points), .colour = colour_of_mode(runs[i]->mode)};
    for (const auto& point : runs[i]->progress) {
      const auto found = point.validation.find(metric);
      if (found == point.validation.end() || !std::isfinite(found->second) || point.consumed_samples < 0) continue;
      series.x.push_back(static_cast<double>(point.consumed_samples) / scale.divisor);
      series.y.push_back(found->second);
    }
    if (!series.x.empty()) plot.series.push_back(std::move(series));
  }
  plot.x_range.low = 0;
  if (metric.ends_with(".accuracy")) plot.legend = Legend::lower_right;
  return plot;
}

std::vector<std::string> validation_metrics(const std::vector<const Run*>& runs) {
  std::set<std::string> metrics;
  for (const auto* run : runs)
    for (const auto& point : run->progress)
      for (const auto& [name, value] : point.validation)
        if (name.ends_with(".mae") || name.ends_with(".accuracy") || name.ends_with("to_mean") || name.ends_with("_top1")) metrics.insert(name);
  return {metrics.begin(), metrics.end()};
}

Plot parity_plot(const Scatter& scatter, const RegressionResult* result, const std::string& title) {
  const std::string unit = unit_of(scatter.label), in_unit = unit.empty() ? "" : " (" + unit + ")";
  Plot plot{.title = title, .x_label = "reference" + in_unit, .y_label = "prediction" + in_unit, .square = true, .diagonal = true,
            .legend = Legend::none, .width = 520, .height = 440};
  plot.x_range = plot.y_range = {scatter.low, scatter.high};
  Series series{.x = scatter.truth, .y = scatter.prediction, .style = Style::points};
  if (!scatter.count.empty()) {
    series.style = Style::density;
    series.weight = scatter.count;
    series.cell = scatter.cell;
  }
  plot.series.push_back(std::move(series));
  if (result)
    plot.annotations.push_back({fmt::format("MAE {} {}\nR² {}\nn {}", significant(result->mae, 3), unit, significant(result->r2, 3),
                                            grouped(scatter.n))});
  return plot;
}

HeatMap confusion_map(const ClassificationResult& result, const std::string& title) {
  HeatMap map{.title = title, .x_label = "predicted", .y_label = "true", .counts = result.confusion};
  for (int system = 0; system < kCrystalSystems; ++system) map.rows.emplace_back(crystal_system_name(system));
  map.columns = map.rows;
  return map;
}

void draw_learning_curves(const std::vector<std::string>& run_folder) {
  const fs::path folder = run_folder.at(0);
  const Run run = run_with_progress(folder);
  Plot loss = loss_plot({&run}, {"training loss"});
  loss.legend = Legend::none;
  draw(loss, folder / "training_loss.svg");
  for (const auto& metric : validation_metrics({&run})) {
    Plot plot = validation_plot({&run}, {metric}, metric);
    plot.legend = Legend::none;
    draw(plot, folder / ("validation_" + file_name_of(metric) + ".svg"));
  }
}

std::vector<std::string> prepare_parity(const fs::path& evaluation_folder) {
  return {evaluation_folder.string(), to_text(read_scatters(evaluation_folder))};
}

void draw_parity(const std::vector<std::string>& prepared) {
  const fs::path folder = prepared.at(0);
  const Evaluation evaluation = read_evaluation(folder);
  for (const auto& scatter : scatters_from_text(prepared.at(1))) {
    const auto result = std::find_if(evaluation.regressions.begin(), evaluation.regressions.end(),
                                     [&](const RegressionResult& r) { return r.label == scatter.label; });
    draw(parity_plot(scatter, result == evaluation.regressions.end() ? nullptr : &*result, label_in_words(scatter.label)),
         folder / ("parity_" + file_name_of(scatter.label) + ".svg"));
  }
}

void draw_confusion(const std::vector<std::string>& evaluation_folder) {
  const fs::path folder = evaluation_folder.at(0);
  for (const auto& result : read_evaluation(folder).classifications)
    if (!result.confusion.empty())
      draw(confusion_map(result, label_in_words(result.label)), folder / ("confusion_" + file_name_of(result.label) + ".svg"));
}

}  // namespace xxact::report
