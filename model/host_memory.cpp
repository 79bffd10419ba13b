#include "model/host_memory.hpp"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace xxact::model {

void keep_freed_memory() {
#if defined(M_MMAP_THRESHOLD) && defined(M_TRIM_THRESHOLD)
  constexpr int kOneGibibyte = 1 << 30;
  // Older releases of glibc refuse more than 32 MiB here.
  if (mallopt(M_MMAP_THRESHOLD, kOneGibibyte) == 0) mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, kOneGibibyte);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace xxact::model
