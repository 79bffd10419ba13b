// The rows of a dataset as they are made in memory, and the description that goes with them: what the ingest of
// structure files hands to the dataset writer. Not here: the file layout (io/dataset_schema.hpp and its writer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/structure.hpp"

namespace xxact::io {

/// Values of `DatasetRows::split` and of the dataset `/split`.
enum class Split : std::uint8_t { train = 0, validation = 1, test = 2, none = 255 };

/// One label column. Its definition names functional, corrections and reference; two columns with different
/// definitions must not be mixed in one training run.
struct LabelInfo {
  std::string name, units, definition;
  bool operator==(const LabelInfo&) const = default;
};

struct CompositionEntry {
  std::uint8_t atomic_number;
  float fraction;  // of the atoms of the formula; the fractions of a row add up to 1
  bool operator==(const CompositionEntry&) const = default;
};

/// Rows in memory, in their order. Every array but the flat ones has `size()` entries.
struct DatasetRows {
  std::vector<std::string> id;  // UTF-8, at most 64 bytes
  StructureArrays structures;   // a row without structure has a NaN lattice and no atoms
  std::vector<std::uint8_t> space_group, space_group_spglib;  // 0 = unknown, not computed
  std::vector<std::uint32_t> source_file;                     // index into DatasetDescription::sources
  std::vector<std::uint32_t> record;                          // number of the record in its file, from 0
  std::vector<std::int64_t> composition_offset = {0};         // [N + 1]
  std::vector<std::uint8_t> composition_atomic_number;        // ascending in a row
  std::vector<float> composition_fraction;
  std::vector<std::vector<float>> labels;  // [labels of the description, in its order][N]; NaN = unknown
  std::vector<std::uint8_t> split;         // Split

  std::size_t size() const { return id.size(); }
};

/// What holds for the whole file; the same on every rank.
struct DatasetDescription {
  std::vector<LabelInfo> labels;
  std::vector<std::string> sources;  // input files, in input order
  std::string source, licence;       // free text about where the data came from
  std::string created;               // ISO 8601, UTC
  double symprec = 0.1;              // of space_group_spglib, angstrom
  std::string split_rule;            // how `split` was made, in words
};

}  // namespace xxact::io
