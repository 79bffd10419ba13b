#include "pipeline/study/run_queue.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <numeric>
#include <system_error>

#include "io/collective_step.hpp"
#include "src/base/error.hpp"

namespace xxact::study {

namespace fs = std::filesystem;

std::vector<std::size_t> longest_first(std::span<const double> costs) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t run) { return costs[run]; });
  return order;
}

double time_of_all(std::span<const double> costs, int groups) {
  std::vector<double> free_at(static_cast<std::size_t>(groups), 0.0);
  for (const auto run : longest_first(costs)) *std::ranges::min_element(free_at) += costs[run];
  return std::ranges::max(free_at);
}

void RunQueue::make(const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
}

void RunQueue::remove(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

std::optional<std::size_t> RunQueue::take(const comm::Communicator& group) {
  io::collectively(group.handle(), [&] {
    if (group.root() && fs::exists(folder_ / "closed")) next_ = size_;
    while (group.root() && next_ < size_ && !create(std::to_string(next_))) ++next_;
  });
  next_ = std::stoull(group.broadcast(std::to_string(next_), 0, "taking a run"));
  if (next_ == size_) return std::nullopt;
  return next_++;
}

bool RunQueue::create(const std::string& name) const {
  const auto file = folder_ / name;
  const int descriptor = ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644);
  if (descriptor >= 0) return ::close(descriptor), true;
  if (errno != EEXIST) throw IoError("{}: cannot be created: {}", file.string(), std::strerror(errno));
  return false;
}

}  // namespace xxact::study
