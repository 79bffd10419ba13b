#include "pipeline/scaling_law/statistics.hpp"

#include <algorithm>
#include <atomic>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"

namespace xxact::scaling_law {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kUnknown = std::numeric_limits<double>::quiet_NaN();

std::vector<Observation> observations_of(std::span<const RunLoss> runs) {
  std::vector<Observation> observations;
  for (const auto& run : runs) observations.push_back({{run.size}, run.loss});
  return observations;
}

double student(double level, double freedom) { return boost::math::quantile(boost::math::students_t(freedom), 0.5 + level / 2); }

/// What scale the objective has: 2 (objective - least) / unit is about F(1, n - p) distributed at the true value of a parameter. Huber's loss: var psi and mean psi' as in the asymptotic variance of
/// M-estimators (Huber, doi:10.1214/aoms/1177703732).
struct Scatter {
  double unit = 0, noise = 0, freedom = 0;
};
Scatter scatter_of(const Fit& fit) {
  const auto n = static_cast<double>(fit.residual.size());
  double squares = 0, slope = 0;
  for (const double r : fit.residual) {
    const double influence = std::clamp(r, -fit.huber, fit.huber);
    squares += influence * influence;
    slope += std::abs(r) <= fit.huber ? 1 / n : 0;
  }
  const double freedom = n - fit.parameters(), variance = squares / freedom;
  return {variance / std::max(slope, 1 / n), std::sqrt(variance) / std::max(slope, 1 / n), freedom};
}

/// The place between `inside`, where `far` is false, and `outside`, where it is true.
double boundary(double inside, double outside, const std::function<bool(double)>& far) {
  for (int i = 0; i < 40 && std::abs(outside - inside) > 1e-5 * std::max(1e-3, std::abs(inside)); ++i) {
    const double middle = 0.5 * (inside + outside);
    (far(middle) ? outside : inside) = middle;
  }
  return 0.5 * (inside + outside);
}

/// Outwards from `best` by doubled steps until `far`, and back to the boundary; `limit` if it is never far before.
double end_of_interval(double best, double step, double limit, const std::function<bool(double)>& far) {
  double inside = best;
  for (double way = step;; way *= 2) {
    const double place = step > 0 ? std::min(best + way, limit) : std::max(best + way, limit);
    if (far(place)) return boundary(inside, place, far);
    if (place == limit) return limit;
    inside = place;
  }
}

/// The profile interval of one parameter at an anchor.
Interval profile_interval(std::span<const Observation> observations, const Fit& fit, double anchor, std::size_t which, double step, Interval limits, double level) {
  const auto scatter = scatter_of(fit);
  const double best = parameters_at(fit, anchor)[which];
  if (!(scatter.unit > 0)) return {best, best};
  const double t = student(level, scatter.freedom), most = fit.objective + 0.5 * scatter.unit * t * t;
  const auto far = [&](double value) { return profile(observations, fit, anchor, which, value) > most; };
  return {end_of_interval(best, -step, limits.low, far), end_of_interval(best, step, limits.high, far)};
}

Interval exponent_interval(std::span<const Observation> observations, const Fit& fit, double level) {
  constexpr Interval kLimits{-4, 16};  // beyond these nothing is a law
  auto interval = profile_interval(observations, fit, fit.centre[0], 1, std::max(0.01, 0.2 * std::abs(fit.law.exponent[0])), kLimits, level);
  if (interval.low == kLimits.low) interval.low = -kInfinity;
  if (interval.high == kLimits.high) interval.high = kInfinity;
  return interval;
}

Interval floor_interval(std::span<const Observation> observations, const Fit& fit, double level) {
  double least = kInfinity;
  for (const auto& o : observations) least = std::min(least, std::log(o.loss));
  constexpr double kNone = 18;  // e^-18 of the least loss is none
  const Interval limits{least - kNone, least + 1};
  auto interval = profile_interval(observations, fit, fit.centre[0], 2, 0.2, limits, level);
  return {interval.low <= limits.low ? 0 : std::exp(interval.low), interval.high >= limits.high ? kInfinity : std::exp(interval.high)};
}

Interval scale_interval(std::span<const Observation> observations, const Fit& fit, double level) {
  const double best = parameters_at(fit, 0)[0];
  constexpr double kWidest = 60;
  const auto interval = profile_interval(observations, fit, 0, 0, 0.1, {best - kWidest, best + kWidest}, level);
  return {interval.low <= best - kWidest ? 0 : std::exp(interval.low), interval.high >= best + kWidest ? kInfinity : std::exp(interval.high)};
}

/// The runs of each size.
std::map<double, std::vector<RunLoss>> by_size(std::span<const RunLoss> runs) {
  std::map<double, std::vector<RunLoss>> sizes;
  for (const auto& run : runs) sizes[run.size].push_back(run);
  return sizes;
}

std::size_t place_below(std::size_t count, CounterRandom& random) { return static_cast<std::size_t>((static_cast<std::uint64_t>(random.next_u32()) * count) >> 32); }

/// Calls work(i) for i below `count` from several threads; the first exception is thrown again.
void in_threads(int count, int threads, const std::function<void(int)>& work) {
  std::atomic<int> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  std::vector<std::jthread> pool;
  for (int t = 0; t < std::max(1, threads); ++t)
    pool.emplace_back([&] {
      try {
        for (int i = next++; i < count; i = next++) work(i);
      } catch (...) {
        const std::scoped_lock lock(mutex);
        failure = std::current_exception();
      }
    });
  pool.clear();
  if (failure) std::rethrow_exception(failure);
}

Interval bootstrap_exponent(std::span<const RunLoss> runs, const Fit& fit, bool floor, const StatisticsOptions& options) {
  const auto sizes = by_size(runs);
  std::vector<const std::vector<RunLoss>*> groups;
  for (const auto& [size, group] : sizes) groups.push_back(&group);
  const std::size_t needed = floor ? 3 : 2;
  std::vector<double> exponents(static_cast<std::size_t>(options.bootstrap));
  in_threads(options.bootstrap, options.threads, [&](int replicate) {
    CounterRandom random(options.seed, Purpose::bootstrap, static_cast<std::uint64_t>(replicate), 0);
    std::vector<Observation> drawn;
    for (std::size_t distinct = 0; distinct < needed;) {
      drawn.clear();
      std::map<double, int> seen;
      for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto& group = *groups[place_below(groups.size(), random)];
        ++seen[group.front().size];
        for (std::size_t j = 0; j < group.size(); ++j) {
          const auto& run = group[place_below(group.size(), random)];
          drawn.push_back({{run.size}, run.loss});
        }
      }
      distinct = seen.size();
    }
    exponents[static_cast<std::size_t>(replicate)] = scaling_law::fit(drawn, {floor, fit.huber, fit.law}).law.exponent[0];
  });
  std::ranges::sort(exponents);
  const auto at = [&](double share) { return exponents[static_cast<std::size_t>(std::lround(share * static_cast<double>(exponents.size() - 1)))]; };
  return {at(0.5 - options.level / 2), at(0.5 + options.level / 2)};
}

double squares_about(std::span<const double> values, double centre) {
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return sum;
}

double extrapolation_error(std::span<const RunLoss> runs, bool floor) {
  const auto sizes = by_size(runs);
  const std::size_t needed = floor ? 4 : 3;
  if (sizes.size() < needed) return kUnknown;
  const auto& [largest, held_out] = *sizes.rbegin();
  std::vector<Observation> rest;
  for (const auto& run : runs)
    if (run.size < largest) rest.push_back({{run.size}, run.loss});
  double log_mean = 0;
  for (const auto& run : held_out) log_mean += std::log(run.loss) / static_cast<double>(held_out.size());
  const double size = largest;
  return fit(rest, {floor}).law({&size, 1}) / std::exp(log_mean) - 1;
}

/// Solves the symmetric positive definite a x = b by Cholesky's method; false where it is not.
bool solve(std::vector<std::vector<double>> a, std::vector<double>& b) {
  const auto n = b.size();
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t k = 0; k < j; ++k) a[j][j] -= a[j][k] * a[j][k];
    if (!(a[j][j] > 0)) return false;
    a[j][j] = std::sqrt(a[j][j]);
    for (std::size_t i = j + 1; i < n; ++i) {
      for (std::size_t k = 0; k < j; ++k) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] /= a[j][j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return true;
}

}  // namespace

LawStatistics law_statistics(std::span<const RunLoss> runs, bool floor, const StatisticsOptions& options) {
  const auto observations = observations_of(runs);
  LawStatistics law;
  law.fit = fit(observations, {floor});
  const auto n = static_cast<double>(runs.size()), p = static_cast<double>(law.fit.parameters());
  if (n <= p) throw ConfigError("{} runs say nothing about the scatter around a law of {} parameters", runs.size(), law.fit.parameters());
  law.noise = scatter_of(law.fit).noise;
  law.exponent = exponent_interval(observations, law.fit, options.level);
  law.scale = scale_interval(observations, law.fit, options.level);
  if (floor) law.floor = floor_interval(observations, law.fit, options.level);
  if (options.bootstrap > 0) law.exponent_bootstrap = bootstrap_exponent(runs, law.fit, floor, options);
  const double rss = squares_about(law.fit.residual, 0), k = p + 1;  // the noise is a parameter too
  law.aicc = n - k - 1 > 0 ? n * std::log(std::max(rss, 1e-300) / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1) : kInfinity;
  std::vector<double> logs;
  for (const auto& run : runs) logs.push_back(std::log(run.loss));
  double mean = 0;
  for (const double value : logs) mean += value / n;
  law.r2 = 1 - rss / squares_about(logs, mean);
  law.extrapolation_error = extrapolation_error(runs, floor);
  return law;
}

BandPoint band_at(const LawStatistics& law, std::span<const RunLoss> runs, double size, double level) {
  const auto at = log_loss(law.fit, {&size, 1});
  // A floor that is none has no derivative.
  const auto count = law.fit.law.floor > 0 || at.gradient.size() < 3 ? at.gradient.size() : at.gradient.size() - 1;
  std::vector<std::vector<double>> information(count, std::vector<double>(count, 0.0));
  for (const auto& run : runs) {
    const auto g = log_loss(law.fit, {&run.size, 1}).gradient;
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < count; ++j) information[i][j] += g[i] * g[j];
  }
  std::vector<double> x(at.gradient.begin(), at.gradient.begin() + static_cast<std::ptrdiff_t>(count));
  const double loss = std::exp(at.value);
  if (law.noise == 0) return {size, loss, {loss, loss}};
  if (!solve(information, x)) return {size, loss, {0, kInfinity}};
  double variance = 0;
  for (std::size_t i = 0; i < count; ++i) variance += at.gradient[i] * x[i];
  const double half = student(level, static_cast<double>(runs.size()) - law.fit.parameters()) * law.noise * std::sqrt(std::max(variance, 0.0));
  return {size, loss, {loss * std::exp(-half), loss * std::exp(half)}};
}

SizeForLoss size_for(const LawStatistics& law, std::span<const RunLoss> runs, double loss, double level) {
  if (!(loss > 0)) throw ConfigError("a loss of {} cannot be reached: it must be above 0", loss);
  double least = kInfinity, greatest = 0;
  for (const auto& run : runs) least = std::min(least, run.size), greatest = std::max(greatest, run.size);
  // From far below the sizes on: the first place at which a curve is at or below the loss.
  const double begin = std::log(least) - std::log(1e9), end = std::log(greatest) + std::log(1e9);
  const auto first_below = [&](const std::function<double(double)>& curve) {
    constexpr int kSteps = 2000;
    double before = begin;
    if (curve(std::exp(begin)) <= loss) return 0.0;
    for (int i = 1; i <= kSteps; ++i) {
      const double place = begin + (end - begin) * i / kSteps;
      if (curve(std::exp(place)) <= loss) return std::exp(boundary(before, place, [&](double x) { return curve(std::exp(x)) <= loss; }));
      before = place;
    }
    return kInfinity;
  };
  SizeForLoss result;
  const auto& fitted = law.fit.law;
  result.size = loss > fitted.floor && fitted.exponent[0] > 0 ? std::pow((loss - fitted.floor) / fitted.scale[0], -1 / fitted.exponent[0]) : kInfinity;
  result.interval.low = first_below([&](double size) { return band_at(law, runs, size, level).interval.low; });
  result.interval.high = first_below([&](double size) { return band_at(law, runs, size, level).interval.high; });
  return result;
}

Coverage measure_coverage(const PowerLaw& truth, double noise, std::span<const RunLoss> design, bool floor, int repetitions, const StatisticsOptions& options) {
  std::atomic<int> exponents = 0, floors = 0;
  in_threads(repetitions, options.threads, [&](int repetition) {
    CounterRandom random(options.seed, Purpose::bootstrap, static_cast<std::uint64_t>(repetition), 1);
    std::vector<Observation> observations;
    for (const auto& run : design) observations.push_back({{run.size}, truth({&run.size, 1}) * std::exp(noise * static_cast<double>(random.normal()))});
    const auto fitted = fit(observations, {floor});
    const auto covers = [](const Interval& interval, double value) { return interval.low <= value && value <= interval.high; };
    exponents += covers(exponent_interval(observations, fitted, options.level), truth.exponent.at(0)) ? 1 : 0;
    if (floor) floors += covers(floor_interval(observations, fitted, options.level), truth.floor) ? 1 : 0;
  });
  const auto share = [&](int hits) { return static_cast<double>(hits) / std::max(1, repetitions); };
  return {share(exponents), share(floors), repetitions};
}

Difference difference(double a, const Interval& of_a, double b, const Interval& of_b) {
  const double d = a - b;
  return {d, {d - std::hypot(a - of_a.low, of_b.high - b), d + std::hypot(of_a.high - a, b - of_b.low)}};
}

}  // namespace xxact::scaling_law
