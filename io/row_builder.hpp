// Turns checked records into dataset rows: space group by policy, split, float32, composition fractions.
#pragma once

#include <cstdint>
#include <optional>

#include "io/dataset.hpp"
#include "io/dataset_rows.hpp"
#include "io/ingest.hpp"
#include "io/ingest_part.hpp"
#include "io/label_table.hpp"
#include "io/structure_record.hpp"

namespace xxact::io {

class RowBuilder {
 public:
  explicit RowBuilder(const IngestOptions& options);

  /// Appends a record that passed `check_record`, of the source file of this number.
  void add(const StructureRecord& record, std::uint32_t file, std::uint32_t number);

  /// Appends a row of a dataset as it is, of the source file of this number. Its split is kept unless this ingest gives every row the same.
  void add(const Dataset& from, std::int64_t row, std::uint32_t file);

  std::int64_t rows() const { return static_cast<std::int64_t>(rows_.size()); }
  /// About the bytes of the rows so far.
  std::size_t bytes() const;
  /// What was counted since the rows were last taken.
  const IngestTallies& tallies() const { return tallies_; }
  /// The rows so far, with all kLabelCount labels; leaves the builder empty and the tallies at zero.
  DatasetRows take_rows();

 private:
  void add_structure(const StructureRecord& record, std::uint32_t laue_code);
  std::uint32_t add_space_group(const StructureRecord& record);
  void add_composition(const StructureRecord& record);
  void add_split(Split split);

  SymmetryPolicy symmetry_;
  double symprec_;
  std::optional<Split> split_as_;
  std::optional<std::uint64_t> split_seed_;
  DatasetRows rows_;
  IngestTallies tallies_;
  std::vector<float> frac_, occupancy_;  // of one record, reused
};

}  // namespace xxact::io
