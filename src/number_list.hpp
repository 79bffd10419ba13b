// Numbers as one text and back: what runs after MPI_Finalize gets its arguments as texts.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace xxact {

inline std::string join_numbers(const std::vector<double>& values) { return fmt::format("{}", fmt::join(values, " ")); }

/// Numbers with a blank, a comma or a hyphen between them; what is no such list ends with a number that is not one (NaN).
inline std::vector<double> split_numbers(std::string_view text) {
  std::vector<double> values;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    const bool separated = next == end || (next + 1 < end && std::string_view(" ,-").find(*next) != std::string_view::npos);
    if (error != std::errc{} || !separated) {
      values.push_back(std::numeric_limits<double>::quiet_NaN());
      break;
    }
    values.push_back(value);
    at = next == end ? end : next + 1;
  }
  return values;
}

}  // namespace xxact
