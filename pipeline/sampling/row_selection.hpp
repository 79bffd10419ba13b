// Which rows of a dataset take part: a bitmap with rank and select, 1.14 bits a row. Counts lie beside each 512 rows (rank) and
// the block of each 2,048th selected row beside the bitmap (select); between two of those a binary search.
// Not here: why a row takes part; in which order they come (sample_order.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace xxact::sampling {

class RowSelection {
 public:
  /// No rows of none.
  RowSelection() : RowSelection(0, {}) {}
  /// `words`: bit i % 64 of word i / 64 is row i; ceil(rows / 64) of them, bits beyond the last row are cleared.
  /// ConfigError for another number of words.
  RowSelection(std::int64_t rows, std::vector<std::uint64_t> words);

  static RowSelection all(std::int64_t rows);
  /// Rows for which `takes_part(row)` is true. With threads > 1 it is called from that many at once, each row once, and what
  /// one of them throws is rethrown.
  template <class Predicate>
  static RowSelection where(std::int64_t rows, const Predicate& takes_part, int threads = 1);

  std::int64_t rows() const { return rows_; }      // of the dataset
  std::int64_t size() const { return selected_; }  // selected ones
  bool empty() const { return selected_ == 0; }
  /// 0 <= row < rows(), not checked.
  bool contains(std::int64_t row) const { return (words_[word_of(row)] >> (row % 64) & 1U) != 0; }
  /// The k-th selected row, 0 <= k < size(), not checked.
  std::int64_t row(std::int64_t k) const;
  /// How many selected rows lie before `row`, 0 <= row <= rows(): the k of a selected row.
  std::int64_t rank(std::int64_t row) const;
  /// Selected rows k = first .. last - 1, ascending.
  std::vector<std::int64_t> list(std::int64_t first, std::int64_t last) const;
  std::vector<std::int64_t> list() const { return list(0, selected_); }
  /// Calls visit(row) for every selected row, ascending.
  template <class Visit>
  void for_each(const Visit& visit) const;
  /// This selection without some of its rows, in any order; ConfigError for one that is not selected.
  RowSelection without(std::span<const std::int64_t> rows) const;

  std::span<const std::uint64_t> words() const { return words_; }
  std::size_t memory_bytes() const;
  bool operator==(const RowSelection& other) const { return rows_ == other.rows_ && words_ == other.words_; }

 private:
  static constexpr std::int64_t kBlockRows = 512, kBlockWords = kBlockRows / 64, kSampled = 2048;

  static std::size_t word_of(std::int64_t row) { return static_cast<std::size_t>(row / 64); }
  /// Calls work(first word, last word) from `threads` threads on parts of all words.
  static void share_words(std::size_t words, int threads, const std::function<void(std::size_t, std::size_t)>& work);

  std::int64_t rows_ = 0, selected_ = 0;
  std::vector<std::uint64_t> words_;
  std::vector<std::int64_t> before_;   // [blocks + 1]: selected rows before each block of 512
  std::vector<std::uint32_t> sampled_; // block of each kSampled-th selected row
};

template <class Predicate>
RowSelection RowSelection::where(std::int64_t rows, const Predicate& takes_part, int threads) {
  std::vector<std::uint64_t> words(static_cast<std::size_t>((rows + 63) / 64), 0);
  share_words(words.size(), threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      const auto start = static_cast<std::int64_t>(i) * 64, end = std::min(rows, start + 64);
      std::uint64_t word = 0;
      for (std::int64_t row = start; row < end; ++row) word |= std::uint64_t{takes_part(row) ? 1U : 0U} << (row - start);
      words[i] = word;
    }
  });
  return RowSelection(rows, std::move(words));
}

template <class Visit>
void RowSelection::for_each(const Visit& visit) const {
  for (std::size_t i = 0; i < words_.size(); ++i)
    for (std::uint64_t left = words_[i]; left != 0; left &= left - 1) visit(static_cast<std::int64_t>(i) * 64 + std::countr_zero(left));
}

}  // namespace xxact::sampling
