#include "io/json_entries.hpp"

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 20;

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

/// Appends one value to `text_`; its first byte is already taken. A scalar ends before `,`, `]`, `}` or white space.
void JsonEntries::take_value(char first) {
  text_ += first;
  int depth = first == '{' || first == '[';
  bool in_string = first == '"', escaped = false;
  const bool scalar = depth == 0 && !in_string;
  while (depth > 0 || in_string || scalar) {
    if (peek() < 0) throw InputError("ends in the middle of an entry");
    std::size_t used = 0;
    for (; used < chunk_.size() && (depth > 0 || in_string || scalar); ++used) {
      const char c = chunk_[used];
      if (in_string) {
        if (escaped) escaped = false;
        else if (c == '\\') escaped = true;
        else if (c == '"') in_string = false;
      } else if (scalar) {
        if (c == ',' || c == ']' || c == '}' || is_space(c)) break;
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    const bool ended_inside = used < chunk_.size();
    text_ += chunk_.substr(0, used);
    chunk_.remove_prefix(used);
    if (text_.size() > kMaxEntryBytes) throw InputError("an entry is longer than {} MiB", kMaxEntryBytes >> 20);
    if (scalar && ended_inside) return;
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
