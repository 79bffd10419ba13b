#include "io/csv_records.hpp"

#include "src/base/error.hpp"

namespace xxact::io {

namespace {
constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;
}

bool CsvRecords::refill() {
  chunk_ = stream_.next_chunk();
  if (first_chunk_ && chunk_.starts_with("\xEF\xBB\xBF")) chunk_.remove_prefix(3);
  if (first_chunk_ && (chunk_.starts_with("\xFF\xFE") || chunk_.starts_with("\xFE\xFF"))) throw InputError("is UTF-16, not UTF-8");
  first_chunk_ = false;
  return !chunk_.empty();
}

/// Cells keep their memory from record to record: CIF texts are long.
void CsvRecords::start_cell() {
  if (cell_count_ == cells_.size()) cells_.emplace_back();
  cells_[cell_count_++].clear();
}

bool CsvRecords::end_record() {
  if (cell_count_ == 1 && cells_[0].empty()) return false;  // a blank line
  cells_.resize(cell_count_);
  return true;
}

bool CsvRecords::next() {
  cell_count_ = record_bytes_ = 0;
  start_cell();
  State state = State::cell_start;
  for (;;) {
    if (chunk_.empty() && !refill()) {
      if (state == State::quoted) throw InputError("ends inside a quoted cell");
      return end_record();
    }
    std::string& cell = cells_[cell_count_ - 1];
    if (state == State::quoted) {
      const std::size_t quote = chunk_.find('"');
      cell += chunk_.substr(0, quote);
      record_bytes_ += std::min(quote, chunk_.size());
      if (record_bytes_ > kMaxRecordBytes) throw InputError("a record is longer than {} MiB", kMaxRecordBytes >> 20);
      chunk_.remove_prefix(quote == std::string_view::npos ? chunk_.size() : quote + 1);
      if (quote != std::string_view::npos) state = State::quote_in_quoted;
      continue;
    }
    const char c = chunk_.front();
    chunk_.remove_prefix(1);
    if (++record_bytes_ > kMaxRecordBytes) throw InputError("a record is longer than {} MiB", kMaxRecordBytes >> 20);
    if (c == ',') {
      start_cell();
      state = State::cell_start;
    } else if (c == '\n') {
      if (end_record()) return true;
      cell_count_ = 0;
      start_cell();
      state = State::cell_start;
    } else if (c == '"' && state == State::quote_in_quoted) {
      cell += '"';
      state = State::quoted;
    } else if (c == '"' && state == State::cell_start) {
      state = State::quoted;
    } else if (c != '\r') {
      cell += c;
      state = State::plain;
    }
  }
}

}  // namespace xxact::io
