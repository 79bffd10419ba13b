#include "pipeline/report/scatter.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "io/hdf5_transfer.hpp"
#include "io/hdf5_untrusted.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

namespace hdf5 = io::hdf5;
using nlohmann::json;

// A mark takes about 110 bytes of SVG: 1,200 of them, or the cells of this grid that a sharp diagonal fills, stay
// below 200 KB a figure.
constexpr std::size_t kMostPoints = 1200;
constexpr int kGrid = 70;

std::vector<float> read_floats(const hdf5::File& file, const hdf5::Place& place) {
  const auto array = hdf5::open_array(file, hdf5::Element::f32, 1, place);
  std::vector<float> values(static_cast<std::size_t>(array.spec.rows()));
  hdf5::read_array(array.dataset, array.spec, values.data(), place);
  return values;
}

/// Replaces the points by the cells of the grid that have any, in rows.
void bin(Scatter& scatter) {
  std::vector<double> counts(std::size_t{kGrid} * kGrid, 0.0);
  scatter.cell = (scatter.high - scatter.low) / kGrid;
  const auto place = [&](double value) {
    return static_cast<std::size_t>(std::clamp(static_cast<int>((value - scatter.low) / scatter.cell), 0, kGrid - 1));
  };
  for (std::size_t i = 0; i < scatter.truth.size(); ++i) counts[place(scatter.prediction[i]) * kGrid + place(scatter.truth[i])] += 1;
  scatter.truth.clear();
  scatter.prediction.clear();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    scatter.truth.push_back(scatter.low + (static_cast<double>(i % kGrid) + 0.5) * scatter.cell);
    scatter.prediction.push_back(scatter.low + (static_cast<double>(i / kGrid) + 0.5) * scatter.cell);
    scatter.count.push_back(counts[i]);
  }
}

}  // namespace

Scatter thin_scatter(const std::string& label, const std::vector<float>& truth, const std::vector<float>& prediction) {
  Scatter scatter;
  scatter.label = label;
  for (std::size_t i = 0; i < std::min(truth.size(), prediction.size()); ++i) {
    if (!std::isfinite(truth[i]) || !std::isfinite(prediction[i])) continue;
    scatter.truth.push_back(truth[i]);
    scatter.prediction.push_back(prediction[i]);
  }
  scatter.n = static_cast<std::int64_t>(scatter.truth.size());
  if (scatter.n == 0) return scatter;
  const auto [truth_low, truth_high] = std::minmax_element(scatter.truth.begin(), scatter.truth.end());
  const auto [low, high] = std::minmax_element(scatter.prediction.begin(), scatter.prediction.end());
  scatter.low = std::min(*truth_low, *low);
  scatter.high = std::max(*truth_high, *high);
  const double margin = std::max(0.03 * (scatter.high - scatter.low), 1e-3);
  scatter.low -= margin;
  scatter.high += margin;
  if (scatter.truth.size() > kMostPoints) bin(scatter);
  return scatter;
}

std::vector<Scatter> read_scatters(const std::filesystem::path& evaluation) {
  const std::filesystem::path path = evaluation / "predictions.h5";
  if (!std::filesystem::exists(path)) return {};
  const hdf5::File file = hdf5::open_file(path);
  std::vector<Scatter> scatters;
  if (!hdf5::has_object(file, {path, "/target"})) return scatters;
  for (const auto& member : hdf5::list_group(file, {path, "/target"})) {
    const hdf5::Place truth{path, "/target/" + member.name}, prediction{path, "/prediction/" + member.name + "/value"};
    if (member.kind != hdf5::ObjectKind::array || !hdf5::has_object(file, prediction)) continue;
    const auto truths = read_floats(file, truth), predictions = read_floats(file, prediction);
    if (truths.size() != predictions.size())
      throw InputError("{}: {} has {} rows, {} has {}", path.string(), truth.object, truths.size(), prediction.object, predictions.size());
    scatters.push_back(thin_scatter(member.name, truths, predictions));
  }
  return scatters;
}

std::string to_text(const std::vector<Scatter>& scatters) {
  json list = json::array();
  for (const auto& s : scatters)
    list.push_back({{"label", s.label}, {"n", s.n}, {"low", s.low}, {"high", s.high}, {"truth", s.truth},
                    {"prediction", s.prediction}, {"count", s.count}, {"cell", s.cell}});
  return list.dump();
}

std::vector<Scatter> scatters_from_text(const std::string& text) {
  std::vector<Scatter> scatters;
  for (const auto& s : json::parse(text))
    scatters.push_back({s["label"], s["n"], s["low"], s["high"], s["truth"], s["prediction"], s["count"], s["cell"]});
  return scatters;
}

}  // namespace xxact::report
