#include "pipeline/training_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <future>
#include <iterator>
#include <optional>
#include <utility>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kLargestMicroBatch = 1024;
constexpr int kValidations = 10, kCheckpoints = 4;  // a run, unless configured

using Reasons = std::vector<std::pair<std::int64_t, std::string>>;  // by row, ascending

/// Why rows number first .. last - 1 of `rows` cannot be given to the model; of those that can there is nothing.
Reasons failing_rows(const io::Dataset& dataset, const RunConfig& config, const sampling::RowSelection& rows, std::int64_t first, std::int64_t last) {
  std::optional<xrd::Simulator> simulator;
  if (config.model.uses_xrd()) simulator.emplace(config.pattern);
  Reasons reasons;
  for (auto k = first; k < last; ++k) {
    const std::int64_t row = rows.row(k);
    std::string reason = unusable_reason(dataset, row, config.model);
    if (reason.empty() && simulator) reason = simulator->refusal(dataset.structure(row)).value_or("");
    if (!reason.empty()) reasons.emplace_back(row, std::move(reason));
  }
  return reasons;
}

/// The same for all rows of this rank's share, which the threads divide among themselves.
Reasons failing_rows_of_share(const io::Dataset& dataset, const RunConfig& config, const sampling::RowSelection& rows, const comm::Share& share, int threads) {
  std::vector<std::future<Reasons>> parts;
  for (int i = 0; i < threads; ++i) {
    const auto part = comm::share_of(share.count(), i, threads);
    parts.push_back(std::async(std::launch::async, [&, first = share.first + part.first, last = share.first + part.last] { return failing_rows(dataset, config, rows, first, last); }));
  }
  Reasons reasons;
  for (auto& part : parts) std::ranges::move(part.get(), std::back_inserter(reasons));
  return reasons;
}

sampling::RowSelection usable_rows(const io::Dataset& dataset, const RunConfig& config, const sampling::RowSelection& rows, const comm::Communicator& comm, int threads, std::vector<std::string>& unusable) {
  std::vector<std::int64_t> failing;
  std::string reasons;
  for (const auto& [row, reason] : failing_rows_of_share(dataset, config, rows, comm::share_of(rows.size(), comm.rank(), comm.size()), threads)) {
    failing.push_back(row);
    reasons += fmt::format("{}: {}\n", dataset.id(row), reason);
  }
  for (const auto& text : comm.gather(reasons, 0, "gathering unusable rows"))
    if (!text.empty()) unusable.push_back(text);
  return rows.without(comm.all_gather(std::span<const std::int64_t>(failing), "gathering unusable rows"));
}

}  // namespace

TrainingRows select_training_rows(const io::Dataset& dataset, const RunConfig& config, const Labels& labels, const comm::Communicator& comm, int threads) {
  TrainingRows rows;
  const auto usable = [&](Subset subset) { return usable_rows(dataset, config, select_rows(dataset, subset, labels, config.model.tasks, true), comm, threads, rows.unusable); };
  rows.train = usable(Subset::train);
  rows.validation = usable(Subset::validation).list();
  return rows;
}

TrainingPlan::TrainingPlan(const io::Dataset& dataset, const RunConfig& config, sampling::RowSelection rows, int rank, int ranks)
    : dataset_(dataset), config_(config), rows_(std::move(rows)), order_(static_cast<std::uint64_t>(config.training.seed), rows_.size()),
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
  return {rows_.row(at.sample), at.epoch, at.sample};
}

std::vector<SampleRequest> TrainingPlan::samples(std::int64_t step, std::int64_t micro) const {
  const std::int64_t start = step * config_.training.global_batch + share_.first;
  std::vector<SampleRequest> requests;
  for (std::int64_t i = 0; i < share_.count(); ++i) {
    requests.push_back(request(start + i));
    requests.back().step = step;
    requests.back().steps = total_steps_;
  }
  if (micro_batches_ == 1) return requests;
  const auto elements = [this](const SampleRequest& sample) { return dataset_.composition(sample.row).atomic_number.size(); };
  std::ranges::stable_sort(requests, std::less<>(), elements);
  const auto first = requests.begin() + micro * micro_size_;
  return {first, first + std::min(micro_size_, share_.count() - micro * micro_size_)};
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
