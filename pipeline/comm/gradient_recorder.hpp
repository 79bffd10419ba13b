// A channel that sends nothing: it pretends that this process is one of many ranks, and notes which sums it would start and when.
#pragma once

#include <vector>

#include "pipeline/comm/gradient_channel.hpp"

namespace xxact::comm {

class GradientRecorder final : public GradientChannel {
 public:
  explicit GradientRecorder(int ranks) : ranks_(ranks) {}

  int ranks() const override { return ranks_; }
  void start_sum(float*, std::int64_t count) override {
    const auto now = Transfer::Clock::now();
    transfers_.push_back({count, now, now});
  }
  void wait_all() override {}
  std::span<const Transfer> transfers() const override { return transfers_; }
  void clear() { transfers_.clear(); }

 private:
  int ranks_;
  std::vector<Transfer> transfers_;
};

}  // namespace xxact::comm
