// "Did you mean ...?": the closest of the known names to one that was not understood.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace xxact {

/// The name with the smallest Levenshtein distance to `name`, or empty when none is closer than half its length.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "; did you mean 'width'?" or nothing: to end an error message with.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace xxact
