// The host's allocator told about training: the same large blocks are taken and freed at every step.
#pragma once

namespace xxact::model {

/// Blocks up to 1 GiB (32 MiB with an old glibc) come from the heap and freed memory stays with the process. glibc would
/// otherwise give the activations back at each step and fault them in again: about a fifth of the training rate of preset
/// small (bench/model/README.md). Once, before the first training step; no effect with another C library.
void keep_freed_memory();

}  // namespace xxact::model
