// A thread that looks whether work of the device ends. The host may be inside a call of the driver that does not return while a
// rank is missing, and so cannot look itself; this thread then lets go of the device's work, and if even that does not free the host,
// ends the process, so that the scheduler gets the job back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace xxact::comm {

class StallWatch {
 public:
  using Clock = std::chrono::steady_clock;
  struct Actions {
    std::function<void()> release;                       // makes the device let go, e.g. aborts NCCL; may itself hang
    std::function<void(const std::string& why)> give_up; // ends the process
    std::chrono::seconds grace{9};                       // the host has to end the job by itself, before and after release
  };

  explicit StallWatch(Actions actions);
  /// Stops looking.
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  /// Work `name` was enqueued; `done` is asked from the watching thread, never waits, and may throw when the work failed. It may take `limit`.
  void add(std::string name, std::function<bool()> done, std::chrono::seconds limit);

 private:
  struct Work {
    std::string name;
    std::int64_t number;
    std::function<bool()> done;
    Clock::time_point started;
    std::chrono::seconds limit;
  };
  void look_now_and_then();
  bool oldest_is_late(std::string& why);
  bool wait(std::unique_lock<std::mutex>& lock, Clock::duration time);

  Actions actions_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<Work> works_;
  std::int64_t added_ = 0;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace xxact::comm
