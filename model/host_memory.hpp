// The host's allocator told about training: the same large blocks are taken and freed at every step.
#pragma once

namespace xxact::model {

/// Blocks up to 1 GiB (32 MiB with an old glibc) come from the heap and freed memory stays with the process. glibc would otherwise give the activations back
/// to the system at each step and take 40,000 page faults a second to get them again: 15 % of the time of preset small.
/// Once, before the first training step; no effect with another C library.
void keep_freed_memory();

}  // namespace xxact::model
