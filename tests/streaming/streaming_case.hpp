// A dataset of the example's rows, and the comparison of rows that were read in parts with those that were read whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/dataset.hpp"

namespace xxact::streaming {

/// Writes rows 0 .. rows - 1 of the example. Collective on the world.
std::filesystem::path write_rows(const std::string& name, std::int64_t rows, int compress = 0);

/// What differs between row `i` of `a` and row `j` of `b`, bit by bit; empty when nothing does.
std::string difference(const io::Dataset& a, std::int64_t i, const io::Dataset& b, std::int64_t j);

}  // namespace xxact::streaming
