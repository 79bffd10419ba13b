#include "src/base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "src/base/error.hpp"

namespace xxact::log {
namespace {

struct Voice {
  std::shared_ptr<spdlog::logger> logger = make();
  int rank = 0;
  std::string prefix;
  Level level = Level::info;

  static std::shared_ptr<spdlog::logger> make() {
    auto logger = std::make_shared<spdlog::logger>("xxact", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("[%H:%M:%S] %^%l%$ %v");
    return logger;
  }
};

Voice& voice() {
  static Voice instance;
  return instance;
}

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::quiet: return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

Level parse_level(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warning", "error", "quiet"};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Level>(i);
  throw ConfigError("--log-level '{}' is not one of debug, info, warning, error, quiet", name);
}

namespace {

void set_level(Level level) {
  voice().level = level;
  voice().logger->set_level(native(level));
}

}  // namespace

void configure(int rank, int ranks, std::string_view host, Level level) {
  voice().rank = rank;
  voice().prefix = ranks > 1 ? fmt::format("rank {} on {}: ", rank, host) : "";
  set_level(level);
}

void write(Level level, std::string_view message) {
  if (level == Level::info && voice().rank != 0) return;
  const bool plain = level == Level::info;
  voice().logger->log(native(level), "{}{}", plain ? "" : voice().prefix, message);
}

void write_of_any(Level level, std::string_view message) {
  voice().logger->log(native(level), "{}{}", voice().rank == 0 ? "" : voice().prefix, message);
}

Hush::Hush() : before_(voice().level) { set_level(std::max(before_, Level::warning)); }
Hush::~Hush() { set_level(before_); }

}  // namespace xxact::log
