// Numbers that Python writes into JSON and JSON does not have.
#pragma once

#include <string>
#include <string_view>

namespace xxact::io {

/// Copies `text` to `out` with bare NaN, Infinity and -Infinity replaced by null; false where there was none.
bool null_for_nan(std::string_view text, std::string& out);

}  // namespace xxact::io
