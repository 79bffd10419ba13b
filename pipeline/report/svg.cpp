#include "pipeline/report/svg.hpp"

#include <fmt/format.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <utility>

#include "pipeline/report/text.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

/// The colours of plot.cpp, in the ways that gnuplot writes them, and what the page calls them.
constexpr std::pair<const char*, const char*> kPageColours[] = {
    {"rgb( 36,  49,  63)", "ink"},        {"rgb(36,49,63)", "ink"},   {"#24313f", "ink"},   {"rgb(217, 222, 227)", "grid"},
    {"rgb(217,222,227)", "grid"},         {"#d9dee3", "grid"},        {"#fefefe", "figure"}, {"#FEFEFE", "figure"},
    {"rgb(  0, 114, 178)", "bimodal"},    {"rgb(213,  94,   0)", "composition"},             {"rgb(  0, 158, 115)", "xrd"},
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

void erase_between(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    const std::size_t end = text.find(to, at + from.size());
    if (end == std::string::npos) return;
    text.erase(at, end + to.size() - at);
  }
}

}  // namespace

std::string inline_svg_text(std::string svg, std::string_view id, std::string_view description, const std::string& name) {
  const std::size_t start = svg.find("<svg"), attributes_end = svg.find('>', start == std::string::npos ? 0 : start);
  if (start == std::string::npos || attributes_end == std::string::npos) throw InputError("{}: no <svg> element in it", name);
  std::smatch box;
  const std::string opening = svg.substr(start, attributes_end - start);
  const std::string view = std::regex_search(opening, box, std::regex("viewBox=\"[-0-9. ]*\"")) ? box.str() : "";
  svg.erase(0, attributes_end + 1);
  erase_between(svg, "<title>", "</title>");  // gnuplot's own: a tooltip that says "Gnuplot", or a series' name twice
  erase_between(svg, "<desc>", "</desc>");
  for (const char* quote : {"'", "\""}) {
    replace_all(svg, fmt::format(" id={}", quote), fmt::format(" id={}{}-", quote, id));
    replace_all(svg, fmt::format("href={}#", quote), fmt::format("href={}#{}-", quote, id));
  }
  replace_all(svg, "url(#", fmt::format("url(#{}-", id));
  for (const auto& [colour, name] : kPageColours) replace_all(svg, colour, fmt::format("var(--{})", name));
  replace_all(svg, "\t", "");
  return fmt::format("<svg {} role=\"img\" aria-label=\"{}\">{}", view, html_escape(description), svg);
}

std::string inline_svg(const std::filesystem::path& file, std::string_view id, std::string_view description) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream || text.str().empty()) throw IoError("cannot read the figure {}", file.string());
  return inline_svg_text(text.str(), id, description, file.string());
}

}  // namespace xxact::report
