// Splits a JSON stream into the texts of its entries without holding the whole of it: files of the bulk sets have
// gigabytes. Takes a bare list, an object with a list under "entries", or one object that is itself the only entry.
// Only strings and brackets are looked at; whether an entry is well-formed is the parser's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/byte_stream.hpp"

namespace xxact::io {

class JsonEntries {
 public:
  explicit JsonEntries(ByteStream stream) : stream_(std::move(stream)) {}

  /// Reads the next entry; false at the end. Throws InputError where the stream is damaged or cut short, is no list
  /// of entries, or holds an entry of more than 64 MiB.
  bool next();

  /// Text of the current entry.
  const std::string& text() const { return text_; }

 private:
  enum class Place { start, in_list, done };
  int peek();       // next byte or -1
  int next_mark();  // next byte that is not white space, or -1; taken
  void keep(std::size_t count);  // appends bytes of the chunk to the text
  void take_value(char first);
  void take_scalar();
  std::string take_string();
  bool enter_object();

  ByteStream stream_;
  std::string_view chunk_;
  std::string text_;
  Place place_ = Place::start;
  bool first_entry_ = true;
};

}  // namespace xxact::io
