#include "pipeline/device/stall_watch.hpp"

#include <fmt/format.h>

#include <utility>

namespace xxact::comm {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);

}  // namespace

StallWatch::StallWatch(Actions actions) : actions_(std::move(actions)), thread_([this] { look_now_and_then(); }) {}

StallWatch::~StallWatch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void StallWatch::add(std::string name, std::function<bool()> done, std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  works_.push_back({std::move(name), ++added_, std::move(done), Clock::now(), limit});
}

bool StallWatch::wait(std::unique_lock<std::mutex>& lock, Clock::duration time) {
  return changed_.wait_for(lock, time, [this] { return over_; });
}

bool StallWatch::oldest_is_late(std::string& why) {
  const auto now = Clock::now();
  while (!works_.empty()) {
    auto& oldest = works_.front();
    try {
      if (oldest.done()) {
        works_.pop_front();
        // What was queued behind it begins only now.
        if (!works_.empty()) works_.front().started = now;
        continue;
      }
      const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - oldest.started);
      if (age < oldest.limit) return false;
      why = fmt::format("'{}' (number {}) is not done after {} s", oldest.name, oldest.number, age.count());
    } catch (const std::exception& error) {
      why = fmt::format("'{}' (number {}) failed: {}", oldest.name, oldest.number, error.what());
    }
    return true;
  }
  return false;
}

void StallWatch::look_now_and_then() {
  std::unique_lock lock(mutex_);
  std::string why;
  do {
    if (wait(lock, kInterval)) return;
  } while (!oldest_is_late(why));
  // The host, where it can, finds the same by its own deadline and names the missing rank.
  if (wait(lock, actions_.grace)) return;
  std::thread([release = actions_.release] { release(); }).detach();
  if (wait(lock, actions_.grace)) return;
  actions_.give_up(why);
}

}  // namespace xxact::comm
