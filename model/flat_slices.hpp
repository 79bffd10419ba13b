// Which parts of the flat buffers a rank updates: all of them, or, where ranks share the optimiser's state, its own share of every bucket.
// Stages 1 and 2 of ZeRO (Rajbhandari et al., arXiv 1910.02054).
#pragma once

#include <cstdint>
#include <vector>

#include "model/flat_parameters.hpp"

namespace xxact::model {

/// A run of neighbouring elements of the flat buffers that this rank updates.
struct FlatSlice {
  std::int64_t offset = 0, count = 0;
  bool decay = false;   // subject to weight decay, all of it or nothing
  double rate = 1;      // factor of the learning rate
  bool counted = true;  // in this rank's part of sums over ranks; false where another rank updates the same elements too
};

/// Everything: the decayed part, then the other, each in as few slices as there are runs of one rate.
std::vector<FlatSlice> whole(const FlatParameters& flat);

/// Of a bucket, ranks update equal shares; what the number of ranks does not divide, fewer elements than ranks, is updated by each.
struct BucketShares {
  std::int64_t offset = 0, share = 0;      // rank r's part begins at offset + r * share
  std::int64_t rest_offset = 0, rest = 0;
};
std::vector<BucketShares> shares_of_buckets(const FlatParameters& flat, int ranks);
/// The slices of rank `rank` in that division.
std::vector<FlatSlice> own_slices(const FlatParameters& flat, int rank, int ranks);

}  // namespace xxact::model
