#include "tests/sampling/shuffle_statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>
#include <numeric>

namespace xxact::sampling {
namespace {

double upper_tail(double chi_squared, double degrees) {
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(degrees), chi_squared));
}

double size_of(const Order& order) { return static_cast<double>(order.size()); }
std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

bool is_permutation_of(const Order& order, std::int64_t size) {
  std::vector<bool> seen(at(size), false);
  for (const auto item : order) {
    if (item < 0 || item >= size || seen[at(item)]) return false;
    seen[at(item)] = true;
  }
  return std::ssize(order) == size;
}

double p_of_counts(const std::vector<double>& observed, const std::vector<double>& expected) {
  double chi_squared = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) chi_squared += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
  return upper_tail(chi_squared, static_cast<double>(observed.size() - 1));
}

double p_of_normal(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

double p_of_places(const Orders& orders, std::int64_t size, std::int64_t epochs) {
  std::vector<double> count(at(size * size), 0.0);
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = orders(epoch);
    for (std::int64_t i = 0; i < size; ++i) ++count[at(order[at(i)] * size + i)];
  }
  const double n = static_cast<double>(size), expected = static_cast<double>(epochs) / n;
  double chi_squared = 0;
  for (const double observed : count) chi_squared += (observed - expected) * (observed - expected) / expected;
  // Rows and columns of a permutation matrix add up to 1, which takes the factor (n - 1) / n.
  return upper_tail(chi_squared * (n - 1) / n, (n - 1) * (n - 1));
}

double p_of_permutations(const Orders& orders, std::int64_t size, std::int64_t epochs) {
  std::map<Order, double> seen;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) ++seen[orders(epoch)];
  std::vector<double> observed;
  for (const auto& [order, count] : seen) observed.push_back(count);
  observed.resize(static_cast<std::size_t>(std::llround(std::tgamma(static_cast<double>(size) + 1))), 0.0);
  return p_of_counts(observed, std::vector<double>(observed.size(), static_cast<double>(epochs) / static_cast<double>(observed.size())));
}

double p_of_pairs(const Orders& orders, std::int64_t size, std::int64_t epochs, std::int64_t first, std::int64_t second) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> seen;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = orders(epoch);
    ++seen[{order[at(first)], order[at(second)]}];
  }
  std::vector<double> observed;
  for (const auto& [pair, count] : seen) observed.push_back(count);
  observed.resize(at(size * (size - 1)), 0.0);
  return p_of_counts(observed, std::vector<double>(observed.size(), static_cast<double>(epochs) / static_cast<double>(observed.size())));
}

double p_of_fixed_points(const Orders& orders, std::int64_t epochs) {
  constexpr std::size_t kClasses = 6;  // 0 to 4, 5 and more
  std::vector<double> observed(kClasses, 0.0), expected(kClasses, 0.0);
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = orders(epoch);
    std::size_t fixed = 0;
    for (std::size_t i = 0; i < order.size(); ++i) fixed += order[i] == static_cast<std::int64_t>(i) ? 1U : 0U;
    ++observed[std::min(fixed, kClasses - 1)];
  }
  double left = static_cast<double>(epochs);
  for (std::size_t k = 0; k + 1 < kClasses; ++k) left -= expected[k] = static_cast<double>(epochs) * std::exp(-1.0) / std::tgamma(static_cast<double>(k) + 1);
  expected.back() = left;
  return p_of_counts(observed, expected);
}

double p_of_descents(const Order& order) {
  double descents = 0;
  for (std::size_t i = 1; i < order.size(); ++i) descents += order[i] < order[i - 1] ? 1 : 0;
  return p_of_normal((descents - (size_of(order) - 1) / 2) / std::sqrt((size_of(order) + 1) / 12));
}

double p_of_correlation(const Order& order, std::int64_t lag) {
  const double n = size_of(order), middle = (n - 1) / 2, variance = (n * n - 1) / 12;
  double sum = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double other = lag == 0 ? static_cast<double>(i) : static_cast<double>(order[(i + at(lag)) % order.size()]);
    sum += (static_cast<double>(order[i]) - middle) * (other - middle);
  }
  const double mean = lag == 0 ? 0 : -1 / (n - 1);
  return p_of_normal((sum / n / variance - mean) * std::sqrt(n));
}

double p_of_longest_ascent(const Orders& orders, std::int64_t epochs) {
  double sum = 0, size = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = orders(epoch);
    Order tails;  // the smallest end of an ascending subsequence of each length
    for (const auto item : order) {
      const auto place = std::lower_bound(tails.begin(), tails.end(), item);
      if (place == tails.end())
        tails.push_back(item);
      else
        *place = item;
    }
    sum += static_cast<double>(tails.size());
    size = size_of(order);
  }
  const double sixth = std::pow(size, 1.0 / 6);
  return p_of_normal((sum / static_cast<double>(epochs) - (2 * std::sqrt(size) - 1.7711 * sixth)) / (0.9018 * sixth / std::sqrt(static_cast<double>(epochs))));
}

}  // namespace xxact::sampling
