// Standard deviations of the parameters of a linearised least-squares problem, and of sums of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace xxact::xrd {

class Deviations {
 public:
  /// `columns` [parameters][points]: derivatives of the calculated values over the standard deviations of the points. `free`: the parameters that
  /// are not at a bound. Of parameters that depend on each other the later ones count as not determined.
  Deviations(const std::vector<std::vector<double>>& columns, const std::vector<std::size_t>& free);

  /// Of sum(gradient x), [parameters] or fewer; parameters at their bounds count as known. Nothing where a parameter is not determined or all are at
  /// their bounds.
  std::optional<double> of(std::span<const double> gradient) const;
  std::optional<double> of_parameter(std::size_t i) const;

 private:
  std::size_t parameters_;
  std::vector<std::size_t> free_, determined_;
  std::vector<double> inverse_;  // [determined, determined]
};

}  // namespace xxact::xrd
