// Numbers as one text and back: what runs after MPI_Finalize gets its arguments as texts.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace xxact {

inline std::string join_numbers(const std::vector<double>& values) { return fmt::format("{}", fmt::join(values, " ")); }

/// Numbers with one character between them, up to the first that is none.
inline std::vector<double> split_numbers(std::string_view text) {
  std::vector<double> values;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) break;
    values.push_back(value);
    at = next + 1;
  }
  return values;
}

}  // namespace xxact
