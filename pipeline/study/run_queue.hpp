// A queue that groups of ranks take runs from whenever they are free, longest first: files that can be created only once, so that no group waits for another and no rank must
// answer while it trains.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "pipeline/comm/communicator.hpp"

namespace xxact::study {

/// Indices of the costs, of the greatest first. [costs]
std::vector<std::size_t> longest_first(std::span<const double> costs);

/// When the last of `groups` ends that take the longest run left whenever they are free (Graham, doi:10.1137/0117039); in the costs' unit.
double time_of_all(std::span<const double> costs, int groups);

class RunQueue {
 public:
  /// Places 0 .. size - 1, none taken whatever an earlier job left in `folder`, which must be a folder of this queue alone. One rank makes it before any opens it.
  static void make(const std::filesystem::path& folder);
  static void remove(const std::filesystem::path& folder);

  RunQueue(std::filesystem::path folder, std::size_t size) : folder_(std::move(folder)), size_(size) {}

  /// The next place that no group has taken; nothing where all are. Collective on the group. IoError when a file cannot be created.
  std::optional<std::size_t> take(const comm::Communicator& group);

 private:
  bool create(std::size_t place) const;

  std::filesystem::path folder_;
  std::size_t size_, next_ = 0;
};

}  // namespace xxact::study
