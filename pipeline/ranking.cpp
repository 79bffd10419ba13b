#include "pipeline/ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/nearest_name.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kCandidates = 10'000;  // more than wanted, before the worst are dropped

/// Values of one row in the order of ranking_columns.
std::vector<float> row_values(const io::ResultRows& rows, std::size_t row) {
  std::vector<float> values;
  for (const auto& p : rows.predictions)
    for (const auto* column : {&p.value, &p.std, &p.lo90, &p.hi90}) values.push_back((*column)[row]);
  if (!rows.crystal_system_probability.empty())
    for (std::size_t c = 0; c < kCrystalSystems; ++c) values.push_back(rows.crystal_system_probability[row * kCrystalSystems + c]);
  if (!rows.space_group.empty()) values.insert(values.end(), {static_cast<float>(rows.space_group[row]), rows.space_group_probability[row]});
  if (!rows.metal_probability.empty()) values.push_back(rows.metal_probability[row]);
  return values;
}

}  // namespace

std::string csv_text(const std::string& text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = formula ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::vector<std::string> ranking_columns(const io::ResultDescription& description, const RankedColumns& more) {
  std::vector<std::string> columns;
  for (const auto& label : description.labels)
    for (const char* suffix : {"", "_std", "_lo90", "_hi90"}) columns.push_back(label.name + suffix);
  if (more.crystal_systems)
    for (int c = 0; c < kCrystalSystems; ++c) columns.push_back(fmt::format("probability_{}", crystal_system_name(c)));
  if (more.space_groups) columns.insert(columns.end(), {"space_group", "space_group_probability"});
  if (more.metals) columns.emplace_back("metal_probability");
  return columns;
}

Ranking::Ranking(const io::ResultDescription& description, const RankedColumns& more, const std::string& column, bool descending, std::int64_t top)
    : columns_(ranking_columns(description, more)), descending_(descending), top_(top) {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end())
    throw ConfigError("--rank-by '{}': there is no such column{} Columns: {}", column, suggestion(column, columns_).empty() ? "." : suggestion(column, columns_), fmt::join(columns_, ", "));
  column_ = static_cast<std::size_t>(found - columns_.begin());
}

void Ranking::keep_best(std::vector<Candidate>& candidates) const {
  const auto better = [](const Candidate& a, const Candidate& b) {
    const bool a_known = !std::isnan(a.key), b_known = !std::isnan(b.key);
    if (a_known != b_known) return a_known;
    return a_known && a.key != b.key ? a.key < b.key : a.position < b.position;
  };
  const auto kept = top_ > 0 ? std::min<std::size_t>(candidates.size(), static_cast<std::size_t>(top_)) : candidates.size();
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept), candidates.end(), better);
  candidates.resize(kept);
}

void Ranking::add(const io::ResultRows& rows, std::int64_t first) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.status[row] != 0) continue;
    const auto values = row_values(rows, row);
    std::string cells = csv_text(rows.id[row]) + "," + csv_text(rows.formula[row]);
    for (const float value : values) cells += fmt::format(",{:.6g}", value);
    best_.push_back({descending_ ? -static_cast<double>(values[column_]) : values[column_], first + static_cast<std::int64_t>(row), std::move(cells)});
  }
  if (top_ > 0 && std::ssize(best_) > 2 * top_ + kCandidates) keep_best(best_);
}

std::string Ranking::csv(const comm::Communicator& comm) const {
  std::string text;
  auto own = best_;
  keep_best(own);
  for (const auto& c : own) text += fmt::format("{:a} {} {}", c.key, c.position, c.cells) + '\0';
  std::vector<Candidate> merged;
  for (const auto& part : comm.gather(text, 0, "gathering the ranking"))
    for (std::size_t at = 0; at < part.size();) {
      const auto end = part.find('\0', at);
      const std::string entry = part.substr(at, end - at);
      const auto space = entry.find(' '), second = entry.find(' ', space + 1);
      merged.push_back({std::strtod(entry.c_str(), nullptr), std::stoll(entry.substr(space + 1)), entry.substr(second + 1)});
      at = end + 1;
    }
  if (!comm.root()) return {};
  keep_best(merged);
  std::string csv = fmt::format("rank,global_rank,id,formula,{}\n", fmt::join(columns_, ","));
  std::int64_t rank = 0;
  for (const auto& c : merged) {
    ++rank;
    csv += fmt::format("{},{},{}\n", rank, rank, c.cells);
  }
  return csv;
}

}  // namespace xxact::pipeline
