#include "pipeline/training_plan.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/schedule.hpp"
#include "pipeline/hidden_tokens.hpp"

namespace xxact::pipeline {
namespace {

constexpr int kValidations = 10, kCheckpoints = 4;  // a run, unless configured

}  // namespace

TrainingPlan::TrainingPlan(TrainingData& data, const RunConfig& config, int rank, int ranks, std::int64_t micro_batch)
    : data_(data), config_(config),
      schedule_(std::llround(config.training.epochs * static_cast<double>(data.samples())), config.training.global_batch, config.training.batch_start, config.training.batch_ramp),
      micro_size_(micro_batch) {
  const auto& t = config.training;
  std::int64_t pass = 0;
  for (const auto& stage : schedule_.stages()) {
    const auto share = comm::share_of(stage.batch, rank, ranks);
    const auto passes = (share.count() + micro_size_ - 1) / micro_size_;
    shares_.push_back({share, passes, pass});
    pass += passes * (stage.last_step - stage.first_step);
  }
  // In whole batches, at least one.
  const double batches = static_cast<double>(total_samples()) / static_cast<double>(t.global_batch);
  const auto period = [&](double epochs, int times) {
    const auto whole = epochs > 0 ? std::llround(epochs / t.epochs * batches) : static_cast<std::int64_t>(batches) / times;
    return std::max<std::int64_t>(1, whole) * t.global_batch;
  };
  warmup_ = std::llround(t.warmup_fraction * batches) * t.global_batch;
  validate_every_ = period(t.validate_epochs, kValidations);
  checkpoint_every_ = period(t.checkpoint_epochs, kCheckpoints);
}

bool TrainingPlan::ends_a_period(std::int64_t step, std::int64_t samples) const {
  return step == total_steps() || position(step) / samples > position(step - 1) / samples;
}

double TrainingPlan::learning_rate(std::int64_t step) const {
  const auto& t = config_.training;
  const double rate = model::learning_rate(position(step), position(step + 1), total_samples(), warmup_, t.learning_rate);
  const double share = static_cast<double>(batch(step)) / static_cast<double>(t.global_batch);
  return t.ramp_rate == RampRate::root ? rate * std::sqrt(share) : rate;
}

double TrainingPlan::epoch(std::int64_t step) const { return static_cast<double>(position(step)) / static_cast<double>(data_.samples()); }

std::int64_t TrainingPlan::passes_before(std::int64_t step) const {
  const auto stage = schedule_.stage_of(step);
  return shares_[stage].first_pass + (step - schedule_.stages()[stage].first_step) * shares_[stage].passes;
}

TrainingPlan::Pass TrainingPlan::pass(std::int64_t number) const {
  // Stages without passes of this rank begin where the next one does, and are passed over.
  const auto next = std::ranges::upper_bound(shares_, number, {}, &StageShare::first_pass);
  const auto stage = static_cast<std::size_t>(next - shares_.begin()) - 1;
  const auto& share = shares_[stage];
  const auto within = number - share.first_pass;
  return {schedule_.stages()[stage].first_step + within / share.passes, within % share.passes};
}

std::vector<SampleRequest> TrainingPlan::samples(const Pass& pass) const {
  const auto& share = shares_[schedule_.stage_of(pass.step)];
  std::vector<SampleRequest> requests;
  data_.visit(position(pass.step) + share.samples.first, share.samples.count(), requests);
  const double progress = static_cast<double>(position(pass.step)) / static_cast<double>(total_samples());
  for (auto& request : requests) request.progress = progress;
  if (share.passes == 1) return requests;
  const auto elements = [](const SampleRequest& sample) { return sample.dataset->composition(sample.row).atomic_number.size(); };
  std::ranges::stable_sort(requests, std::less<>(), elements);
  const auto first = requests.begin() + pass.micro * micro_size_;
  return {first, first + std::min(micro_size_, share.samples.count() - pass.micro * micro_size_)};
}

model::Counts TrainingPlan::counts(std::int64_t step) const {
  model::Counts counts;
  const auto& model = config_.model;
  if (model.learns(model::Objective::masked))
    counts.hidden_points = static_cast<double>(batch(step) * hidden_count(config_.training.mask_ratio, model.tokens()) * model.patch);
  if (model.learns(model::Objective::contrastive)) counts.pairs = static_cast<double>(batch(step));
  if (model.tasks.empty()) return counts;
  std::vector<SampleRequest> requests;
  data_.visit(position(step), batch(step), requests);
  for (const auto& request : requests)
    for (const auto task : model.tasks) counts.labels[static_cast<std::size_t>(task)] += request.labels->known(task, request.row) ? 1 : 0;
  return counts;
}

}  // namespace xxact::pipeline
