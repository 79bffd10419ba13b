// GELU (Hendrycks and Gimpel, arXiv 1606.08415), exact form x Phi(x), on the host: value and slope in one pass, since both
// need the same exponential.
#pragma once

#include <cstdint>

namespace xxact::model {

/// value[i] = x Phi(x) and, if not null, slope[i] = Phi(x) + x phi(x), for i = 0 ... count - 1; absolute error of Phi below 2e-7.
void gelu_forward(const float* x, float* value, float* slope, std::int64_t count);

}  // namespace xxact::model
