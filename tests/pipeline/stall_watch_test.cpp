// Work that does not end ends the process, by steps.
#include "pipeline/device/stall_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace xxact::comm {
namespace {

using namespace std::chrono_literals;

struct Seen {
  std::atomic<int> released = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::string why;

  StallWatch::Actions actions(std::chrono::seconds grace) {
    return {[this] { ++released; }, [this](const std::string& text) {
              const std::lock_guard lock(mutex);
              why = text;
              changed.notify_all();
            }, grace};
  }
  /// Returns once the work was released too, which a thread of its own does.
  std::string wait_for_reason(std::chrono::seconds longest) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, longest, [this] { return !why.empty(); });
    for (int i = 0; i < 1000 && released == 0; ++i) std::this_thread::sleep_for(10ms);
    return why;
  }
};

TEST(StallWatch, WorkThatDoesNotEndIsReleasedThenGivenUp) {
  Seen seen;
  std::atomic<bool> first_done = false;
  StallWatch watch(seen.actions(0s));
  watch.add("quick", [&] { return first_done.load(); }, 30s);
  watch.add("endless", [] { return false; }, 1s);
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(seen.released, 0) << "what waits behind other work is not late yet";
  first_done = true;
  const auto begun = StallWatch::Clock::now();
  EXPECT_EQ(seen.wait_for_reason(10s), "'endless' (number 2) is not done after 1 s");
  EXPECT_GT(StallWatch::Clock::now() - begun, 900ms) << "its time runs from when it could begin";
  EXPECT_EQ(seen.released, 1);
}

TEST(StallWatch, WorkThatFailsIsGivenUpWithItsReason) {
  Seen seen;
  StallWatch watch(seen.actions(0s));
  watch.add("sum", []() -> bool { throw std::runtime_error("remote process exited"); }, 30s);
  EXPECT_EQ(seen.wait_for_reason(10s), "'sum' (number 1) failed: remote process exited");
}

TEST(StallWatch, WorkThatEndsIsForgottenAndALeavingHostIsNotGivenUp) {
  Seen seen;
  {
    StallWatch watch(seen.actions(60s));
    for (int i = 0; i < 5; ++i) watch.add("done", [] { return true; }, 0s);
    std::this_thread::sleep_for(300ms);
    watch.add("late", [] { return false; }, 0s);
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_EQ(seen.released, 0) << "the host has the grace to leave by itself";
  EXPECT_EQ(seen.why, "");
}

}  // namespace
}  // namespace xxact::comm
