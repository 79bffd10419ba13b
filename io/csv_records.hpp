// Splits a CSV stream into records of cells (RFC 4180): quoted cells may hold commas, doubled quotes and line breaks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_stream.hpp"

namespace xxact::io {

class CsvRecords {
 public:
  explicit CsvRecords(ByteStream stream) : stream_(std::move(stream)) {}

  /// Reads the next record that is not a blank line; false at the end. Throws InputError where the stream is damaged,
  /// ends inside a quoted cell, or holds a record of more than 64 MiB.
  bool next();

  /// Cells of the current record, unquoted.
  const std::vector<std::string>& cells() const { return cells_; }

 private:
  enum class State { cell_start, plain, quoted, quote_in_quoted };
  bool refill();
  void start_cell();
  bool end_record();

  ByteStream stream_;
  std::string_view chunk_;
  std::vector<std::string> cells_;
  std::size_t cell_count_ = 0, record_bytes_ = 0;
  bool first_chunk_ = true;
};

}  // namespace xxact::io
