// The headline table: every evaluation with its errors beside those of the simplest predictor, and what its training cost.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "pipeline/report/page.hpp"
#include "pipeline/report/text.hpp"

namespace xxact::report {
namespace {

const RegressionResult* find_regression(const Evaluation& evaluation, const std::string& label) {
  for (const auto& result : evaluation.regressions)
    if (result.label == label) return &result;
  return nullptr;
}

const ClassificationResult* find_classification(const Evaluation& evaluation, const std::string& label) {
  for (const auto& result : evaluation.classifications)
    if (result.label == label) return &result;
  return nullptr;
}

std::string cell(const std::string& text) { return fmt::format("<td class=\"num\">{}</td>", text); }
std::string percent(double share) { return std::isfinite(share) ? fmt::format("{:.1f}&#8239;%", 100 * share) : "&ndash;"; }
std::string count_cell(std::int64_t count) { return cell(count < 0 ? "&ndash;" : grouped(count)); }

struct Columns {
  std::set<std::string> regressions, classifications;
};

Columns columns_of(const Inputs& inputs) {
  Columns columns;
  for (const auto& evaluation : inputs.evaluations) {
    for (const auto& result : evaluation.regressions) columns.regressions.insert(result.label);
    for (const auto& result : evaluation.classifications) columns.classifications.insert(result.label);
  }
  return columns;
}

std::string header(const Columns& columns) {
  std::string top = "<tr><th rowspan=\"2\">model</th>", below = "<tr>";
  for (const auto& label : columns.regressions) {
    const std::string unit = unit_of(label);
    top += fmt::format("<th colspan=\"5\" class=\"group\">{}{}</th>", html_escape(label_in_words(label)), unit.empty() ? "" : " (" + unit + ")");
    below += "<th class=\"num\">MAE</th><th class=\"num\">RMSE</th><th class=\"num\">R&sup2;</th>"
             "<th class=\"num\" title=\"MAE of always predicting the mean of the training labels\">baseline</th>"
             "<th class=\"num\" title=\"share of test materials inside their 90 % interval\">in 90&#8239;%</th>";
  }
  for (const auto& label : columns.classifications) {
    top += fmt::format("<th colspan=\"2\" class=\"group\">{}</th>", html_escape(label_in_words(label)));
    below += "<th class=\"num\">accuracy</th><th class=\"num\">balanced</th>";
  }
  top += "<th colspan=\"3\" class=\"group\">training</th></tr>";
  below += "<th class=\"num\">parameters</th><th class=\"num\">time</th><th class=\"num\">samples/s</th></tr>";
  return "<thead>" + top + below + "</thead>";
}

/// The smallest MAE (or largest accuracy) of each label among the evaluations of one dataset: printed bold.
using Best = std::map<std::pair<std::string, std::string>, double>;

Best best_of(const Inputs& inputs) {
  Best best;
  const auto offer = [&](const std::string& key, const std::string& label, double badness) {
    if (!std::isfinite(badness)) return;
    const auto [entry, added] = best.emplace(std::pair(key, label), badness);
    if (!added) entry->second = std::min(entry->second, badness);
  };
  for (const auto& evaluation : inputs.evaluations) {
    const std::string key = comparison_key(evaluation, inputs);
    for (const auto& r : evaluation.regressions) offer(key, r.label, r.mae);
    for (const auto& r : evaluation.classifications) offer(key, r.label, -r.accuracy);
  }
  return best;
}

std::string bold_if(bool bold, const std::string& text) { return bold ? "<strong>" + text + "</strong>" : text; }

std::string regression_cells(const RegressionResult* r, bool bold) {
  if (!r) return "<td colspan=\"5\" class=\"none\">&ndash;</td>";
  return cell(bold_if(bold, significant(r->mae))) + cell(significant(r->rmse)) + cell(significant(r->r2, 3)) + cell(significant(r->baseline_mae)) +
         cell(percent(r->coverage90));
}

std::string classification_cells(const ClassificationResult* r, bool bold) {
  if (!r) return "<td colspan=\"2\" class=\"none\">&ndash;</td>";
  return cell(bold_if(bold, percent(r->accuracy))) + cell(percent(r->balanced_accuracy));
}

/// The line above the models of one dataset.
std::string group_row(const Evaluation& evaluation, const Inputs& inputs, const Columns& columns) {
  const std::size_t width = 4 + 5 * columns.regressions.size() + 2 * columns.classifications.size();
  std::string about = html_escape(evaluation.split);
  if (evaluation.n >= 0) about += fmt::format("{}{} materials", about.empty() ? "" : ", ", grouped(evaluation.n));
  return fmt::format("<tbody><tr class=\"data\"><th colspan=\"{}\">{} <span class=\"faint\">{}</span></th></tr></tbody>", width,
                     html_escape(dataset_name(evaluation, inputs)), about);
}

std::string row(const Evaluation& evaluation, const Inputs& inputs, const Columns& columns, const Best& best) {
  const std::string key = comparison_key(evaluation, inputs);
  const auto is_best = [&](const std::string& label, double badness) {
    const auto found = best.find({key, label});
    return found != best.end() && found->second == badness;
  };
  std::string out = fmt::format("<tr><td title=\"{}\"><span class=\"mode m-{}\"></span>{}</td>", html_escape(evaluation.folder.string()), html_escape(evaluation.mode),
                                html_escape(evaluation.run >= 0 ? inputs.runs[static_cast<std::size_t>(evaluation.run)].name : evaluation.name));
  for (const auto& label : columns.regressions) {
    const auto* r = find_regression(evaluation, label);
    out += regression_cells(r, r && is_best(label, r->mae));
  }
  for (const auto& label : columns.classifications) {
    const auto* r = find_classification(evaluation, label);
    out += classification_cells(r, r && is_best(label, -r->accuracy));
  }
  if (evaluation.run < 0) return out + "<td colspan=\"3\" class=\"none\">run not among the inputs</td></tr>";
  const Run& run = inputs.runs[static_cast<std::size_t>(evaluation.run)];
  return out + count_cell(run.parameters) + cell(duration(run.seconds)) + cell(significant(run.samples_per_s, 3)) + "</tr>";
}

std::string band_gap_note(const Inputs& inputs) {
  std::string items;
  for (const auto& evaluation : inputs.evaluations)
    for (const auto& r : evaluation.regressions)
      if (std::isfinite(r.mae_nonmetal) || std::isfinite(r.metal_auc))
        items += fmt::format("<li>{}: {} {} on materials with a gap; metals told apart with an area under the ROC curve of {}</li>",
                             html_escape(evaluation.name), significant(r.mae_nonmetal), unit_of(r.label), significant(r.metal_auc, 3));
  return items.empty() ? "" : "<p>Most materials with gap 0 are easy; beside the mean over all:</p><ul>" + items + "</ul>";
}

/// Runs that nothing evaluated, with the validation that they kept.
std::string unevaluated_note(const Inputs& inputs) {
  std::string items;
  for (std::size_t i = 0; i < inputs.runs.size(); ++i) {
    const auto evaluated = [&](const Evaluation& evaluation) { return evaluation.run == static_cast<int>(i); };
    if (std::any_of(inputs.evaluations.begin(), inputs.evaluations.end(), evaluated)) continue;
    std::string metrics;
    for (const auto& [name, value] : inputs.runs[i].best_validation) metrics += fmt::format(", {} {}", html_escape(name), significant(value));
    items += fmt::format("<li>{}{}{}</li>", html_escape(inputs.runs[i].name), metrics.empty() ? "" : ": best validation", metrics);
  }
  return items.empty() ? "" : "<p class=\"note\">Trained, but not evaluated on test data:</p><ul>" + items + "</ul>";
}

}  // namespace

std::string results_section(const Inputs& inputs) {
  if (inputs.runs.empty() && inputs.evaluations.empty()) return {};
  std::string out = "<section id=\"results\"><h2>Results</h2>";
  if (inputs.evaluations.empty()) return out + "<p class=\"note\">No evaluation folder among the inputs.</p>" + unevaluated_note(inputs) + "</section>\n";
  out += "<p>Errors on materials that no model saw in training. The baseline always predicts the mean of the training labels; a model "
         "is worth what it gains on that. The best of each dataset is bold.</p>";
  std::vector<const Evaluation*> ordered;
  for (const auto& evaluation : inputs.evaluations) ordered.push_back(&evaluation);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&](const Evaluation* a, const Evaluation* b) { return comparison_key(*a, inputs) < comparison_key(*b, inputs); });
  const Columns columns = columns_of(inputs);
  const Best best = best_of(inputs);
  out += "<div class=\"scroll\"><table>" + header(columns);
  std::string previous;
  for (const auto* evaluation : ordered) {
    const std::string key = comparison_key(*evaluation, inputs);
    if (key != previous) out += group_row(*evaluation, inputs, columns);
    previous = key;
    out += "<tbody>" + row(*evaluation, inputs, columns, best) + "</tbody>";
  }
  return out + "</table></div>" + band_gap_note(inputs) + unevaluated_note(inputs) + "</section>\n";
}

}  // namespace xxact::report
