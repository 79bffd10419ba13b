// A channel that sends nothing: it pretends that this process is one of many ranks, and notes what it would start and when.
#pragma once

#include <vector>

#include "pipeline/comm/channel.hpp"

namespace xxact::comm {

class ChannelRecorder final : public Channel {
 public:
  explicit ChannelRecorder(int ranks) : ranks_(ranks) {}

  int rank() const override { return 0; }
  int ranks() const override { return ranks_; }
  void start_sum(float*, std::int64_t count) override { note(count); }
  void start_sum_of_shares(float*, std::int64_t share) override { note(share * ranks_); }
  void start_gather_of_shares(float*, std::int64_t share) override { note(share * ranks_); }
  void start_broadcast(float*, std::int64_t count, int) override { note(count); }
  void wait_all() override {}
  std::span<const Transfer> transfers() const override { return transfers_; }
  void clear() { transfers_.clear(); }

 private:
  void note(std::int64_t floats) {
    const auto now = Transfer::Clock::now();
    transfers_.push_back({floats, now, now});
  }

  int ranks_;
  std::vector<Transfer> transfers_;
};

}  // namespace xxact::comm
