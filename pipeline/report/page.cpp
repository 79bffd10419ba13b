#include "pipeline/report/page.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "pipeline/report/text.hpp"

namespace xxact::report {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string figures_section(const char* id, const char* heading, const char* text, const std::vector<PageFigure>& figures, const char* layout) {
  if (figures.empty()) return {};
  std::string out = fmt::format("<section id=\"{}\"><h2>{}</h2><p>{}</p>", id, heading, text);
  bool any = false;
  for (const auto& figure : figures) any = any || !figure.svg.empty();
  if (!any) return out + "<p class=\"note\">The figures are not drawn: gnuplot was not found or failed.</p></section>\n";
  out += fmt::format("<div class=\"{}\">", layout);
  for (const auto& figure : figures)
    if (!figure.svg.empty()) out += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>", figure.svg, html_escape(figure.caption));
  return out + "</div></section>\n";
}

std::string navigation(const std::vector<std::pair<const char*, const char*>>& sections, const std::string& body) {
  std::string out = "<nav aria-label=\"Sections\">";
  for (const auto& [id, name] : sections)
    if (body.find(fmt::format("id=\"{}\"", id)) != std::string::npos) out += fmt::format("<a href=\"#{}\">{}</a>", id, name);
  return out + "</nav>\n";
}

}  // namespace

std::string dataset_name(const Evaluation& evaluation, const Inputs& inputs) {
  std::string path = evaluation.data;
  if (path.empty() && evaluation.run >= 0) path = inputs.runs[static_cast<std::size_t>(evaluation.run)].dataset.path;
  return path.empty() ? "unnamed data" : std::filesystem::path(path).stem().string();
}

std::string comparison_key(const Evaluation& evaluation, const Inputs& inputs) {
  std::string trained_on;
  if (evaluation.run >= 0) trained_on = inputs.runs[static_cast<std::size_t>(evaluation.run)].dataset.content_hash;
  return dataset_name(evaluation, inputs) + '\n' + evaluation.dataset_hash + '\n' + trained_on + '\n' + evaluation.split;
}

std::string page_html(const Page& page) {
  std::string body = results_section(page.inputs);
  body += comparison_section(page.inputs);
  body += figures_section("learning", "Learning curves",
                          "Runs on the same data in one figure, against the number of training samples seen, so that batch size and "
                          "number of ranks do not matter.",
                          page.learning, "grid");
  body += figures_section("parity", "Prediction against reference",
                          "Each point is one test material; where there are too many to tell apart, colour counts them. The dashed line "
                          "is a perfect prediction.",
                          page.parity, "grid");
  body += figures_section("confusion", "Crystal systems",
                          "Counts of test materials, true system by row, predicted by column. The shade is the share of the row.",
                          page.confusion, "grid");
  body += ranking_section(page.inputs.screenings);
  body += provenance_section(page);
  body += sources_section(page.inputs);
  const std::string contents = navigation({{"results", "Results"}, {"comparison", "What XRD adds"}, {"learning", "Learning curves"},
                                           {"parity", "Parity"}, {"confusion", "Crystal systems"}, {"ranking", "Screening"},
                                           {"provenance", "Provenance"}, {"sources", "Sources"}}, body);
  const std::string found = fmt::format("{}, {}, {}", counted(page.inputs.runs.size(), "training run", "training runs"),
                                        counted(page.inputs.evaluations.size(), "evaluation", "evaluations"),
                                        counted(page.inputs.screenings.size(), "screening", "screenings"));
  const std::string title = html_escape(page.title);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<header><h1>{0}</h1><p class=\"sub\">{2} &middot; xxact {3} &middot; {4}</p></header>\n{5}<main>\n{6}</main>\n"
      "<footer>Written by <code>xxact report</code>. The page needs nothing from the network.</footer>\n</body>\n</html>\n",
      title, page_style(), found, html_escape(page.program_version), html_escape(page.date), contents, body);
}

}  // namespace xxact::report
