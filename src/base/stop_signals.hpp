// Requests to stop: SIGUSR1, SIGUSR2 and SIGTERM, which batch systems send before they end a job. They are held back and
// asked for between steps; no handler runs. A handler would have to borrow the interrupted stack, and oneDNN 3.11's
// matrix kernels (in LibTorch 2.11) let the stack pointer point into their heap buffers: a signal frame written there
// corrupts the heap (uxlfoundation/oneDNN, issue 4845).
#pragma once

namespace xxact {

/// From here on the signals wait, in this thread and in every thread that it starts. Call it before any other thread
/// exists: a signal goes to whichever thread does not hold it. A process that ends with its exit code, whatever still
/// waits, never releases them.
void hold_stop_signals();
/// Gives them their usual effect in this thread again, at once for those that came meanwhile.
void release_stop_signals();
/// Whether this process was asked to stop since the last call. Never blocks. False where the signals are not held.
bool stop_requested() noexcept;

}  // namespace xxact
