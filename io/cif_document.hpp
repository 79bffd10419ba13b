// The syntax of CIF 1.1 (Hall, Allen & Brown, Acta Cryst. A47, 655 (1991); International Tables G, 2.2): blocks of
// tags with values and of loops. Values are views of the text, nothing is copied. Not here: what tags mean.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace xxact::io {

struct CifValue {
  std::string_view text;  // without quotes
  bool quoted = false;

  /// False for a bare `?` (unknown) and a bare `.` (does not apply).
  bool known() const { return quoted || (text != "?" && text != "." && !text.empty()); }
};

struct CifLoop {
  std::vector<std::string_view> tags;
  std::vector<CifValue> values;  // [rows, tags]
};

/// The values of one tag: of a loop's rows, or the one of a tag outside loops.
class CifColumn {
 public:
  CifColumn() = default;
  CifColumn(const CifValue* first, std::size_t stride, std::size_t size) : first_(first), stride_(stride), size_(size) {}
  std::size_t size() const { return size_; }
  const CifValue& operator[](std::size_t row) const { return first_[row * stride_]; }

 private:
  const CifValue* first_ = nullptr;
  std::size_t stride_ = 0, size_ = 0;
};

struct CifBlock {
  std::string_view name;
  std::vector<std::pair<std::string_view, CifValue>> pairs;
  std::vector<CifLoop> loops;

  /// Values of a tag, whatever its case; empty where the block does not have it.
  CifColumn find(std::string_view tag) const;
};

/// The blocks of a text, which must outlive them. What stands in save frames is left out; a tag without a value counts
/// as unknown. Throws InputError that names the line: a value without tag, an open quote or text field, a loop whose
/// values do not fill its rows, an item before the first block.
std::vector<CifBlock> parse_cif(std::string_view text);

}  // namespace xxact::io
