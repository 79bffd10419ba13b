#include "pipeline/loader.hpp"

#include <ATen/Context.h>
#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <cstring>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

void bind(std::jthread& thread, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  if (const int reason = pthread_setaffinity_np(thread.native_handle(), sizeof set, &set); reason != 0)
    throw ConfigError("a loader thread cannot be bound to core {}: {}; use --loader-affinity none", core, std::strerror(reason));
}

}  // namespace

Loader::Loader(std::vector<BatchBuilder> builders, std::int64_t tickets, const LoaderPlan& plan, Make make)
    : builders_(std::move(builders)), tickets_(tickets), plan_(plan), make_(std::move(make)) {
  if (builders_.empty() || plan.depth < 1) throw ConfigError("a loader needs at least one thread and a depth of 1, not {} and {}", builders_.size(), plan.depth);
  slots_.resize(static_cast<std::size_t>(plan.depth));
  // No thread begins before all are where they belong: whoever makes a batch may wait for what only the caller brings.
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto& builder : builders_) threads_.emplace_back([this, &builder] { work(builder); });
  for (std::size_t i = 0; i < threads_.size() && !plan_.cores.empty(); ++i) bind(threads_[i], plan_.cores[i % plan_.cores.size()]);
  stopping_ = false;
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  free_.notify_all();
}

/// Called with the lock held.
std::unique_ptr<Batch> Loader::spare_batch() {
  if (spare_.empty()) return std::make_unique<Batch>(plan_.pinned);
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void Loader::work(BatchBuilder& builder) {
  // Tails of smeared lines are denormal numbers, and the flag is a property of the thread.
  at::globalContext().setFlushDenormal(true);
  std::unique_lock lock(mutex_);
  while (true) {
    free_.wait(lock, [&] { return stopping_ || failure_ || taken_ == tickets_ || taken_ < delivered_ + plan_.depth; });
    if (stopping_ || failure_ || taken_ == tickets_) return;
    const std::int64_t ticket = taken_++;
    auto batch = spare_batch();
    lock.unlock();
    std::exception_ptr failure;
    try {
      make_(builder, ticket, *batch);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) {
      failure_ = failure;
      free_.notify_all();
    } else {
      slots_[static_cast<std::size_t>(ticket % plan_.depth)] = std::move(batch);
    }
    ready_.notify_all();
  }
}

Batch* Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (current_) spare_.push_back(std::move(current_));
  if (delivered_ == tickets_) return nullptr;
  auto& slot = slots_[static_cast<std::size_t>(delivered_ % plan_.depth)];
  ready_.wait(lock, [&] { return failure_ || slot != nullptr; });
  waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (failure_) std::rethrow_exception(failure_);
  current_ = std::move(slot);
  ++delivered_;
  lock.unlock();
  free_.notify_all();
  return current_.get();
}

}  // namespace xxact::pipeline
