#include "pipeline/training_plan.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kLargestMicroBatch = 1024;
constexpr int kValidations = 10, kCheckpoints = 4;  // a run, unless configured

}  // namespace

TrainingPlan::TrainingPlan(TrainingData& data, const RunConfig& config, int rank, int ranks)
    : data_(data), config_(config), share_(comm::share_of(config.training.global_batch, rank, ranks)) {
  const auto& t = config.training;
  micro_size_ = t.micro_batch > 0 ? t.micro_batch : std::min(kLargestMicroBatch, std::max<std::int64_t>(1, share_.count()));
  micro_batches_ = (share_.count() + micro_size_ - 1) / micro_size_;
  const double steps_per_epoch = static_cast<double>(data.samples()) / static_cast<double>(t.global_batch);
  const auto steps = [&](double epochs) { return std::max<std::int64_t>(1, std::llround(epochs * steps_per_epoch)); };
  total_steps_ = steps(t.epochs);
  warmup_steps_ = std::llround(t.warmup_fraction * static_cast<double>(total_steps_));
  validate_every_ = t.validate_epochs > 0 ? steps(t.validate_epochs) : std::max<std::int64_t>(1, total_steps_ / kValidations);
  checkpoint_every_ = t.checkpoint_epochs > 0 ? steps(t.checkpoint_epochs) : std::max<std::int64_t>(1, total_steps_ / kCheckpoints);
}

double TrainingPlan::epoch(std::int64_t step) const { return static_cast<double>(position(step)) / static_cast<double>(data_.samples()); }

std::int64_t TrainingPlan::position(std::int64_t step) const { return step * config_.training.global_batch; }

std::vector<SampleRequest> TrainingPlan::samples(std::int64_t step, std::int64_t micro) const {
  std::vector<SampleRequest> requests;
  data_.visit(position(step) + share_.first, share_.count(), requests);
  for (auto& request : requests) {
    request.step = step;
    request.steps = total_steps_;
  }
  if (micro_batches_ == 1) return requests;
  const auto elements = [](const SampleRequest& sample) { return sample.dataset->composition(sample.row).atomic_number.size(); };
  std::ranges::stable_sort(requests, std::less<>(), elements);
  const auto first = requests.begin() + micro * micro_size_;
  return {first, first + std::min(micro_size_, share_.count() - micro * micro_size_)};
}

std::array<double, 3> TrainingPlan::valid_count(std::int64_t step) const {
  std::array<double, 3> count = {0, 0, 0};
  std::vector<SampleRequest> requests;
  data_.visit(position(step), config_.training.global_batch, requests);
  for (const auto& request : requests)
    for (const auto task : config_.model.tasks) count[static_cast<std::size_t>(task)] += request.labels->known(task, request.row) ? 1 : 0;
  return count;
}

}  // namespace xxact::pipeline
