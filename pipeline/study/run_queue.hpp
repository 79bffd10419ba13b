// A queue that groups of ranks take runs from whenever they are free, longest first: files that can be created only once, so that no group waits for another and no rank must
// answer while it trains.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/comm/communicator.hpp"

namespace xxact::study {

/// Indices of the costs, of the greatest first. [costs]
std::vector<std::size_t> longest_first(std::span<const double> costs);

/// The time until all runs are done when each of `groups` takes the longest one left whenever it is free (Graham, doi:10.1137/0117039), in the unit of the costs.
double time_of_all(std::span<const double> costs, int groups);

class RunQueue {
 public:
  /// Places 0 .. size - 1, none taken whatever an earlier job left in `folder`, which must be a folder of this queue alone. One rank makes it before any opens it.
  static void make(const std::filesystem::path& folder);
  /// What cannot be removed is left for the next make().
  static void remove(const std::filesystem::path& folder);

  RunQueue(std::filesystem::path folder, std::size_t size) : folder_(std::move(folder)), size_(size) {}

  /// The next place that no group has taken; nothing where all are, or the queue is closed. Collective on the group. IoError when a file cannot be created.
  std::optional<std::size_t> take(const comm::Communicator& group);
  /// No group takes any more. One rank.
  void close() const { create("closed"); }

 private:
  /// Whether this process is the one that created the file.
  bool create(const std::string& name) const;

  std::filesystem::path folder_;
  std::size_t size_, next_ = 0;
};

}  // namespace xxact::study
