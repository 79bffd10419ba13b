// What the program says. Rank 0 talks; other ranks speak only to warn, prefixed with rank and host.
// Everything goes to standard error: standard output belongs to the commands' results.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace xxact::log {

enum class Level { debug, info, warning, error, quiet };

/// The level of that name; ConfigError naming the allowed ones otherwise.
Level parse_level(std::string_view name);

/// Call once, after MPI is up; before it every process speaks as rank 0 of 1.
void configure(int rank, int ranks, std::string_view host, Level level);

void write(Level level, std::string_view message);
/// Of any rank, with its name where it is not rank 0.
void write_of_any(Level level, std::string_view message);

/// While it lives, nothing below warnings is written by this process.
class Hush {
 public:
  Hush();
  ~Hush();
  Hush(const Hush&) = delete;
  Hush& operator=(const Hush&) = delete;

 private:
  Level before_;
};

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
/// Rank 0 only.
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
/// Any rank, for what happens on some ranks only.
template <class... Args>
void announce(fmt::format_string<Args...> format, Args&&... args) {
  write_of_any(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
/// Any rank.
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace xxact::log
