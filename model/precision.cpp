#include "model/precision.hpp"

#include <ATen/autocast_mode.h>

namespace xxact::model {

bool host_multiplies_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

PrecisionScope::PrecisionScope(const torch::Device& device, Precision precision)
    : type_(device.type()), before_(at::autocast::is_autocast_enabled(type_)), type_before_(at::autocast::get_autocast_dtype(type_)) {
  at::autocast::increment_nesting();
  at::autocast::set_autocast_dtype(type_, at::kBFloat16);
  at::autocast::set_autocast_enabled(type_, precision == Precision::bf16);
}

PrecisionScope::~PrecisionScope() {
  // The last one out drops the weights that were converted: they change with the next update.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type_, before_);
  at::autocast::set_autocast_dtype(type_, type_before_);
}

}  // namespace xxact::model
