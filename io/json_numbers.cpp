#include "io/json_numbers.hpp"

#include <initializer_list>

namespace xxact::io {

bool null_for_nan(std::string_view text, std::string& out) {
  out.clear();
  bool replaced = false, in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\' && i + 1 < text.size()) out += text[i++];
      else if (c == '"') in_string = false;
      out += text[i++];
      continue;
    }
    std::size_t length = 0;
    for (const std::string_view word : {"-Infinity", "Infinity", "NaN"})
      if (text.substr(i).starts_with(word)) length = word.size();
    if (length > 0) {
      out += "null";
      i += length;
      replaced = true;
      continue;
    }
    in_string = c == '"';
    out += c;
    ++i;
  }
  return replaced;
}

}  // namespace xxact::io
