// Background threads that build batches ahead of the compute thread and hand them out in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/batch_builder.hpp"
#include "pipeline/loader_plan.hpp"

namespace xxact::pipeline {

class Loader {
 public:
  /// Builds batch number `ticket`, 0 .. tickets - 1, with the calling thread's own builder into a batch whose memory was used
  /// before. Pure: any thread, any order.
  using Make = std::function<void(BatchBuilder& builder, std::int64_t ticket, Batch& batch)>;

  /// One thread a builder; plan.depth batches at most are ready or under way ahead of the one handed out last, and no more
  /// than plan.depth + 1 are ever made. ConfigError when a thread cannot run on its core.
  Loader(std::vector<BatchBuilder> builders, std::int64_t tickets, const LoaderPlan& plan, Make make);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next batch in order; blocks until it is ready, null after the last. It belongs to the loader and is used again once
  /// the next one is asked for: what was copied from it asynchronously must have arrived by then. Rethrows what a thread threw.
  Batch* next();
  /// Seconds that next() has waited so far.
  double waited_s() const { return waited_s_; }

 private:
  void work(BatchBuilder& builder);
  std::unique_ptr<Batch> spare_batch();

  std::vector<BatchBuilder> builders_;
  std::int64_t tickets_;
  LoaderPlan plan_;
  Make make_;
  std::mutex mutex_;
  std::condition_variable ready_, free_;
  std::vector<std::unique_ptr<Batch>> slots_;  // ring: ticket % depth
  std::vector<std::unique_ptr<Batch>> spare_;
  std::unique_ptr<Batch> current_;             // the one that was handed out last
  std::int64_t taken_ = 0, delivered_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;
  double waited_s_ = 0;
  std::vector<std::jthread> threads_;  // last: they use everything above
};

}  // namespace xxact::pipeline
