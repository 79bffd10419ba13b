// Truth against prediction of an evaluation, thinned for a plot: the points themselves while they are few, else counts
// on a square grid. Read from predictions.h5 before MPI_Finalize; HDF5 must not be used after it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xxact::report {

struct Scatter {
  std::string label;
  std::int64_t n = 0;           // rows that know both
  double low = 0, high = 1;     // range of both axes
  std::vector<double> truth, prediction;  // points, or centres of cells
  std::vector<double> count;    // of each cell; empty: points
  double cell = 0;              // extent of a cell
};

/// Pairs in which either is not finite are left out.
Scatter thin_scatter(const std::string& label, const std::vector<float>& truth, const std::vector<float>& prediction);

/// Labels with both /target/<label> and /prediction/<label>/value. None when the folder has no predictions.h5.
/// Throws InputError naming file and dataset when it is not a sound results file.
std::vector<Scatter> read_scatters(const std::filesystem::path& evaluation);

/// As text, to carry from before MPI_Finalize to after it.
std::string to_text(const std::vector<Scatter>& scatters);
std::vector<Scatter> scatters_from_text(const std::string& text);

}  // namespace xxact::report
