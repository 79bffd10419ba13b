#include "pipeline/training_data.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xxact::pipeline {
namespace {

std::int64_t most_elements(const io::Dataset& dataset) {
  const auto offset = dataset.arrays().composition_offset;
  std::int64_t most = 0;
  for (std::size_t row = 1; row < offset.size(); ++row) most = std::max(most, offset[row] - offset[row - 1]);
  return most;
}

DatasetFacts facts_of(const io::Dataset& dataset) {
  const auto& description = dataset.description();
  DatasetFacts facts{dataset.path(), dataset.content_hash(), description.source, description.licence, description.split_rule, dataset.size(), {}, 0, most_elements(dataset)};
  facts.elements = static_cast<double>(dataset.arrays().composition_number.size()) / static_cast<double>(std::max<std::int64_t>(dataset.size(), 1));
  for (const auto part : dataset.split())
    if (part < facts.split.size()) ++facts.split[part];
  return facts;
}

}  // namespace

ResidentTrainingData::ResidentTrainingData(io::Dataset dataset, const RunConfig& config, const comm::Communicator& comm, int threads)
    : dataset_(std::move(dataset)), labels_(dataset_, config.model.tasks, true) {
  facts_ = facts_of(dataset_);
  auto rows = select_training_rows(dataset_, config, labels_, comm, threads);
  rows_ = std::move(rows.train);
  unusable_ = std::move(rows.unusable);
  validation_ = {&dataset_, &labels_, std::move(rows.validation)};
  samples_ = rows_.size();
  standardisation_ = standardise(labels_, config.model.tasks, rows_, dataset_.path());
  const auto seed = static_cast<std::uint64_t>(config.training.seed);
  if (config.training.stratify == sampling::Stratification::none) {
    order_.emplace<sampling::SampleOrder>(seed, rows_.size());
    return;
  }
  const auto strata = strata_of(dataset_, config.model.tasks);
  sampling::StratifiedRows by_stratum(rows_, strata.count(), strata);
  sampling::StratifiedOrder order(seed, by_stratum.sizes());
  order_.emplace<Stratified>(std::move(by_stratum), std::move(order));
}

std::string ResidentTrainingData::describe() const {
  return fmt::format("{:.1f} MiB, once a host{}", static_cast<double>(dataset_.bytes()) / (1 << 20), std::holds_alternative<Stratified>(order_) ? ", stratified" : "");
}

void ResidentTrainingData::visit(std::int64_t first, std::int64_t count, std::vector<SampleRequest>& out) {
  for (auto position = first; position < first + count; ++position) {
    if (const auto* stratified = std::get_if<Stratified>(&order_)) {
      const auto at = stratified->order.at(position);
      out.push_back({&dataset_, &labels_, stratified->rows.row(at.sample), at.epoch, at.sample});
    } else {
      const auto at = std::get<sampling::SampleOrder>(order_).at(position);
      out.push_back({&dataset_, &labels_, rows_.row(at.sample), at.epoch, at.sample});
    }
  }
}

}  // namespace xxact::pipeline
