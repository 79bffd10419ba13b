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

/// Values of one row in the order of ranking_columns.
std::vector<float> row_values(const io::ResultRows& rows, std::size_t row) {
  std::vector<float> values;
  for (const auto& p : rows.predictions)
    for (const auto* column : {&p.value, &p.std, &p.lo90, &p.hi90}) values.push_back((*column)[row]);
  if (!rows.crystal_system_probability.empty())
    for (std::size_t c = 0; c < kCrystalSystems; ++c) values.push_back(rows.crystal_system_probability[row * kCrystalSystems + c]);
  return values;
}

struct Candidate {
  double key;             // smaller is better
  std::int64_t position;  // in the whole file
  std::string cells;      // id,formula,columns
};

bool better(const Candidate& a, const Candidate& b) { return a.key != b.key ? a.key < b.key : a.position < b.position; }

std::vector<Candidate> best_candidates(std::vector<Candidate> candidates, std::int64_t top) {
  const auto kept = top > 0 ? std::min<std::size_t>(candidates.size(), static_cast<std::size_t>(top)) : candidates.size();
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept), candidates.end(), better);
  candidates.resize(kept);
  return candidates;
}

std::vector<Candidate> own_candidates(const io::ResultRows& rows, std::size_t column, bool descending, std::int64_t first_position) {
  std::vector<Candidate> candidates;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.status[row] != 0) continue;
    const auto values = row_values(rows, row);
    std::string cells = csv_text(rows.id[row]) + "," + csv_text(rows.formula[row]);
    for (const float value : values) cells += fmt::format(",{:.6g}", value);
    candidates.push_back({descending ? -static_cast<double>(values[column]) : values[column], first_position + static_cast<std::int64_t>(row), std::move(cells)});
  }
  return candidates;
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

std::vector<std::string> ranking_columns(const io::ResultRows& rows, const io::ResultDescription& description) {
  std::vector<std::string> columns;
  for (const auto& label : description.labels)
    for (const char* suffix : {"", "_std", "_lo90", "_hi90"}) columns.push_back(label.name + suffix);
  if (!rows.crystal_system_probability.empty())
    for (int c = 0; c < kCrystalSystems; ++c) columns.push_back(fmt::format("probability_{}", crystal_system_name(c)));
  return columns;
}

std::string ranking_csv(const io::ResultRows& local, const io::ResultDescription& description, const std::string& column, bool descending, std::int64_t top, const comm::Communicator& comm) {
  // A rank without rows cannot see the class columns itself: all ranks agree on the number of columns.
  auto columns = ranking_columns(local, description);
  std::array<double, 1> count = {static_cast<double>(columns.size())};
  comm.max(count, "agreeing on the ranking's columns");
  if (columns.size() < static_cast<std::size_t>(count[0])) {
    io::ResultRows classes;
    classes.crystal_system_probability = {0};
    columns = ranking_columns(classes, description);
  }
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end())
    throw ConfigError("--rank-by '{}': there is no such column{} Columns: {}", column, suggestion(column, columns).empty() ? "." : suggestion(column, columns), fmt::join(columns, ", "));

  const auto own_rows = static_cast<std::int64_t>(local.size());
  const auto all_rows = comm.all_gather(std::span(&own_rows, 1), "counting rows");
  std::int64_t first = 0;
  for (int r = 0; r < comm.rank(); ++r) first += all_rows[static_cast<std::size_t>(r)];

  std::string text;
  for (const auto& c : best_candidates(own_candidates(local, static_cast<std::size_t>(found - columns.begin()), descending, first), top))
    text += fmt::format("{:a} {} {}", c.key, c.position, c.cells) + '\0';
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
  std::string csv = fmt::format("rank,global_rank,id,formula,{}\n", fmt::join(columns, ","));
  std::int64_t rank = 0;
  for (const auto& c : best_candidates(std::move(merged), top)) {
    ++rank;
    csv += fmt::format("{},{},{}\n", rank, rank, c.cells);
  }
  return csv;
}

}  // namespace xxact::pipeline
