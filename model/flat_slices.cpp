#include "model/flat_slices.hpp"

namespace xxact::model {

std::vector<FlatSlice> whole(const FlatParameters& flat) {
  std::vector<FlatSlice> slices;
  if (flat.decay_size() > 0) slices.push_back({0, flat.decay_size(), true, true});
  if (flat.size() > flat.decay_size()) slices.push_back({flat.decay_size(), flat.size() - flat.decay_size(), false, true});
  return slices;
}

std::vector<BucketShares> shares_of_buckets(const FlatParameters& flat, int ranks) {
  std::vector<BucketShares> shares;
  for (const auto& bucket : flat.buckets()) {
    const auto offset = bucket.gradient.storage_offset(), count = bucket.gradient.numel(), share = count / ranks;
    shares.push_back({offset, share, offset + share * ranks, count - share * ranks});
  }
  return shares;
}

std::vector<FlatSlice> own_slices(const FlatParameters& flat, int rank, int ranks) {
  std::vector<FlatSlice> slices;
  for (const auto& bucket : shares_of_buckets(flat, ranks)) {
    const bool decay = bucket.offset < flat.decay_size();  // buckets do not cross from one part into the other
    if (bucket.share > 0) slices.push_back({bucket.offset + rank * bucket.share, bucket.share, decay, true});
    if (bucket.rest > 0) slices.push_back({bucket.rest_offset, bucket.rest, decay, rank == 0});
  }
  return slices;
}

}  // namespace xxact::model
