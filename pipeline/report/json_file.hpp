// Fields of the JSON files that the commands write, with messages that name the file and the field.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace xxact::report {

/// Reads a JSON object. Throws InputError naming the file and where in it the mistake is.
nlohmann::json read_json(const std::filesystem::path& file);
/// Parses one JSON object; `place` is "FILE" or "FILE:LINE".
nlohmann::json parse_object(const std::string& text, const std::string& place);

/// A field of an object, or the fallback where it is missing or null. Throws InputError naming place and field where
/// it is of another kind.
double number_in(const nlohmann::json& object, const char* field, const std::string& place);              // else NaN
std::int64_t integer_in(const nlohmann::json& object, const char* field, const std::string& place);       // else -1
std::string text_in(const nlohmann::json& object, const char* field, const std::string& place);           // else empty
const nlohmann::json& object_in(const nlohmann::json& object, const char* field, const std::string& place);  // else {}

}  // namespace xxact::report
