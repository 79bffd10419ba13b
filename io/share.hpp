// The part of a job that one rank does: ranks that share memory share the work on it.
#pragma once

#include <cstdint>
#include <utility>

namespace xxact::io {

struct Share {
  std::int64_t index = 0, count = 1;  // which part of how many

  /// First and end of this part of `entries` entries; the parts follow each other and differ by at most one entry.
  std::pair<std::int64_t, std::int64_t> of(std::int64_t entries) const {
    const std::int64_t each = entries / count, more = entries % count;
    const auto begin = [&](std::int64_t part) { return part * each + (part < more ? part : more); };
    return {begin(index), begin(index + 1)};
  }
};

}  // namespace xxact::io
