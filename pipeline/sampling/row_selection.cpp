#include "pipeline/sampling/row_selection.hpp"

#include <future>
#include <limits>

#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

/// The place of the k-th set bit, which there is.
int place_of_bit(std::uint64_t word, int k) {
  int place = 0;
  for (int width = 32; width > 0; width /= 2) {
    const int low = std::popcount(word & ((std::uint64_t{1} << width) - 1));
    if (k >= low) k -= low, word >>= width, place += width;
  }
  return place;
}

}  // namespace

RowSelection::RowSelection(std::int64_t rows, std::vector<std::uint64_t> words) : rows_(rows), words_(std::move(words)) {
  // The places of select are 32-bit numbers of blocks.
  if (rows < 0 || rows / kBlockRows >= std::numeric_limits<std::uint32_t>::max()) throw ConfigError("a selection among {} rows", rows);
  if (words_.size() != static_cast<std::size_t>((rows + 63) / 64)) throw ConfigError("{} words of 64 bits for a selection among {} rows", words_.size(), rows);
  if (rows % 64 != 0) words_.back() &= (std::uint64_t{1} << (rows % 64)) - 1;
  before_.reserve((words_.size() + kBlockWords - 1) / kBlockWords + 1);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (i % kBlockWords == 0) before_.push_back(selected_);
    const int count = std::popcount(words_[i]);
    // Of the selected rows selected_ .. selected_ + count - 1 at most one has a multiple of kSampled before it.
    if (count > 0 && (selected_ % kSampled == 0 || selected_ / kSampled != (selected_ + count - 1) / kSampled)) sampled_.push_back(static_cast<std::uint32_t>(i / kBlockWords));
    selected_ += count;
  }
  before_.push_back(selected_);
}

RowSelection RowSelection::all(std::int64_t rows) { return RowSelection(rows, std::vector<std::uint64_t>(static_cast<std::size_t>((rows + 63) / 64), ~std::uint64_t{0})); }

void RowSelection::share_words(std::size_t words, int threads, const std::function<void(std::size_t, std::size_t)>& work) {
  const auto parts = static_cast<std::size_t>(std::max(threads, 1));
  std::vector<std::future<void>> running;
  for (std::size_t part = 1; part < parts; ++part)
    running.push_back(std::async(std::launch::async, work, words * part / parts, words * (part + 1) / parts));
  work(0, words / parts);
  for (auto& one : running) one.get();
}

std::int64_t RowSelection::rank(std::int64_t row) const {
  const std::size_t word = word_of(row);
  std::int64_t count = before_[word / kBlockWords];
  for (std::size_t i = word / kBlockWords * kBlockWords; i < word; ++i) count += std::popcount(words_[i]);
  return row % 64 == 0 ? count : count + std::popcount(words_[word] & ((std::uint64_t{1} << (row % 64)) - 1));
}

std::int64_t RowSelection::row(std::int64_t k) const {
  const auto place = static_cast<std::size_t>(k / kSampled);
  const auto first = before_.begin() + sampled_[place];
  const auto last = place + 1 < sampled_.size() ? before_.begin() + sampled_[place + 1] + 1 : before_.end() - 1;
  const auto block = std::upper_bound(first, last, k) - 1;
  auto left = static_cast<int>(k - *block);
  auto word = static_cast<std::size_t>(block - before_.begin()) * kBlockWords;
  for (int count = std::popcount(words_[word]); left >= count; count = std::popcount(words_[word])) left -= count, ++word;
  return static_cast<std::int64_t>(word) * 64 + place_of_bit(words_[word], left);
}

std::vector<std::int64_t> RowSelection::list(std::int64_t first, std::int64_t last) const {
  std::vector<std::int64_t> rows;
  if (first >= last) return rows;
  rows.reserve(static_cast<std::size_t>(last - first));
  const std::int64_t start = row(first);
  std::uint64_t left = words_[word_of(start)] >> (start % 64) << (start % 64);
  for (std::size_t i = word_of(start);; left = words_[++i])
    for (; left != 0; left &= left - 1) {
      rows.push_back(static_cast<std::int64_t>(i) * 64 + std::countr_zero(left));
      if (std::ssize(rows) == last - first) return rows;
    }
}

RowSelection RowSelection::without(std::span<const std::int64_t> rows) const {
  std::vector<std::uint64_t> words = words_;
  for (const auto row : rows) {
    if (row < 0 || row >= rows_ || !contains(row)) throw ConfigError("row {} is to be left out of a selection that does not have it", row);
    words[word_of(row)] &= ~(std::uint64_t{1} << (row % 64));
  }
  return RowSelection(rows_, std::move(words));
}

std::size_t RowSelection::memory_bytes() const {
  return words_.capacity() * sizeof words_[0] + before_.capacity() * sizeof before_[0] + sampled_.capacity() * sizeof sampled_[0];
}

}  // namespace xxact::sampling
