#include "pipeline/training_plan.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "pipeline/loader.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kLargestMicroBatch = 1024;
constexpr std::int64_t kCheckBatch = 256;
constexpr int kValidations = 10, kCheckpoints = 4;  // a run, unless configured

/// Reasons why rows of this rank's share cannot be simulated, by place in `rows`.
std::map<std::int64_t, std::string> failing_rows(const io::Dataset& dataset, const RunConfig& config, std::span<const std::int64_t> rows, const comm::Communicator& comm, int threads) {
  const auto share = comm::share_of(std::ssize(rows), comm.rank(), comm.size());
  const Standardisation unused;
  std::vector<BatchBuilder> builders;
  for (int i = 0; i < threads; ++i) builders.emplace_back(dataset, config, nullptr, unused, Augmentation::off);
  Loader loader(std::move(builders), (share.count() + kCheckBatch - 1) / kCheckBatch, 2 * threads, [&](BatchBuilder& builder, std::int64_t ticket) {
    std::vector<SampleRequest> samples;
    for (auto i = share.first + ticket * kCheckBatch; i < std::min(share.last, share.first + (ticket + 1) * kCheckBatch); ++i) samples.push_back({rows[static_cast<std::size_t>(i)], 0, i});
    return builder.build(samples);
  });
  std::map<std::int64_t, std::string> failures;
  while (const auto batch = loader.next())
    for (std::size_t i = 0; i < batch->samples.size(); ++i)
      if (!batch->failure[i].empty()) failures[batch->samples[i].sample] = batch->failure[i];
  return failures;
}

std::vector<std::int64_t> usable_rows(const io::Dataset& dataset, const RunConfig& config, const std::vector<std::int64_t>& rows, const comm::Communicator& comm, int threads, std::vector<std::string>& unusable) {
  const auto failures = failing_rows(dataset, config, rows, comm, threads);
  std::vector<std::int64_t> places;
  std::string reasons;
  for (const auto& [place, reason] : failures) {
    places.push_back(place);
    reasons += fmt::format("{}: {}\n", dataset.id(rows[static_cast<std::size_t>(place)]), reason);
  }
  for (const auto& text : comm.gather(reasons, 0, "gathering unusable rows"))
    if (!text.empty()) unusable.push_back(text);
  const auto all = comm.all_gather(std::span<const std::int64_t>(places), "gathering unusable rows");
  std::vector<std::int64_t> kept;
  auto next = all.begin();  // shares are contiguous and in rank order, so this is sorted
  for (std::int64_t place = 0; place < std::ssize(rows); ++place) {
    if (next != all.end() && *next == place)
      ++next;
    else
      kept.push_back(rows[static_cast<std::size_t>(place)]);
  }
  return kept;
}

}  // namespace

TrainingRows select_training_rows(const io::Dataset& dataset, const RunConfig& config, const Labels& labels, const comm::Communicator& comm, int threads) {
  TrainingRows rows;
  for (auto [subset, target] : {std::pair{Subset::train, &rows.train}, std::pair{Subset::validation, &rows.validation}})
    *target = usable_rows(dataset, config, select_rows(dataset, subset, labels, config.model.tasks, true), comm, threads, rows.unusable);
  return rows;
}

TrainingPlan::TrainingPlan(const RunConfig& config, std::vector<std::int64_t> rows, int rank, int ranks)
    : config_(config), rows_(std::move(rows)), order_(static_cast<std::uint64_t>(config.training.seed), std::ssize(rows_)),
      share_(comm::share_of(config.training.global_batch, rank, ranks)) {
  const auto& t = config.training;
  micro_size_ = t.micro_batch > 0 ? t.micro_batch : std::min(kLargestMicroBatch, std::max<std::int64_t>(1, share_.count()));
  micro_batches_ = (share_.count() + micro_size_ - 1) / micro_size_;
  const double steps_per_epoch = static_cast<double>(order_.samples()) / static_cast<double>(t.global_batch);
  const auto steps = [&](double epochs) { return std::max<std::int64_t>(1, std::llround(epochs * steps_per_epoch)); };
  total_steps_ = steps(t.epochs);
  warmup_steps_ = std::llround(t.warmup_fraction * static_cast<double>(total_steps_));
  validate_every_ = t.validate_epochs > 0 ? steps(t.validate_epochs) : std::max<std::int64_t>(1, total_steps_ / kValidations);
  checkpoint_every_ = t.checkpoint_epochs > 0 ? steps(t.checkpoint_epochs) : std::max<std::int64_t>(1, total_steps_ / kCheckpoints);
}

SampleRequest TrainingPlan::request(std::int64_t position) const {
  const auto at = order_.at(position);
  return {rows_[static_cast<std::size_t>(at.sample)], at.epoch, at.sample};
}

std::vector<SampleRequest> TrainingPlan::samples(std::int64_t step, std::int64_t micro) const {
  const std::int64_t start = step * config_.training.global_batch + share_.first;
  std::vector<SampleRequest> requests;
  for (auto i = micro * micro_size_; i < std::min(share_.count(), (micro + 1) * micro_size_); ++i) {
    requests.push_back(request(start + i));
    requests.back().step = step;
    requests.back().steps = total_steps_;
  }
  return requests;
}

std::array<double, 3> TrainingPlan::valid_count(std::int64_t step, const Labels& labels) const {
  std::array<double, 3> count = {0, 0, 0};
  for (std::int64_t i = 0; i < config_.training.global_batch; ++i) {
    const auto row = request(step * config_.training.global_batch + i).row;
    for (const auto task : config_.model.tasks) count[static_cast<std::size_t>(task)] += labels.known(task, row) ? 1 : 0;
  }
  return count;
}

}  // namespace xxact::pipeline
