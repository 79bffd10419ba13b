// Background threads that build batches ahead of the compute thread and hand them out in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "pipeline/batch_builder.hpp"

namespace xxact::pipeline {

class Loader {
 public:
  /// Batch number `ticket`, 0 .. tickets - 1, built with the calling thread's own builder. Pure: any thread, any order.
  using Make = std::function<Batch(BatchBuilder& builder, std::int64_t ticket)>;

  /// One thread a builder; at most `depth` batches are ready or under way ahead of the one handed out last.
  Loader(std::vector<BatchBuilder> builders, std::int64_t tickets, std::int64_t depth, Make make);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next batch in order; blocks until it is ready, nothing after the last. Rethrows what a thread threw.
  std::optional<Batch> next();
  /// Seconds that next() has waited so far.
  double waited_s() const { return waited_s_; }

 private:
  void work(BatchBuilder& builder);

  std::vector<BatchBuilder> builders_;
  std::int64_t tickets_, depth_;
  Make make_;
  std::mutex mutex_;
  std::condition_variable ready_, free_;
  std::vector<std::optional<Batch>> slots_;  // ring: ticket % depth
  std::int64_t taken_ = 0, delivered_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;
  double waited_s_ = 0;
  std::vector<std::jthread> threads_;  // last: they use everything above
};

}  // namespace xxact::pipeline
