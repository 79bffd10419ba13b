// What a model's parts make of the rows of a dataset, and what can be said of it: principal components, and how far the crystal systems lie apart.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/prediction.hpp"

namespace xxact::pipeline {

struct EmbeddingOptions {
  Subset subset = Subset::test;
  std::filesystem::path output;
  InferenceOptions inference;
  std::string program_version;
};

/// Embeds the rows of the subset on all ranks and writes `output`/embeddings.h5 collectively (docs/data-format.md). Returns for `output`/embed.json, the same on every rank: of each
/// embedding the shares of variance of its principal components, the separation of crystal systems, and the first two components of at most kShownRows rows. InputError when the subset is empty.
/// Collective on comm.
nlohmann::json embed(LoadedModel& model, const io::Dataset& dataset, const EmbeddingOptions& options, const torch::Device& device, const comm::Communicator& comm);

/// Rows that pictures show and silhouettes are of: all, or so many at even distances.
inline constexpr std::int64_t kShownRows = 4096;

/// Axes of greatest variance of rows [N, D] that are dealt to ranks, greatest first; an axis' largest entry is positive.
struct PrincipalComponents {
  torch::Tensor mean;   // [D]
  torch::Tensor axes;   // [D, D] float64, a column each
  torch::Tensor share;  // [D] of the variance
};
/// Collective on comm. `rows` float32 or float64, any number on a rank; together at least two.
PrincipalComponents principal_components(const torch::Tensor& rows, const comm::Communicator& comm);

/// How far groups lie apart, of rows [N, D] with a group each (negative: none, left out); the same on every rank. NaN with fewer than two groups.
struct Separation {
  double silhouette = 0;  // mean over rows of (b - a) / max(a, b): a: mean distance to the row's group, b: to the nearest other one; 0 in groups of one (Rousseeuw, doi:10.1016/0377-0427(87)90125-7)
  double between = 0;     // share of the variance that is between the groups' means
};
Separation separation(const torch::Tensor& rows, std::span<const int> group);

}  // namespace xxact::pipeline
