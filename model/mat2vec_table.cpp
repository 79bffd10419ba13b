#include <torch/torch.h>

#include <charconv>

#include "model/mat2vec_bytes.hpp"
#include "model/xxact_model.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::model {
namespace {

constexpr std::int64_t kElementVectorWidth = 200;

/// Takes the text up to `separator` off the front of `text`.
std::string_view take(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

void read_row(std::string_view line, float* table, std::array<bool, kMaxAtomicNumber + 1>& seen) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const auto symbol = take(line, ',');
  const auto number = atomic_number_of(symbol);
  if (!number || seen[*number]) throw InputError("mat2vec.csv: row \"{}\" is no element or comes twice", symbol);
  seen[*number] = true;
  float* row = table + *number * kElementVectorWidth;
  for (std::int64_t column = 0; column < kElementVectorWidth; ++column) {
    const auto cell = take(line, ',');
    const auto [end, status] = std::from_chars(cell.data(), cell.data() + cell.size(), row[column]);
    if (status != std::errc{} || end != cell.data() + cell.size())
      throw InputError("mat2vec.csv: row {}, column {}: \"{}\" is not a number", symbol, column, cell);
  }
}

}  // namespace

torch::Tensor mat2vec_table() {
  auto table = torch::zeros({kMaxAtomicNumber + 1, kElementVectorWidth}, torch::kFloat32);
  std::array<bool, kMaxAtomicNumber + 1> seen{};
  auto text = mat2vec_csv();
  take(text, '\n');  // column names
  int rows = 0;
  for (; !text.empty(); ++rows) read_row(take(text, '\n'), table.data_ptr<float>(), seen);
  if (rows != kMaxAtomicNumber) throw InputError("mat2vec.csv: {} rows instead of {}", rows, kMaxAtomicNumber);
  return table;
}

}  // namespace xxact::model
