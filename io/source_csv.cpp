// CSV sources: one record a line, its structure as CIF text in the column `cif`, or a formula alone.
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "io/cif_structure.hpp"
#include "io/csv_records.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

/// What each column of the header means; -1 where there is none.
struct Columns {
  int id = -1, cif = -1, formula = -1, space_group = -1;
  struct LabelColumn {
    std::size_t column, label;
  };
  std::vector<LabelColumn> labels;
  bool perovskite = false;
  std::size_t count = 0;
};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Columns columns_of(const std::vector<std::string>& header) {
  Columns columns;
  columns.count = header.size();
  std::array<bool, kLabelCount> taken{};
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string& name = header[i];
    const int here = static_cast<int>(i);
    if (columns.id < 0 && is_one_of(name, {"material_id", "mat_id", "id", "entry_id", "mp_id", "mpid"})) columns.id = here;
    if (columns.cif < 0 && name == "cif") columns.cif = here;
    if (columns.formula < 0 && is_one_of(name, {"formula", "composition", "pretty_formula", "formula_pretty"})) columns.formula = here;
    if (columns.space_group < 0 && is_space_group_key(name)) columns.space_group = here;
    if (name == "heat_ref_per_atom") columns.perovskite = true;
    // The first of two columns with one meaning counts.
    if (const auto label = label_of_key(name); label && !taken[*label]) {
      taken[*label] = true;
      columns.labels.push_back({i, *label});
    }
  }
  if (columns.cif < 0 && columns.formula < 0) throw InputError("the header has neither a cif nor a formula column: \"{:.80}\"", header[0]);
  return columns;
}

class CsvSource final : public RecordReader {
 public:
  CsvSource(ByteStream stream, std::string stem, const RecordLimits& limits) : records_(std::move(stream)), stem_(std::move(stem)), limits_(limits) {
    if (!records_.next()) throw InputError("no header line");
    for (const std::string& name : records_.cells())
      if (!simdjson::validate_utf8(name)) throw InputError("the header is not UTF-8");
    columns_ = columns_of(records_.cells());
    header_ = records_.cells();
  }

  bool next() override {
    ++number_;
    return records_.next();
  }

  std::string id() const override {
    const auto& cells = records_.cells();
    const bool given = columns_.id >= 0 && static_cast<std::size_t>(columns_.id) < cells.size() && !cells[static_cast<std::size_t>(columns_.id)].empty();
    return given ? cells[static_cast<std::size_t>(columns_.id)] : fmt::format("{}-{}", stem_, number_);
  }

  void parse(StructureRecord& record) override {
    record.clear();
    const auto& cells = records_.cells();
    if (cells.size() != columns_.count) throw InputError("{} cells where the header has {}", cells.size(), columns_.count);
    for (const std::string& cell : cells)
      if (!simdjson::validate_utf8(cell)) throw InputError("column {} is not UTF-8", header_[static_cast<std::size_t>(&cell - cells.data())]);
    record.id = id();
    for (const auto& [column, label] : columns_.labels) record.labels.value[label] = parse_label(header_[column], cells[column]);
    record.labels.source = source_kind_of(record.id, columns_.perovskite, false);
    parse_structure(record);
    if (const std::string* text = cell_of(columns_.space_group))
      if (const int number = parse_space_group(header_[static_cast<std::size_t>(columns_.space_group)], *text)) record.space_group = number;
  }

 private:
  const std::string* cell_of(int column) const { return column < 0 ? nullptr : &records_.cells()[static_cast<std::size_t>(column)]; }

  void parse_structure(StructureRecord& record) {
    const std::string* cif = cell_of(columns_.cif);
    if (cif && !cif->empty()) {
      const auto blocks = parse_cif(*cif);
      if (blocks.empty()) throw InputError("column cif has no data block");
      const auto found = std::find_if(blocks.begin(), blocks.end(), holds_structure);
      read_cif_block(found == blocks.end() ? blocks.front() : *found, record, limits_);
      return;
    }
    const std::string* formula = cell_of(columns_.formula);
    if (!formula) throw InputError("column cif is empty");
    record.formula = parse_formula(*formula);
  }

  CsvRecords records_;
  std::string stem_;
  RecordLimits limits_;
  Columns columns_;
  std::vector<std::string> header_;
  std::int64_t number_ = -1;
};

}  // namespace

std::unique_ptr<RecordReader> open_csv(ByteStream stream, const std::string& stem, const RecordLimits& limits) {
  return std::make_unique<CsvSource>(std::move(stream), stem, limits);
}

}  // namespace xxact::io
