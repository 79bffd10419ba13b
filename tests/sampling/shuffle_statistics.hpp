// How much an order looks like a random permutation: each function gives the probability that a fair shuffle deviates at least
// as far as this one. The distributions are closed forms; one in ten thousand falls below kFair, and seeds are fixed.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace xxact::sampling {

inline constexpr double kFair = 1e-4;

using Order = std::vector<std::int64_t>;                     // the item of each position
using Orders = std::function<Order(std::int64_t epoch)>;

bool is_permutation_of(const Order& order, std::int64_t size);

/// Upper tail of chi-squared for counts against one expectation.
double p_of_counts(const std::vector<double>& observed, const std::vector<double>& expected);
/// Two-sided, of a standard normal.
double p_of_normal(double z);

/// Item and position over many epochs, chi-squared with (n - 1)^2 degrees of freedom.
double p_of_places(const Orders& orders, std::int64_t size, std::int64_t epochs);
/// Every permutation of `size` items equally often, size! - 1 degrees of freedom.
double p_of_permutations(const Orders& orders, std::int64_t size, std::int64_t epochs);
/// Every ordered pair of items at two positions equally often.
double p_of_pairs(const Orders& orders, std::int64_t size, std::int64_t epochs, std::int64_t first, std::int64_t second);
/// Items that keep their place: Poisson of mean 1 for size >> 1.
double p_of_fixed_points(const Orders& orders, std::int64_t epochs);

/// One order each. Descents: mean (n - 1) / 2, variance (n + 1) / 12 (Eulerian numbers).
double p_of_descents(const Order& order);
/// Correlation of the items at positions i and i + lag; of item and position where lag is 0. Standard error 1 / sqrt(n).
double p_of_correlation(const Order& order, std::int64_t lag);
/// Mean length of the longest ascending subsequence over orders of one size: 2 sqrt(n) - 1.7711 n^(1/6), standard deviation
/// 0.9018 n^(1/6) (Baik, Deift and Johansson, J. Amer. Math. Soc. 12 (1999) 1119), exact for n to infinity.
double p_of_longest_ascent(const Orders& orders, std::int64_t epochs);

}  // namespace xxact::sampling
