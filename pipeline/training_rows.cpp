#include "pipeline/training_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <iterator>

#include "pipeline/batch_builder.hpp"

namespace xxact::pipeline {
namespace {

using Reasons = std::vector<std::pair<std::int64_t, std::string>>;  // by row, ascending

/// Why rows number first .. last - 1 of `rows` cannot be given to the model; of those that can there is nothing.
Reasons failing_rows(const io::Dataset& dataset, const RunConfig& config, const sampling::RowSelection& rows, std::int64_t first, std::int64_t last) {
  const RowJudge judge(config);
  Reasons reasons;
  for (auto k = first; k < last; ++k) {
    const std::int64_t row = rows.row(k);
    std::string reason = judge.refusal(dataset, row);
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

RowJudge::RowJudge(const RunConfig& config) : config_(config), simulator_(config.model.uses_xrd() ? std::make_unique<xrd::Simulator>(config.pattern) : nullptr) {}

std::string RowJudge::refusal(const io::Dataset& dataset, std::int64_t row) const {
  std::string reason = unusable_reason(dataset, row, config_);
  if (reason.empty() && simulator_ && dataset.has_structure(row)) reason = simulator_->refusal(dataset.structure(row)).value_or("");
  return reason;
}

TrainingRows select_training_rows(const io::Dataset& dataset, const RunConfig& config, const Labels& labels, const comm::Communicator& comm, int threads) {
  TrainingRows rows;
  const auto usable = [&](Subset subset) { return usable_rows(dataset, config, select_rows(dataset, subset, labels, config.model.tasks, config.model.objectives.empty()), comm, threads, rows.unusable); };
  const auto strata = strata_of(dataset, config.model.tasks);
  const auto seed = static_cast<std::uint64_t>(config.training.subset_seed);
  const sampling::SubsetRules rules{[&](std::int64_t row) { return sampling::record_key(seed, dataset.id(row)); }, strata, strata.count()};
  rows.train = subset_of_fraction(usable(Subset::train), config.training.train_fraction, rules, threads);
  rows.validation = subset_of_fraction(usable(Subset::validation), config.training.validation_fraction, rules, threads).list();
  return rows;
}

sampling::RowStrata strata_of(const io::Dataset& dataset, const std::vector<model::Task>& tasks) {
  std::vector<std::span<const float>> labels;
  for (const auto task : tasks)
    if (model::is_regression(task) && dataset.find_label(model::task_name(task)) != nullptr) labels.push_back(dataset.label(model::task_name(task)));
  return {std::move(labels), dataset.space_group()};
}

sampling::RowSelection subset_of_fraction(const sampling::RowSelection& rows, double fraction, const sampling::SubsetRules& rules, int threads) {
  if (fraction == 1 || rows.empty()) return rows;
  return sampling::subset(rows, sampling::count_of_fraction(fraction, rows.size()), rules, threads);
}

}  // namespace xxact::pipeline
