// The ranking of a screening, and where everything on the page comes from.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

#include "pipeline/report/page.hpp"
#include "pipeline/report/text.hpp"

namespace xxact::report {
namespace {

// Wider tables cannot be read on a page; the file has the rest.
constexpr std::size_t kMostColumns = 12;

/// A number of the table with four digits; whole numbers and texts as they are.
std::string ranking_cell(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return fmt::format("<td>{}</td>", html_escape(text));
  const bool whole = text.find_first_of(".eEnN") == std::string::npos;
  return fmt::format("<td class=\"num\">{}</td>", whole ? html_escape(text) : significant(value));
}

std::string ranking_table(const Screening& screening) {
  const std::size_t columns = std::min(screening.columns.size(), kMostColumns);
  std::string out = "<div class=\"scroll\"><table class=\"ranking\"><thead><tr>";
  for (std::size_t c = 0; c < columns; ++c) out += fmt::format("<th>{}</th>", html_escape(label_in_words(screening.columns[c])));
  out += "</tr></thead><tbody>";
  for (const auto& row : screening.top) {
    out += "<tr>";
    for (std::size_t c = 0; c < columns; ++c) out += ranking_cell(row[c]);
    out += "</tr>";
  }
  return out + "</tbody></table></div>";
}

std::string known_count(std::int64_t count) { return count < 0 ? "?" : grouped(count); }

std::string field(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>", name, value);
}

std::string code(const std::string& text) { return text.empty() ? "" : "<code>" + html_escape(text) + "</code>"; }

std::string rows_text(const DatasetSummary& data) {
  if (data.rows < 0) return {};
  return fmt::format("{} rows: {} train, {} validation, {} test", known_count(data.rows), known_count(data.train), known_count(data.validation),
                     known_count(data.test));
}

std::string machine_text(const Run& run) {
  if (run.ranks < 0) return html_escape(run.device);
  return fmt::format("{}: {} {}, {} threads each; {} core time", html_escape(run.device), run.ranks, run.ranks == 1 ? "rank" : "ranks",
                     known_count(run.threads_per_rank), duration(run.core_seconds));
}

std::string run_details(const Run& run) {
  std::string out = fmt::format("<details><summary><span class=\"mode m-{}\"></span>{} <span class=\"faint\">{}</span></summary><dl>",
                                html_escape(run.mode), html_escape(run.name), run.seed < 0 ? "" : fmt::format("seed {}", run.seed));
  out += field("folder", code(run.folder.string())) + field("command", code(run.command)) + field("program", html_escape(run.program_version));
  out += field("dataset", code(run.dataset.path)) + field("content hash", code(run.dataset.content_hash)) + field("rows", rows_text(run.dataset));
  out += field("split", html_escape(run.dataset.split_rule)) + field("machine", machine_text(run));
  if (run.steps >= 0)
    out += field("training", fmt::format("{} steps, {} samples, {}; the best checkpoint is step {}", known_count(run.steps),
                                         known_count(run.consumed_samples), duration(run.seconds), known_count(run.best_step)));
  out += "</dl>";
  if (!run.config.empty()) out += "<pre>" + html_escape_lines(run.config) + "</pre>";
  return out + "</details>";
}

bool mentions(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

/// Names that tell where data came from, of all runs and evaluations.
std::string all_data_names(const Inputs& inputs) {
  std::string names;
  for (const auto& run : inputs.runs) names += run.dataset.path + ' ' + run.dataset.source + '\n';
  for (const auto& evaluation : inputs.evaluations) names += evaluation.data + '\n';
  std::transform(names.begin(), names.end(), names.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return names;
}

}  // namespace

std::string ranking_section(const std::vector<Screening>& screenings) {
  if (screenings.empty()) return {};
  std::string out = "<section id=\"ranking\"><h2>Screening</h2>";
  for (const auto& screening : screenings) {
    out += fmt::format("<h3>{}</h3><p>", html_escape(screening.name));
    if (screening.rows >= 0)
      out += fmt::format("{} candidates: {} predicted{}, {} rejected with a reason. ", known_count(screening.rows), known_count(screening.ok),
                         screening.not_predictable > 0 ? fmt::format(", {} not predictable", grouped(screening.not_predictable)) : "",
                         known_count(screening.rejected));
    if (std::isfinite(screening.structures_per_s))
      out += fmt::format("{} in all, {} structures/s. ", duration(screening.seconds), significant(screening.structures_per_s, 3));
    if (!screening.rank_by.empty()) 
      out += "Ranked by " + code(screening.rank_by) + (screening.order.empty() ? ". " : screening.order == "desc" ? ", largest first. " : ", smallest first. ");
    out += fmt::format("The first {} of <code>ranking.csv</code>:</p>", screening.top.size());
    out += screening.top.empty() ? "<p class=\"note\">No candidate passed.</p>" : ranking_table(screening);
  }
  return out + "</section>\n";
}

std::string provenance_section(const Page& page) {
  std::string out = "<section id=\"provenance\"><h2>Provenance</h2><dl>";
  out += field("report", code(page.command_line)) + field("program", "xxact " + html_escape(page.program_version)) + field("written", html_escape(page.date));
  out += "</dl>";
  std::set<std::string> splits;
  for (const auto& run : page.inputs.runs) splits.insert(run.dataset.split_rule);
  if (splits.contains(""))
    out += "<p>Unless a dataset keeps a published split, the split is a function of the reduced formula alone (its SHA-256 modulo 10: 0&ndash;7 "
           "train, 8 validation, 9 test), so that no formula is on two sides.</p>";
  for (const auto& run : page.inputs.runs) out += run_details(run);
  return out + "</section>\n";
}

std::string sources_section(const Inputs& inputs) {
  std::string out = "<section id=\"sources\"><h2>Sources</h2><ul class=\"sources\">";
  std::set<std::string> given;
  for (const auto& run : inputs.runs)
    if (!run.dataset.source.empty())
      given.insert(fmt::format("<li>{}: {}{}</li>", html_escape(std::filesystem::path(run.dataset.path).stem().string()), html_escape(run.dataset.source),
                               run.dataset.licence.empty() ? "" : " (" + html_escape(run.dataset.licence) + ")"));
  for (const auto& item : given) out += item;
  const std::string names = all_data_names(inputs);
  if (mentions(names, "perov"))
    out += "<li>Perovskites: I. E. Castelli et al., <cite>Energy Environ. Sci.</cite> 5, 5814 (2012), doi:10.1039/c2ee02717d and 5, 9034 (2012), "
           "doi:10.1039/c2ee22341d.</li>";
  if (mentions(names, "mp20") || mentions(names, "mp_20"))
    out += "<li>MP-20: the Materials Project, A. Jain et al., <cite>APL Materials</cite> 1, 011002 (2013), doi:10.1063/1.4812323, data under CC BY 4.0; "
           "selection by T. Xie et al., arXiv:2110.06197.</li>";
  if (mentions(names, "alexandria"))
    out += "<li>Alexandria: J. Schmidt et al., <cite>Adv. Mater.</cite> 35, 2210788 (2023), doi:10.1002/adma.202210788, data under CC BY 4.0.</li>";
  out += "<li>Model: XxaCT-NN, arXiv:2507.01054; composition encoder CrabNet, A. Y.-T. Wang et al., <cite>npj Comput. Mater.</cite> 7, 77 (2021), "
         "doi:10.1038/s41524-021-00545-1; element vectors mat2vec, V. Tshitoyan et al., <cite>Nature</cite> 571, 95 (2019), doi:10.1038/s41586-019-1335-8.</li>"
         "<li>Diffraction: kinematic intensities with the form factors of <cite>International Tables for Crystallography</cite>, vol. C (1992).</li>";
  return out + "</ul></section>\n";
}

}  // namespace xxact::report
