// Names of the results format that its writer and its reader share.
#pragma once

namespace xxact::io {

inline constexpr const char* kResultsFormat = "xxact-results";
inline constexpr int kResultsVersion = 2;
inline constexpr const char* kCrystalSystemColumn = "/prediction/crystal_system/probability";

}  // namespace xxact::io
