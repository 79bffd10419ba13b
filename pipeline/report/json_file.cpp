#include "pipeline/report/json_file.hpp"

#include <cmath>
#include <fstream>
#include <sstream>
#include <system_error>

#include "pipeline/report/inputs.hpp"
#include "pipeline/report/text.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

using nlohmann::json;
constexpr std::size_t kLargestFile = std::size_t{64} << 20;

/// The field, or null where it is missing.
const json& field_of(const json& object, const char* field) {
  static const json null;
  const auto found = object.find(field);
  return found == object.end() ? null : *found;
}

[[noreturn]] void throw_kind(const json& value, const char* field, const char* wanted, const std::string& place) {
  throw InputError("{}: {} is {}, not {}", place, field, valid_utf8(value.dump(-1, ' ', false, json::error_handler_t::replace)).substr(0, 60), wanted);
}

}  // namespace

json parse_object(const std::string& text, const std::string& place) {
  json object;
  try {
    object = json::parse(text);
  } catch (const json::parse_error& error) {
    throw InputError("{}: not JSON, byte {}: {}", place, error.byte, valid_utf8(error.what()));
  }
  if (!object.is_object()) throw InputError("{}: not a JSON object but {}", place, object.type_name());
  return object;
}

json read_json(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw InputError("{}: {}", file.string(), error.message());
  if (size > kLargestFile) throw InputError("{}: {} bytes, more than the {} of any file that the program writes", file.string(), size, kLargestFile);
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return parse_object(text.str(), file.string());
}

double number_in(const json& object, const char* field, const std::string& place) {
  const json& value = field_of(object, field);
  if (value.is_null()) return kUnknown;
  if (!value.is_number()) throw_kind(value, field, "a number", place);
  return value.get<double>();
}

std::int64_t integer_in(const json& object, const char* field, const std::string& place) {
  const json& value = field_of(object, field);
  if (value.is_null()) return -1;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  const double number = value.is_number() ? value.get<double>() : kUnknown;
  // 2^53: what a double counts exactly.
  if (!(std::fabs(number) <= 9007199254740992.0) || number != std::floor(number)) throw_kind(value, field, "a whole number", place);
  return static_cast<std::int64_t>(number);
}

std::string text_in(const json& object, const char* field, const std::string& place) {
  const json& value = field_of(object, field);
  if (value.is_null()) return {};
  if (!value.is_string()) throw_kind(value, field, "a text", place);
  return value.get<std::string>();
}

const json& object_in(const json& object, const char* field, const std::string& place) {
  static const json none = json::object();
  const json& value = field_of(object, field);
  if (value.is_null()) return none;
  if (!value.is_object()) throw_kind(value, field, "an object", place);
  return value;
}

}  // namespace xxact::report
