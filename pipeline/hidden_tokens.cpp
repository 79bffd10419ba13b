#include "pipeline/hidden_tokens.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace xxact::pipeline {
namespace {

/// Uniform in 0 .. count - 1 (Lemire, arXiv 1805.10941, without the rejection: the bias is below count / 2^32).
std::int64_t below(std::int64_t count, CounterRandom& random) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(random.next_u32()) * static_cast<std::uint64_t>(count)) >> 32);
}

/// `count` different numbers below `limit`, rising (Floyd: Bentley and Floyd, CACM 30 (1987) 754, doi:10.1145/30401.315746).
std::vector<std::int64_t> different_below(std::int64_t limit, std::int64_t count, CounterRandom& random) {
  std::vector<std::int64_t> chosen;
  for (auto last = limit - count; last < limit; ++last) {
    const auto drawn = below(last + 1, random);
    chosen.push_back(std::find(chosen.begin(), chosen.end(), drawn) == chosen.end() ? drawn : last);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

std::int64_t hidden_count(double ratio, std::int64_t tokens) {
  return std::clamp<std::int64_t>(std::llround(ratio * static_cast<double>(tokens)), 1, std::max<std::int64_t>(1, tokens - 1));
}

void choose_hidden(std::int64_t tokens, std::int64_t run, CounterRandom random, std::span<std::int64_t> hidden) {
  const auto count = std::ssize(hidden), runs = (count + run - 1) / run;
  const auto shorter = below(runs, random), missing = runs * run - count;
  // Runs as single places among the seen tokens: every choice of places is one placement.
  const auto places = different_below(tokens - count + runs, runs, random);
  std::size_t next = 0;
  std::int64_t before = 0;  // hidden tokens that stand before a run, less the places that they took
  for (std::int64_t i = 0; i < runs; ++i) {
    const auto length = i == shorter ? run - missing : run;
    for (std::int64_t j = 0; j < length; ++j) hidden[next++] = places[static_cast<std::size_t>(i)] + before + j;
    before += length - 1;
  }
}

}  // namespace xxact::pipeline
