#include "model/flat_slices.hpp"

#include <algorithm>

namespace xxact::model {

namespace {

/// Elements offset .. offset + count - 1, cut where the rate or the decay changes.
void add_slices(const FlatParameters& flat, std::int64_t offset, std::int64_t count, bool counted, std::vector<FlatSlice>& slices) {
  const auto end = offset + count;
  const auto first = slices.size();
  for (const auto& parameter : flat.parameters()) {
    const auto begin = std::max(offset, parameter.offset), last = std::min(end, parameter.offset + parameter.size);
    if (begin >= last) continue;
    const bool goes_on = slices.size() > first && slices.back().decay == parameter.decay && slices.back().rate == parameter.rate;
    if (goes_on) slices.back().count += last - begin;
    else slices.push_back({begin, last - begin, parameter.decay, parameter.rate, counted});
  }
}

}  // namespace

std::vector<FlatSlice> whole(const FlatParameters& flat) {
  std::vector<FlatSlice> slices;
  add_slices(flat, 0, flat.size(), true, slices);
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
    add_slices(flat, bucket.offset + rank * bucket.share, bucket.share, true, slices);
    add_slices(flat, bucket.rest_offset, bucket.rest, rank == 0, slices);
  }
  return slices;
}

}  // namespace xxact::model
