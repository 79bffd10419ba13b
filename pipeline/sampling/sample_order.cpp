#include "pipeline/sampling/sample_order.hpp"

#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

std::int64_t checked(std::int64_t samples) {
  if (samples < 1) throw ConfigError("there are no training samples: no row of the training split has the labels and inputs that the model needs");
  return samples;
}

}  // namespace

SampleOrder::SampleOrder(std::uint64_t seed, std::int64_t samples) : seed_(seed), shuffle_(checked(samples)) {}

ShuffleKey SampleOrder::key_of(std::int64_t epoch) const { return shuffle_key(seed_, Purpose::sample_order, static_cast<std::uint64_t>(epoch), 0); }

StreamPosition SampleOrder::at(std::int64_t position) const {
  const std::int64_t epoch = position / samples();
  return {epoch, shuffle_.item_at(key_of(epoch), position % samples())};
}

std::int64_t SampleOrder::position_of(const StreamPosition& visit) const {
  return visit.epoch * samples() + shuffle_.position_of(key_of(visit.epoch), visit.sample);
}

}  // namespace xxact::sampling
