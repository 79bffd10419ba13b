// The page of a report as HTML: sections in order, each left out with a note when its inputs are missing.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/report/inputs.hpp"

namespace xxact::report {

/// A figure of the page; `svg` is empty until it is drawn, or where it cannot be.
struct PageFigure {
  std::string caption;
  std::string svg;
};

struct Page {
  std::string title, program_version, command_line, date;
  Inputs inputs;
  std::vector<PageFigure> learning, parity, confusion;
};

/// The whole document. Every text from the inputs is escaped; nothing in it is fetched from elsewhere.
std::string page_html(const Page& page);

// Parts of it, each a <section> or empty.
std::string results_section(const Inputs& inputs);
std::string comparison_section(const Inputs& inputs);
std::string ranking_section(const std::vector<Screening>& screenings);
std::string provenance_section(const Page& page);
std::string sources_section(const Inputs& inputs);

/// The style sheet.
const char* page_style();

/// Name of the dataset of an evaluation: the file's name without folder and extension.
std::string dataset_name(const Evaluation& evaluation, const Inputs& inputs);
/// Equal for evaluations of models that were trained on the same data and tested on the same rows.
std::string comparison_key(const Evaluation& evaluation, const Inputs& inputs);

}  // namespace xxact::report
