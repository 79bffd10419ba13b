#include "src/base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "src/base/log.hpp"

namespace xxact {
namespace {

constexpr int kBarWidth = 28;
constexpr auto kTerminalInterval = std::chrono::milliseconds(100);

std::string duration(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60) : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace

Progress::Progress(std::string title, std::string unit, std::int64_t total, bool enabled, std::int64_t done_before, std::chrono::seconds plain_interval)
    : title_(std::move(title)), unit_(std::move(unit)), total_(total), done_before_(done_before), done_(done_before), enabled_(enabled),
      terminal_(isatty(STDERR_FILENO) == 1), plain_interval_(plain_interval), start_(Clock::now()), last_(start_) {}

Progress::~Progress() {
  if (enabled_ && terminal_ && drawn_) std::fputc('\n', stderr);
}

void Progress::update(std::int64_t done, const std::string& note) {
  if (!enabled_) return;
  done_ = done;
  const auto now = Clock::now();
  const bool last = total_ > 0 && done >= total_;
  if (now - last_ < (terminal_ ? std::chrono::duration_cast<Clock::duration>(kTerminalInterval) : Clock::duration(plain_interval_)) && !(last && terminal_)) return;
  last_ = now;
  draw(note);
}

void Progress::draw(const std::string& note) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done_ - done_before_) / elapsed : 0;
  std::string text = title_ + " ";
  if (total_ > 0) {
    const double part = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
    if (terminal_) {
      const int full = static_cast<int>(part * kBarWidth);
      text += fmt::format("[{:#<{}}{:.<{}}] ", "", full, "", kBarWidth - full);
    }
    text += fmt::format("{:3.0f} % {}/{} {}, {:.0f}/s, {} left", 100 * part, done_, total_, unit_, rate, duration(left));
  } else {
    text += fmt::format("{} {}, {:.0f}/s", done_, unit_, rate);
  }
  if (!note.empty()) text += ", " + note;
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else {
    log::info("{}", text);
  }
}

}  // namespace xxact
