// Turns checked records into dataset rows: space group by policy, split, float32, composition fractions.
#pragma once

#include <cstdint>
#include <optional>

#include "io/dataset_rows.hpp"
#include "io/ingest.hpp"
#include "io/label_table.hpp"
#include "io/structure_record.hpp"

namespace xxact::io {

class RowBuilder {
 public:
  explicit RowBuilder(const IngestOptions& options);

  /// Appends a record that passed `check_record`. Rows come in input order; `input_index` is filled later, when the
  /// numbers of records of all files are known.
  void add(const StructureRecord& record, std::uint32_t file, std::uint32_t number);

  /// Which sources gave which labels so far, on this rank.
  const SeenSources& seen() const { return seen_; }

  /// Rows so far with the chosen labels alone; leaves the builder empty.
  DatasetRows take_rows(const ChosenLabels& chosen);

  std::int64_t groups_compared = 0, groups_different = 0, groups_not_found = 0;
  std::array<std::int64_t, 3> split_counts{};  // train, validation, test

 private:
  void add_structure(const StructureRecord& record, std::uint32_t laue_code);
  std::uint32_t add_space_group(const StructureRecord& record);
  void add_composition(const StructureRecord& record);

  SymmetryPolicy symmetry_;
  double symprec_;
  std::optional<Split> split_as_;
  std::optional<std::uint64_t> split_seed_;
  DatasetRows rows_;
  SeenSources seen_{};
  std::vector<float> frac_, occupancy_;  // of one record, reused
};

}  // namespace xxact::io
