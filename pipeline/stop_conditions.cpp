#include "pipeline/stop_conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "src/base/error.hpp"
#include "src/base/stop_signals.hpp"

namespace xxact::pipeline {

std::optional<std::chrono::sys_seconds> end_of_allocation() {
  for (const char* name : {"XXACT_JOB_END_TIME", "SLURM_JOB_END_TIME"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text(value);
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds <= 0)
      throw ConfigError("{}={}: not a time in seconds since 1970, e.g. $(($(date +%s) + 3600))", name, text);
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
  }
  return std::nullopt;
}

StopConditions::Votes StopConditions::vote(Clock::time_point now) {
  Votes votes{};
  if (stop_requested()) votes[kSignal] = 1;
  if (!root_) return votes;
  if (last_) longest_ = std::max(longest_, now - *last_);
  last_ = now;
  if (!looked_ || now - *looked_ >= std::chrono::seconds(1)) {
    looked_ = now;
    std::error_code unseen;  // is as good as not there
    if (std::filesystem::exists(file_, unseen)) votes[kFile] = 1;
  }
  if (end_ && now + 2 * longest_ >= *end_ - margin_) votes[kEnd] = 1;
  return votes;
}

std::string StopConditions::reason(const Votes& sum) const {
  if (sum[kFile] > 0) {
    std::error_code kept;  // then the next run stops too, which its log says
    if (root_) std::filesystem::remove(file_, kept);
    return fmt::format("the file {} was there", file_.string());
  }
  if (sum[kSignal] > 0) return "a signal asked for it";
  if (sum[kEnd] > 0) return "the job's allocation is about to end";
  return {};
}

}  // namespace xxact::pipeline
