// What `inspect` says of a result table.
#include <algorithm>
#include <map>

#include "io/inspect_sections.hpp"
#include "io/results_format.hpp"
#include "io/results_table.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io::inspection {
namespace {

/// Rows by most probable crystal system; rows without probabilities (NaN) are not counted.
Json predicted_systems(const std::vector<float>& probability) {
  std::array<std::int64_t, kCrystalSystems> rows{};
  for (std::size_t row = 0; row + kCrystalSystems <= probability.size(); row += kCrystalSystems) {
    const auto first = probability.begin() + static_cast<std::ptrdiff_t>(row);
    if (const auto most = std::max_element(first, first + kCrystalSystems); *most == *most && *first == *first) ++rows[static_cast<std::size_t>(most - first)];
  }
  Json out = Json::object();
  for (int system = 0; system < kCrystalSystems; ++system) out[std::string(crystal_system_name(system))] = rows[static_cast<std::size_t>(system)];
  return out;
}

Json describe_prediction(const LabelPrediction& prediction, const std::string& units) {
  Json out = {{"units", units}, {"value", summarise(prediction.value)}};
  if (!prediction.target.empty()) out["target"] = summarise(prediction.target);
  if (!prediction.std.empty()) out["std"] = summarise(prediction.std);
  if (!prediction.lo90.empty()) out["lo90"] = summarise(prediction.lo90);
  if (!prediction.hi90.empty()) out["hi90"] = summarise(prediction.hi90);
  return out;
}

/// The most frequent reasons for rows without a prediction.
Json describe_reasons(const ResultRows& rows) {
  constexpr std::size_t kShown = 10;
  std::map<std::string, std::int64_t> count;
  for (const auto& reason : rows.reason)
    if (!reason.empty()) ++count[reason];
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [reason, n] : count) order.emplace_back(n, reason);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  Json out = Json::array();
  for (std::size_t i = 0; i < std::min(order.size(), kShown); ++i) out.push_back({{"reason", order[i].second}, {"rows", order[i].first}});
  return out;
}

}  // namespace

Json describe_results(const std::filesystem::path& path) {
  const Results results = read_results(path);
  const auto& rows = results.rows;
  Json out = {{"file", path.string()}, {"format", kResultsFormat}, {"version", kResultsVersion}, {"bytes", std::filesystem::file_size(path)}, {"rows", rows.size()}};
  std::map<int, std::int64_t> status;
  for (const auto value : rows.status) ++status[value];
  Json& counts = out["status"] = Json::object();
  for (const auto& [value, count] : status) counts[std::to_string(value)] = count;
  out["reasons"] = describe_reasons(rows);
  Json& predictions = out["predictions"] = Json::object();
  for (std::size_t i = 0; i < results.description.labels.size(); ++i)
    predictions[results.description.labels[i].name] = describe_prediction(rows.predictions[i], results.description.labels[i].units);
  if (!rows.crystal_system_probability.empty()) out["crystal_systems"] = predicted_systems(rows.crystal_system_probability);
  if (!rows.pass_probability.empty()) out["pass_probability"] = summarise(rows.pass_probability);
  if (!rows.ood_score.empty()) out["ood_score"] = summarise(rows.ood_score);
  if (!results.description.embedding_widths.empty()) out["embedding_widths"] = results.description.embedding_widths;
  out["attributes"] = results.description.attributes;
  return out;
}

std::string results_text(const Json& d) {
  std::string text = fmt::format("{}: result table, version {}, {}\n", printable(d["file"].get<std::string>()), d["version"].get<int>(), size_text(d["bytes"].get<std::int64_t>()));
  const auto ok = d["status"].contains("0") ? d["status"]["0"].get<std::int64_t>() : 0;
  const auto rows = d["rows"].get<std::int64_t>();
  text += line("rows", fmt::format("{} ({} ok, {} without a prediction)", grouped(rows), grouped(ok), grouped(rows - ok)));
  for (const auto& reason : d["reasons"]) text += line("", fmt::format("{} x {}", grouped(reason["rows"].get<std::int64_t>()), printable(reason["reason"].get<std::string>())));
  for (const auto& [name, prediction] : d["predictions"].items()) {
    text += line(printable(name), fmt::format("{}: {}", printable(prediction["units"].get<std::string>()), range_text(prediction["value"])));
    for (const char* column : {"target", "std", "lo90", "hi90"})
      if (prediction.contains(column)) text += line(std::string("  ") + column, range_text(prediction[column]));
  }
  if (d.contains("crystal_systems"))
    for (const auto& [name, count] : d["crystal_systems"].items()) text += line(name, fmt::format("{} rows most probably", grouped(count.get<std::int64_t>())));
  for (const char* column : {"pass_probability", "ood_score"})
    if (d.contains(column)) text += line(column, range_text(d[column]));
  for (const auto& [name, value] : d["attributes"].items()) text += line(printable(name), printable(value.get<std::string>()));
  return text;
}

}  // namespace xxact::io::inspection
