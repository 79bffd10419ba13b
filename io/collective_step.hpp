// Ranks that do a step together succeed together or fail together, with the message of the rank that failed:
// otherwise the others would wait in the next collective call for ever.
#pragma once

#include <mpi.h>

#include <exception>
#include <utility>

namespace xxact::io {

/// Collective on comm. When any rank passes a failure, every rank throws the same: the lowest failing rank's message,
/// led by its number, in its kind (InputError, CommError, ConfigError, or IoError for all else).
void agree(MPI_Comm comm, const std::exception_ptr& failure);

/// Collective on comm. Runs `step` on each rank, then agrees. `step` may itself be collective if it fails alike on all ranks.
template <class Step>
void collectively(MPI_Comm comm, Step&& step) {
  std::exception_ptr failure;
  try {
    std::forward<Step>(step)();
  } catch (...) {
    failure = std::current_exception();
  }
  agree(comm, failure);
}

}  // namespace xxact::io
