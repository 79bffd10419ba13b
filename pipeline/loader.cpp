#include "pipeline/loader.hpp"

#include <ATen/Context.h>

#include <chrono>

#include "src/base/error.hpp"

namespace xxact::pipeline {

Loader::Loader(std::vector<BatchBuilder> builders, std::int64_t tickets, std::int64_t depth, Make make)
    : builders_(std::move(builders)), tickets_(tickets), depth_(depth), make_(std::move(make)), slots_(static_cast<std::size_t>(depth)) {
  if (builders_.empty() || depth < 1) throw ConfigError("a loader needs at least one thread and a depth of 1, not {} and {}", builders_.size(), depth);
  for (auto& builder : builders_) threads_.emplace_back([this, &builder] { work(builder); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  free_.notify_all();
}

void Loader::work(BatchBuilder& builder) {
  // Tails of smeared lines are denormal numbers, and the flag is a property of the thread.
  at::globalContext().setFlushDenormal(true);
  std::unique_lock lock(mutex_);
  while (true) {
    free_.wait(lock, [&] { return stopping_ || failure_ || taken_ == tickets_ || taken_ < delivered_ + depth_; });
    if (stopping_ || failure_ || taken_ == tickets_) return;
    const std::int64_t ticket = taken_++;
    lock.unlock();
    std::optional<Batch> batch;
    std::exception_ptr failure;
    try {
      batch = make_(builder, ticket);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) {
      failure_ = failure;
      free_.notify_all();
    } else {
      slots_[static_cast<std::size_t>(ticket % depth_)] = std::move(batch);
    }
    ready_.notify_all();
  }
}

std::optional<Batch> Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (delivered_ == tickets_) return std::nullopt;
  auto& slot = slots_[static_cast<std::size_t>(delivered_ % depth_)];
  ready_.wait(lock, [&] { return failure_ || slot.has_value(); });
  waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (failure_) std::rethrow_exception(failure_);
  std::optional<Batch> batch = std::move(slot);
  slot.reset();
  ++delivered_;
  lock.unlock();
  free_.notify_all();
  return batch;
}

}  // namespace xxact::pipeline
