#include "io/json_entries.hpp"

#include <array>

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 20;

/// The bytes that count outside of strings.
constexpr std::array<bool, 256> kMarks = [] {
  std::array<bool, 256> marks{};
  for (const char c : {'"', '{', '}', '[', ']'}) marks[static_cast<unsigned char>(c)] = true;
  return marks;
}();

std::size_t find_mark(std::string_view text, std::size_t from) {
  while (from < text.size() && !kMarks[static_cast<unsigned char>(text[from])]) ++from;
  return from;
}

/// The first quote or backslash.
std::size_t find_end_of_string(std::string_view text, std::size_t from) {
  while (from < text.size() && text[from] != '"' && text[from] != '\\') ++from;
  return from;
}

bool is_space(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

int JsonEntries::peek() {
  if (chunk_.empty()) chunk_ = stream_.next_chunk();
  return chunk_.empty() ? -1 : static_cast<unsigned char>(chunk_.front());
}

int JsonEntries::next_mark() {
  int c = peek();
  while (is_space(c)) {
    chunk_.remove_prefix(1);
    c = peek();
  }
  if (c >= 0) chunk_.remove_prefix(1);
  return c;
}

void JsonEntries::keep(std::size_t count) {
  text_ += chunk_.substr(0, count);
  chunk_.remove_prefix(count);
  if (text_.size() > kMaxEntryBytes) throw InputError("an entry is longer than {} MiB", kMaxEntryBytes >> 20);
}

/// Appends one value to `text_`; its first byte is already taken.
void JsonEntries::take_value(char first) {
  text_ += first;
  const bool list_or_object = first == '{' || first == '[';
  if (!list_or_object && first != '"') return take_scalar();
  int depth = list_or_object ? 1 : 0;
  bool in_string = first == '"', escaped = false;
  while (depth > 0 || in_string) {
    if (peek() < 0) throw InputError("ends in the middle of an entry");
    std::size_t at = 0;
    while (at < chunk_.size() && (depth > 0 || in_string)) {
      if (escaped) {
        escaped = false;
        ++at;
        continue;
      }
      at = in_string ? find_end_of_string(chunk_, at) : find_mark(chunk_, at);
      if (at == chunk_.size()) break;
      const char c = chunk_[at++];
      if (c == '\\') escaped = true;
      else if (c == '"') in_string = !in_string;
      else depth += c == '{' || c == '[' ? 1 : -1;
    }
    keep(at);
  }
}

/// A number or a word ends before `,`, `]`, `}` or white space.
void JsonEntries::take_scalar() {
  for (;;) {
    if (peek() < 0) throw InputError("ends in the middle of an entry");
    const std::size_t end = chunk_.find_first_of(",]} \n\r\t");
    keep(std::min(end, chunk_.size()));
    if (end != std::string_view::npos) return;
  }
}

/// A string whose opening quote is taken; returned without quotes, escapes untouched.
std::string JsonEntries::take_string() {
  const std::size_t start = text_.size();
  take_value('"');
  return {text_.begin() + static_cast<std::ptrdiff_t>(start) + 1, text_.end() - 1};
}

/// After the `{` of the top level: stops inside the list of "entries" (true), or takes the whole object (false).
bool JsonEntries::enter_object() {
  text_.assign(1, '{');
  for (int c = next_mark(); c != '}'; c = next_mark()) {
    if (c == ',') {
      text_ += ',';
      c = next_mark();
    }
    if (c != '"') throw InputError("{}", c < 0 ? "JSON ends early" : "not JSON: a key was expected");
    const std::string key = take_string();
    if (next_mark() != ':') throw InputError("not JSON: no colon after key \"{:.40}\"", key);
    text_ += ':';
    c = next_mark();
    if (c < 0) throw InputError("JSON ends early");
    if (key == "entries" && c == '[') return true;
    take_value(static_cast<char>(c));
  }
  text_ += '}';
  return false;
}

bool JsonEntries::next() {
  if (place_ == Place::start) {
    const int c = next_mark();
    if (c == '{') {
      place_ = enter_object() ? Place::in_list : Place::done;
      if (place_ == Place::done) return true;
    } else if (c == '[') {
      place_ = Place::in_list;
    } else {
      throw InputError("not JSON: neither a list nor an object");
    }
  }
  if (place_ == Place::done) return false;
  text_.clear();
  int c = next_mark();
  if (c == ',' && !first_entry_) c = next_mark();
  else if (c != ']' && c >= 0 && !first_entry_) throw InputError("not JSON: no comma between entries");
  first_entry_ = false;
  if (c == ']') {
    place_ = Place::done;
    return false;
  }
  if (c < 0) throw InputError("JSON ends before its list does");
  take_value(static_cast<char>(c));
  return true;
}

}  // namespace xxact::io
