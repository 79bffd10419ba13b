#include "pipeline/stop_request.hpp"

#include <csignal>
#include <initializer_list>

namespace xxact::pipeline {
namespace {

// The only thing that a signal handler may touch.
volatile std::sig_atomic_t requested = 0;

void remember(int) { requested = 1; }

}  // namespace

void listen_for_stop_signals() {
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM}) sigaction(signal, &action, nullptr);
}

bool stop_requested() noexcept { return requested != 0; }

}  // namespace xxact::pipeline
