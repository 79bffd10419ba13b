// A picture file of gnuplot's made a part of a page.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace xxact::report {

/// The <svg> element alone: no XML prologue or namespaces, every id prefixed by `id` so that many fit one page, ink,
/// grid and background left to the page's colours (--ink, --grid, --figure), `description` for screen readers.
/// Throws IoError when the file cannot be read, InputError when there is no <svg> in it.
std::string inline_svg(const std::filesystem::path& file, std::string_view id, std::string_view description);

/// The same of the text of an SVG file. `name` stands in messages.
std::string inline_svg_text(std::string svg, std::string_view id, std::string_view description, const std::string& name);

}  // namespace xxact::report
