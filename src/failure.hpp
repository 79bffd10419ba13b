// The end of a job that failed: the message once, every rank down, no hang.
#pragma once

#include <exception>

#include "src/runtime.hpp"

namespace xxact {

/// When every rank failed at the same place, rank 0 prints the distinct messages and all leave with the exit code; when only
/// some did, the first prints its own and aborts the job, since the others are waiting for it. Returns the exit code.
int report_failure(std::exception_ptr failure, Runtime& runtime) noexcept;

/// An exception that escapes a thread or a destructor ends every rank, too.
void end_all_ranks_on_terminate(Runtime& runtime);

}  // namespace xxact
