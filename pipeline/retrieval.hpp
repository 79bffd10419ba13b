// Whether a model finds a composition's pattern among many, and a pattern's composition.
#pragma once

#include <array>
#include <span>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/inference.hpp"

namespace xxact::pipeline {

inline constexpr std::array<std::int64_t, 4> kRetrievalDepths = {1, 3, 5, 10};

struct RetrievalMetrics {
  std::int64_t patterns = 0, formulas = 0;  // to choose from
  // Share of questions whose answer is among the first 1, 3, 5, 10.
  std::array<double, 4> pattern_of_composition{}, composition_of_pattern{};
};

/// Of views [n, d] of unit length and formulas [n], questions first .. first + count - 1 of each kind counted alone, for sums over ranks: hits by depth. Equal
/// formulas are one composition; asked for its pattern, any of its patterns is right. Answers that tie share their places, half of them before the right one.
struct RetrievalHits {
  std::int64_t formulas = 0;  // distinct
  std::array<double, 4> pattern_of_composition{}, composition_of_pattern{};
};
RetrievalHits count_hits(const torch::Tensor& composition, const torch::Tensor& pattern, std::span<const std::int64_t> formula, int part, int parts);

/// Over `rows`, the same on every rank; of many, `kRetrievalPool` at even distances. Leaves the model in evaluation mode. Collective on comm.
inline constexpr std::int64_t kRetrievalPool = 4096;
RetrievalMetrics measure_retrieval(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                   std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options, const comm::Communicator& comm);

}  // namespace xxact::pipeline
