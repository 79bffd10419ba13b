// What the diffraction pattern adds: composition alone, pattern alone, both, on the same data.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "pipeline/report/page.hpp"
#include "pipeline/report/text.hpp"

namespace xxact::report {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 3> kModes = {
    {{"composition", "composition only"}, {"xrd", "XRD only"}, {"bimodal", "composition + XRD"}}};

/// Values of one mode; several when it was trained with several seeds.
struct Values {
  std::vector<double> values;
  double mean() const {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum / static_cast<double>(values.size());
  }
  /// Sample standard deviation; NaN of fewer than two.
  double deviation() const {
    if (values.size() < 2) return kUnknown;
    const double m = mean();
    double sum = 0;
    for (const double v : values) sum += (v - m) * (v - m);
    return std::sqrt(sum / static_cast<double>(values.size() - 1));
  }
};

/// One dataset and one target.
struct Comparison {
  std::string data, label;
  bool accuracy = false;
  std::map<std::string, Values> modes;
  double baseline = kUnknown;
};

std::vector<Comparison> comparisons_of(const Inputs& inputs) {
  std::map<std::pair<std::string, std::string>, Comparison> found;
  const auto add = [&](const Evaluation& evaluation, const std::string& label, bool accuracy, double value, double baseline) {
    if (!std::isfinite(value)) return;
    Comparison& comparison = found[{comparison_key(evaluation, inputs), label}];
    comparison.data = dataset_name(evaluation, inputs);
    comparison.label = label;
    comparison.accuracy = accuracy;
    comparison.modes[evaluation.mode].values.push_back(value);
    if (std::isfinite(baseline)) comparison.baseline = baseline;
  };
  for (const auto& evaluation : inputs.evaluations) {
    for (const auto& r : evaluation.regressions) add(evaluation, r.label, false, r.mae, r.baseline_mae);
    for (const auto& r : evaluation.classifications) add(evaluation, r.label, true, r.accuracy, kUnknown);
  }
  std::vector<Comparison> comparisons;
  for (auto& [key, comparison] : found)
    if (comparison.modes.contains("bimodal") && comparison.modes.size() > 1) comparisons.push_back(std::move(comparison));
  return comparisons;
}

std::string value_text(const Comparison& comparison, double value) {
  if (comparison.accuracy) return fmt::format("{:.1f}&#8239;%", 100 * value);
  const std::string unit = unit_of(comparison.label);
  return significant(value) + (unit.empty() ? "" : " " + unit);
}

std::string bar(const char* mode, const char* name, const std::string& value, double share) {
  return fmt::format("<div class=\"bar\"><span class=\"name\">{}</span><span class=\"track\"><span class=\"fill m-{}\" style=\"width:{:.1f}%\">"
                     "</span></span><span class=\"value\">{}</span></div>",
                     name, mode, 100 * std::clamp(share, 0.0, 1.0), value);
}

/// One sentence about bimodal against composition alone.
std::string verdict(const Comparison& comparison) {
  const auto composition = comparison.modes.find("composition");
  if (composition == comparison.modes.end()) return {};
  double both = comparison.modes.at("bimodal").mean(), alone = composition->second.mean();
  const char* quantity = "error";
  if (comparison.accuracy) {
    both = 1 - both;
    alone = 1 - alone;
    quantity = "share of wrong answers";
  }
  if (alone <= 0) return {};
  const double ratio = both / alone;
  const std::string change = ratio <= 1 ? fmt::format("{:.1f}&#8239;% smaller", 100 * (1 - ratio)) : fmt::format("{:.1f}&#8239;% larger", 100 * (ratio - 1));
  return fmt::format("<p>With the pattern, the {} is <strong>{}</strong> than from composition alone: bimodal : composition = "
                     "<strong>{:.3f}</strong>.</p>",
                     quantity, change, ratio);
}

std::string card(const Comparison& comparison) {
  double longest = comparison.accuracy ? 1 : 0;
  if (!comparison.accuracy) {
    for (const auto& [mode, values] : comparison.modes) longest = std::max(longest, values.mean());
    if (std::isfinite(comparison.baseline)) longest = std::max(longest, comparison.baseline);
  }
  std::string out = fmt::format("<div class=\"card\"><h3>{}: {} <span class=\"faint\">{}</span></h3>", html_escape(comparison.data),
                                html_escape(label_in_words(comparison.label)), comparison.accuracy ? "accuracy, more is better" : "MAE, less is better");
  if (longest <= 0) longest = 1;
  if (!comparison.accuracy && std::isfinite(comparison.baseline))
    out += bar("baseline", "training mean", value_text(comparison, comparison.baseline), comparison.baseline / longest);
  for (const auto& [mode, name] : kModes) {
    const auto found = comparison.modes.find(mode);
    if (found == comparison.modes.end()) continue;
    const Values& values = found->second;
    std::string text = value_text(comparison, values.mean());
    if (values.values.size() > 1)
      text += fmt::format(" <span class=\"faint\">&plusmn; {} ({} runs)</span>", value_text(comparison, values.deviation()), values.values.size());
    out += bar(mode, name, text, values.mean() / longest);
  }
  return out + verdict(comparison) + "</div>";
}

}  // namespace

std::string comparison_section(const Inputs& inputs) {
  if (inputs.evaluations.empty()) return {};
  const auto comparisons = comparisons_of(inputs);
  std::string out = "<section id=\"comparison\"><h2>What XRD adds</h2>";
  if (comparisons.empty())
    return out + "<p class=\"note\">To compare, evaluate a bimodal model and one of composition or XRD alone on the same data.</p></section>\n";
  out += "<p>The same data, the same training and test materials; only what the model sees differs.</p><div class=\"cards\">";
  for (const auto& comparison : comparisons) out += card(comparison);
  return out + "</div></section>\n";
}

}  // namespace xxact::report
