// Kinds of rows that a subset or a batch should hold in proportion: which labels are known, and the crystal system.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace xxact::sampling {

/// Whether the order of samples looks at which labels are known: `labels` spreads each combination of known labels evenly.
enum class Stratification { none, labels };

/// The stratum of a row as a number 0 .. count() - 1. The spans must outlive it.
class RowStrata {
 public:
  static constexpr std::size_t kMostLabels = 8;

  /// Every combination of known (not NaN) `labels`, [labels][rows]; with `space_group`, [rows] or empty, each crystal system
  /// and the unknown one apart. ConfigError for more than kMostLabels labels.
  RowStrata(std::vector<std::span<const float>> labels, std::span<const std::uint8_t> space_group);

  int count() const { return count_; }
  /// Strata of so many labels.
  static int count_of(std::size_t labels, bool with_space_group);
  int operator()(std::int64_t row) const;

 private:
  std::vector<std::span<const float>> labels_;
  std::span<const std::uint8_t> space_group_;
  int count_;
};

}  // namespace xxact::sampling
