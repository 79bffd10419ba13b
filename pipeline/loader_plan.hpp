// How batches are made ahead of the compute thread on one rank.
#pragma once

#include <cstdint>
#include <vector>

namespace xxact::pipeline {

struct LoaderPlan {
  int threads = 1;
  std::int64_t depth = 4;    // batches that are ready or under way ahead of the one in use
  std::vector<int> cores;    // thread i runs on core cores[i % size] alone; none: where the system puts it
  bool pinned = false;       // batches lie in memory that a GPU copies from by itself
};

}  // namespace xxact::pipeline
