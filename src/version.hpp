// The program's version, from CMakeLists.txt.
#pragma once

namespace xxact {
inline constexpr char kVersion[] = XXACT_VERSION;
}  // namespace xxact
