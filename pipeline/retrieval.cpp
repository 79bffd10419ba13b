#include "pipeline/retrieval.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace xxact::pipeline {
namespace {

// Rows of similarities that are in memory together.
constexpr std::int64_t kQuestionsAtOnce = 256;

/// Adds the chances that the right answer, of similarity `right` [n, 1], is among the first of the `others` [n, m] and itself; those that tie come in any order.
void add_hits(const torch::Tensor& similarity, const torch::Tensor& right, const torch::Tensor& others, std::array<double, 4>& hits) {
  const auto before = similarity.gt(right).logical_and(others).sum(1).to(torch::kFloat64), tied = 1 + similarity.eq(right).logical_and(others).sum(1).to(torch::kFloat64);
  for (std::size_t k = 0; k < hits.size(); ++k) hits[k] += ((kRetrievalDepths[k] - before) / tied).clamp(0, 1).sum().item<double>();
}

/// Views of this rank's rows, compositions then patterns: [n, d] each.
std::pair<torch::Tensor, torch::Tensor> views_of(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                                 std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options) {
  auto loader = load_rows(config, standardisation, dataset, rows, options);
  const auto precision = precision_on(device, config.training.precision);
  const auto none = torch::empty({0, config.model.projection});
  std::vector<torch::Tensor> compositions = {none}, patterns = {none};
  while (Batch* batch = loader.next()) {
    const auto input = to_device(batch->input, device);
    const model::PrecisionScope scope(device, precision);
    const auto output = net->forward_views(input);
    compositions.push_back(output.composition_view.to(torch::kCPU));
    patterns.push_back(output.pattern_view.to(torch::kCPU));
  }
  return {torch::cat(compositions), torch::cat(patterns)};
}

torch::Tensor gathered(const torch::Tensor& own, const comm::Communicator& comm) {
  const auto rows = own.contiguous();
  auto all = comm.all_gather(std::span<const float>(rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())), "gathering views");
  return torch::tensor(all).view({-1, own.size(1)});
}

}  // namespace

RetrievalHits count_hits(const torch::Tensor& composition, const torch::Tensor& pattern, std::span<const std::int64_t> formula, int part, int parts) {
  const auto rows = composition.size(0);
  std::unordered_map<std::int64_t, std::int64_t> number_of;  // formulas by first row
  std::vector<std::int64_t> first_row, number;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto [place, added] = number_of.emplace(formula[static_cast<std::size_t>(row)], std::ssize(first_row));
    if (added) first_row.push_back(row);
    number.push_back(place->second);
  }
  const auto numbers = torch::tensor(number, torch::kInt64), formulas = torch::arange(std::ssize(first_row), torch::kInt64);
  const auto distinct = composition.index_select(0, torch::tensor(first_row, torch::kInt64));
  RetrievalHits hits;
  hits.formulas = std::ssize(first_row);
  const auto in_parts = [&](std::int64_t questions, const auto& ask) {
    const auto share = comm::share_of(questions, part, parts);
    for (auto first = share.first; first < share.last; first += kQuestionsAtOnce) ask(first, std::min(first + kQuestionsAtOnce, share.last));
  };
  in_parts(rows, [&](std::int64_t first, std::int64_t last) {
    const auto similarity = at::matmul(pattern.slice(0, first, last), distinct.t());
    const auto right = numbers.slice(0, first, last).unsqueeze(1);
    add_hits(similarity, similarity.gather(1, right), formulas.ne(right), hits.composition_of_pattern);
  });
  in_parts(hits.formulas, [&](std::int64_t first, std::int64_t last) {
    const auto similarity = at::matmul(distinct.slice(0, first, last), pattern.t());
    const auto right = numbers.eq(formulas.slice(0, first, last).unsqueeze(1));
    add_hits(similarity, similarity.masked_fill(right.logical_not(), -2).amax(1, true), right.logical_not(), hits.pattern_of_composition);
  });
  return hits;
}

RetrievalMetrics measure_retrieval(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                   std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options, const comm::Communicator& comm) {
  const torch::InferenceMode guard;
  net->eval();
  const auto total = std::ssize(rows), pool = std::min(total, kRetrievalPool);
  std::vector<std::int64_t> chosen, formula;
  for (std::int64_t i = 0; i < pool; ++i) chosen.push_back(rows[static_cast<std::size_t>(i * total / pool)]);
  for (const auto row : chosen) formula.push_back(formula_key(dataset.composition(row)));
  const auto share = comm::share_of(pool, comm.rank(), comm.size());
  const auto [composition, pattern] =
      views_of(net, config, standardisation, dataset, std::span(chosen).subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count())), device, options);
  const auto hits = count_hits(gathered(composition, comm), gathered(pattern, comm), formula, comm.rank(), comm.size());
  std::array<double, 8> sums{};
  std::copy(hits.pattern_of_composition.begin(), hits.pattern_of_composition.end(), sums.begin());
  std::copy(hits.composition_of_pattern.begin(), hits.composition_of_pattern.end(), sums.begin() + 4);
  comm.sum(sums, "counting what was found");
  RetrievalMetrics metrics;
  metrics.patterns = pool;
  metrics.formulas = hits.formulas;
  for (std::size_t k = 0; k < 4; ++k) {
    metrics.pattern_of_composition[k] = sums[k] / static_cast<double>(std::max<std::int64_t>(hits.formulas, 1));
    metrics.composition_of_pattern[k] = sums[4 + k] / static_cast<double>(std::max<std::int64_t>(pool, 1));
  }
  return metrics;
}

}  // namespace xxact::pipeline
