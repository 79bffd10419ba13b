// No blocking MPI call waits for ever. Every one that this program or its libraries (HDF5) make is noted by the MPI profiling interface
// (MPI 3.1, chapter 14), and a thread ends the process when one takes too long: a rank is lost or stalled. Communicator::wait has a
// deadline of its own, which names that rank; this is for all else, from MPI_Init to MPI_Finalize.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace xxact {

class BlockingCallWatch {
 public:
  BlockingCallWatch();
  ~BlockingCallWatch();
  BlockingCallWatch(const BlockingCallWatch&) = delete;
  BlockingCallWatch& operator=(const BlockingCallWatch&) = delete;

  /// How long a call may take; 0: for ever. 300 s until it is set.
  void set_limit(std::chrono::seconds limit) { limit_ = limit; }
  std::chrono::seconds limit() const { return limit_; }
  /// For the message; known once MPI is up.
  void set_name(int rank, const std::string& host);

 private:
  void look_now_and_then();

  std::atomic<std::chrono::seconds> limit_{std::chrono::seconds(300)};
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  bool over_ = false;
  bool root_ = false;
  std::string who_;
  std::thread thread_;
};

/// Work in which ranks wait for each other as long as it takes, such as reading sources of unequal size.
class UnwatchedCalls {
 public:
  explicit UnwatchedCalls(BlockingCallWatch& watch) : watch_(watch), limit_(watch.limit()) { watch.set_limit(std::chrono::seconds(0)); }
  ~UnwatchedCalls() { watch_.set_limit(limit_); }
  UnwatchedCalls(const UnwatchedCalls&) = delete;
  UnwatchedCalls& operator=(const UnwatchedCalls&) = delete;

 private:
  BlockingCallWatch& watch_;
  std::chrono::seconds limit_;
};

}  // namespace xxact
