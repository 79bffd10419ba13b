#include "src/base/stop_signals.hpp"

#include <csignal>
#include <ctime>
#include <system_error>

namespace xxact {
namespace {

sigset_t stop_signals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM}) sigaddset(&set, signal);
  return set;
}

void change_mask(int how) {
  const sigset_t set = stop_signals();
  if (const int error = pthread_sigmask(how, &set, nullptr); error != 0)
    throw std::system_error(error, std::generic_category(), "changing what happens on SIGUSR1, SIGUSR2 and SIGTERM");
}

}  // namespace

void hold_stop_signals() { change_mask(SIG_BLOCK); }

void release_stop_signals() { change_mask(SIG_UNBLOCK); }

bool stop_requested() noexcept {
  sigset_t held;
  pthread_sigmask(SIG_BLOCK, nullptr, &held);
  if (sigismember(&held, SIGTERM) == 0) return false;
  const sigset_t set = stop_signals();
  const timespec now{};
  bool any = false;
  while (sigtimedwait(&set, nullptr, &now) > 0) any = true;
  return any;
}

}  // namespace xxact
