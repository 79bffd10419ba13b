// Error checks and count guards for MPI calls. Only files that call MPI include this.
#pragma once

#include <mpi.h>

#include <climits>
#include <cstdint>
#include <string>

#include "src/base/error.hpp"

namespace xxact {

/// Throws CommError with MPI's own message when an MPI call failed. `what` says what was being done.
inline void check_mpi(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw CommError("{} failed: {}", what, std::string(text, static_cast<std::size_t>(length)));
}

/// An element count as MPI wants it; counts above INT_MAX must be split by the caller.
inline int mpi_count(std::int64_t count, const char* what) {
  if (count < 0 || count > INT_MAX) throw CommError("{}: {} elements do not fit one MPI message", what, count);
  return static_cast<int>(count);
}

}  // namespace xxact
