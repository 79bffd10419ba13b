// Which tokens of a pattern masked modelling hides: as many of every pattern, in runs of neighbours that do not overlap.
#pragma once

#include <cstdint>
#include <span>

#include "src/base/counter_random.hpp"

namespace xxact::pipeline {

/// Of so many tokens: `ratio` of them, rounded, at least one and not all.
std::int64_t hidden_count(double ratio, std::int64_t tokens);

/// Draws places for hidden.size() of `tokens` tokens, in rising order, in runs of `run` neighbours (one of them is shorter where that does not
/// divide). All placements of the runs are equally likely.
void choose_hidden(std::int64_t tokens, std::int64_t run, CounterRandom random, std::span<std::int64_t> hidden);

}  // namespace xxact::pipeline
