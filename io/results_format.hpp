// Names of the results format that its writer and its reader share.
#pragma once

namespace xxact::io {

inline constexpr const char* kResultsFormat = "xxact-results";
inline constexpr int kResultsVersion = 2;
inline constexpr const char* kCrystalSystemColumn = "/prediction/crystal_system/probability";
inline constexpr const char* kSpaceGroupColumn = "/prediction/space_group/number";
inline constexpr const char* kSpaceGroupProbabilityColumn = "/prediction/space_group/probability";
inline constexpr const char* kMetalColumn = "/prediction/band_gap/metal_probability";

}  // namespace xxact::io
