// Requests to stop: SIGUSR1, SIGUSR2 and SIGTERM only set a flag; the trainer reduces it over ranks at the end of each step.
#pragma once

namespace xxact::pipeline {

/// Installs the handlers; call after MPI (and NCCL) are up, which install their own.
void listen_for_stop_signals();
/// Whether this rank was asked to stop.
bool stop_requested() noexcept;

}  // namespace xxact::pipeline
