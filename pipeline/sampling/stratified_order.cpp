#include "pipeline/sampling/stratified_order.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

// Products of two numbers of samples stay below 2^62.
constexpr std::int64_t kMostSamples = std::int64_t{1} << 31;

}  // namespace

StratifiedOrder::StratifiedOrder(std::uint64_t seed, std::span<const std::int64_t> sizes) : seed_(seed), first_{0} {
  for (const auto size : sizes) {
    if (size < 0 || size >= kMostSamples || first_.back() + size >= kMostSamples) throw ConfigError("strata of {} and {} samples: at most {} together", first_.back(), size, kMostSamples - 1);
    first_.push_back(first_.back() + size);
    shuffle_.emplace_back(std::max<std::int64_t>(size, 1));
  }
  if (samples() < 1) throw ConfigError("there are no training samples in any of {} strata", sizes.size());
  build_tree(sizes);
}

/// Huffman's tree: the two smallest become one until one is left, so that small strata are split off last.
void StratifiedOrder::build_tree(std::span<const std::int64_t> sizes) {
  using Weighed = std::pair<std::int64_t, int>;
  std::priority_queue<Weighed, std::vector<Weighed>, std::greater<>> open;
  const auto add = [&](const Node& node) {
    nodes_.push_back(node);
    open.emplace(node.size, static_cast<int>(nodes_.size()) - 1);
    return static_cast<int>(nodes_.size()) - 1;
  };
  leaf_.assign(sizes.size(), -1);
  for (std::size_t s = 0; s < sizes.size(); ++s)
    if (sizes[s] > 0) leaf_[s] = add({sizes[s], -1, -1, -1, s});
  while (open.size() > 1) {
    const auto [left_size, left] = open.top();
    open.pop();
    const auto [right_size, right] = open.top();
    open.pop();
    const int parent = add({left_size + right_size, -1, left, right, 0});
    for (const int child : {left, right}) nodes_[static_cast<std::size_t>(child)].parent = parent;
  }
}

std::int64_t StratifiedOrder::phase(int node, std::int64_t epoch) const {
  CounterRandom random(seed_, Purpose::merge_phase, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(node));
  // Sizes have 31 bits, so the remainder of 64 is even to 2^-33.
  return static_cast<std::int64_t>(random.next_u64() % static_cast<std::uint64_t>(nodes_[static_cast<std::size_t>(node)].size));
}

ShuffleKey StratifiedOrder::key_of(std::size_t stratum, std::int64_t epoch) const { return shuffle_key(seed_, Purpose::sample_order, static_cast<std::uint64_t>(epoch), stratum + 1); }

StreamPosition StratifiedOrder::at(std::int64_t position) const {
  const std::int64_t epoch = position / samples();
  std::int64_t place = position % samples();
  int at = static_cast<int>(nodes_.size()) - 1;
  for (const Node* node = &nodes_.back(); node->left >= 0; node = &nodes_[static_cast<std::size_t>(at)]) {
    // Of the first p places of a node, floor((p a + phase) / size) belong to the left child of a samples.
    const std::int64_t a = nodes_[static_cast<std::size_t>(node->left)].size, offset = phase(at, epoch);
    const std::int64_t before = (place * a + offset) / node->size, after = ((place + 1) * a + offset) / node->size;
    at = after > before ? node->left : node->right;
    place = after > before ? before : place - before;
  }
  const std::size_t s = nodes_[static_cast<std::size_t>(at)].stratum;
  return {epoch, first_[s] + shuffle_[s].item_at(key_of(s, epoch), place)};
}

std::int64_t StratifiedOrder::position_of(const StreamPosition& visit) const {
  const auto s = static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), visit.sample) - first_.begin()) - 1;
  std::int64_t place = shuffle_[s].position_of(key_of(s, visit.epoch), visit.sample - first_[s]);
  for (int at = leaf_[s], up = nodes_[static_cast<std::size_t>(at)].parent; up >= 0; at = up, up = nodes_[static_cast<std::size_t>(at)].parent) {
    const Node& node = nodes_[static_cast<std::size_t>(up)];
    const std::int64_t own = nodes_[static_cast<std::size_t>(at)].size, offset = phase(up, visit.epoch);
    // The first p for which the child has place + 1 of the first p + 1.
    place = at == node.left ? ((place + 1) * node.size - offset + own - 1) / own - 1 : (place * node.size + offset) / own;
  }
  return visit.epoch * samples() + place;
}

std::size_t StratifiedRows::checked(int stratum, int strata, std::int64_t row) {
  if (stratum < 0 || stratum >= strata) throw ConfigError("row {} is in stratum {} of {}", row, stratum, strata);
  return static_cast<std::size_t>(stratum);
}

void StratifiedRows::take(std::int64_t rows, std::vector<Words> words) {
  first_ = {0};
  for (auto& own : words) {
    rows_.push_back(own.empty() ? RowSelection() : RowSelection(rows, std::move(own)));
    sizes_.push_back(rows_.back().size());
    first_.push_back(first_.back() + sizes_.back());
  }
}

std::int64_t StratifiedRows::row(std::int64_t sample) const {
  const auto s = static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), sample) - first_.begin()) - 1;
  return rows_[s].row(sample - first_[s]);
}

}  // namespace xxact::sampling
