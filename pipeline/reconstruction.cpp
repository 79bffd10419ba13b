#include "pipeline/reconstruction.hpp"

#include <algorithm>
#include <vector>

namespace xxact::pipeline {
namespace {

/// Sums over hidden tokens, point by point of the pattern, so that the mean predictor's error follows when the mean is known.
class HiddenSums {
 public:
  explicit HiddenSums(std::int64_t points) : points_(static_cast<std::size_t>(points)), sums_(3 * points_ + 1, 0.0) {}

  /// A hidden token: its true points from place `first` of the pattern on, and what was said of them.
  void add(std::size_t first, std::span<const float> truth, const float* said) {
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double x = truth[i], error = said[i] - x;
      sums_[first + i] += 1;
      sums_[points_ + first + i] += x;
      sums_[2 * points_ + first + i] += x * x;
      sums_.back() += error * error;
    }
  }
  void sum_over(const comm::Communicator& comm) { comm.sum(sums_, "sums of rebuilt tokens"); }

  /// `mean` [points]: of the patterns.
  ReconstructionErrors errors(std::span<const double> mean) const {
    ReconstructionErrors errors;
    for (std::size_t p = 0; p < points_; ++p) {
      const double count = sums_[p], sum = sums_[points_ + p], squares = sums_[2 * points_ + p];
      errors.points += count;
      errors.zero += squares;
      errors.mean += squares - 2 * mean[p] * sum + count * mean[p] * mean[p];
    }
    const double count = std::max(errors.points, 1.0);
    errors.zero /= count;
    errors.mean /= count;
    errors.model = sums_.back() / count;
    return errors;
  }

 private:
  std::size_t points_;
  std::vector<double> sums_;  // of each point: how many, values, squares; then the squared errors
};

}  // namespace

ReconstructionMetrics measure_reconstruction(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                             std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options, const comm::Communicator& comm) {
  const torch::InferenceMode guard;
  net->eval();
  auto loader = load_rows(config, standardisation, dataset, rows, options, Hiding::on);
  const auto points = static_cast<std::size_t>(config.model.points), patch = static_cast<std::size_t>(config.model.patch);
  const auto precision = precision_on(device, config.training.precision);
  HiddenSums all(config.model.points), peaks(config.model.points);
  std::vector<double> patterns(points + 1, 0.0);  // their sum, point by point, and how many they are
  while (Batch* batch = loader.next()) {
    const auto input = to_device(batch->input, device);
    const auto said = [&] {
      const model::PrecisionScope scope(device, precision);
      return net->forward(input).reconstruction;
    }().to(torch::kCPU, torch::kFloat32).contiguous();  // [B, n, patch]
    const auto hidden = static_cast<std::size_t>(said.size(1));
    const auto* token = batch->input.hidden.data_ptr<std::int64_t>();
    const auto* truth = batch->targets.hidden_points.data_ptr<float>();
    const auto* rebuilt = said.data_ptr<float>();
    for (std::size_t i = 0; i < batch->samples.size(); ++i) {
      if (!batch->failure[i].empty()) continue;
      const auto* pattern = batch->input.pattern.data_ptr<float>() + i * points;
      for (std::size_t p = 0; p < points; ++p) patterns[p] += pattern[p];
      ++patterns[points];
      for (auto k = i * hidden; k < (i + 1) * hidden; ++k) {
        const std::span<const float> x(truth + k * patch, patch);
        const auto first = static_cast<std::size_t>(token[k]) * patch;
        all.add(first, x, rebuilt + k * patch);
        if (*std::ranges::max_element(x) >= kPeakBearing) peaks.add(first, x, rebuilt + k * patch);
      }
    }
  }
  comm.sum(patterns, "sums of patterns");
  all.sum_over(comm);
  peaks.sum_over(comm);
  const double count = std::max(patterns[points], 1.0);
  for (auto& value : patterns) value /= count;
  const std::span<const double> mean(patterns.data(), points);
  return {all.errors(mean), peaks.errors(mean)};
}

}  // namespace xxact::pipeline
