// The text of data/mat2vec.csv, embedded at build time.
#pragma once

#include <string_view>

namespace xxact::model {

/// A header line, then 118 lines "symbol,200 numbers".
std::string_view mat2vec_csv();

}  // namespace xxact::model
