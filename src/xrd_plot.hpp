// Plots of xxact xrd, handed over to be drawn when MPI is gone. Not here: how they look (pipeline/report/diffraction_plot.hpp).
#pragma once

#include <filesystem>
#include <vector>

#include "src/xrd_export.hpp"

namespace xxact {

class Runtime;

struct PlotOptions {
  std::filesystem::path path;
  int labels = 0;
  bool stacked = true;
};

/// `measured` is empty or [points] with NaN where nothing was measured. At most report::kMostPatterns structures.
void draw_later(Runtime& runtime, const PlotOptions& plot, const xrd::PatternOptions& options, const std::vector<SimulatedStructure>& structures, const std::vector<double>& measured);

}  // namespace xxact
