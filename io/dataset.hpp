// A dataset file in the memory of this process, checked: what training, screening and inspection read rows from.
// Spans and views point into it and live as long as it does. Not here: writing (io/dataset_writer.hpp), the file's
// layout (io/dataset_schema.hpp, docs/data-format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/dataset_rows.hpp"
#include "src/base/structure.hpp"

namespace xxact::io {

/// Elements of one row, ascending in atomic number; the fractions add up to 1.
struct CompositionView {
  std::span<const std::uint8_t> atomic_number;
  std::span<const float> fraction;
};

/// The arrays of a dataset file where they lie in memory. N rows, M atoms, C composition entries.
struct DatasetArrays {
  std::span<const char> id;                           // [N, id_width], padded with NUL
  std::span<const double> lattice;                    // [N, 3, 3] angstrom; NaN for a row without structure
  std::span<const std::int64_t> atom_offset;          // [N + 1]
  std::span<const std::uint8_t> space_group;          // [N], 0 = unknown
  std::span<const std::uint8_t> space_group_spglib;   // [N], 0 = not computed
  bool with_laue_code = false;                        // files of earlier versions have none
  std::span<const std::uint32_t> laue_code;           // [N] if with_laue_code, see src/base/laue_code.hpp; 0 = not known
  std::span<const std::uint32_t> source_file;         // [N], index into sources
  std::span<const std::uint32_t> record;              // [N], number of the record in its file
  std::span<const std::uint8_t> atomic_number;        // [M]
  std::span<const float> frac_coords;                 // [M, 3]
  bool partial = false;                               // whether the file has occupancies
  std::span<const float> occupancy;                   // [M] if partial; otherwise empty and every occupancy is 1
  std::span<const std::int64_t> composition_offset;   // [N + 1]
  std::span<const std::uint8_t> composition_number;   // [C]
  std::span<const float> composition_fraction;        // [C]
  std::vector<std::span<const float>> labels;         // [labels][N], NaN = unknown
  std::span<const std::uint8_t> split;                // [N], values of Split
};

/// A row outside [0, size()) is an error of the caller and is not checked.
class Dataset {
 public:
  std::int64_t size() const { return static_cast<std::int64_t>(arrays_.split.size()); }
  std::int64_t structures() const { return structures_; }  // rows with a structure
  std::int64_t atoms() const { return static_cast<std::int64_t>(arrays_.atomic_number.size()); }

  bool has_structure(std::int64_t row) const { return atoms(row) > 0; }
  std::int64_t atoms(std::int64_t row) const { return arrays_.atom_offset[at(row) + 1] - arrays_.atom_offset[at(row)]; }
  /// NaN lattice and no atoms where the row has no structure.
  StructureView structure(std::int64_t row) const;
  CompositionView composition(std::int64_t row) const;

  std::string_view id(std::int64_t row) const;
  /// Reduced and readable, "Fe2O3", from the composition; elements in the order of rising electronegativity.
  std::string formula(std::int64_t row) const;
  std::string_view source_of(std::int64_t row) const { return description_->sources[arrays_.source_file[at(row)]]; }
  std::uint32_t record_of(std::int64_t row) const { return arrays_.record[at(row)]; }

  /// [N]. InputError naming the file and the labels that it has when there is none of this name.
  std::span<const float> label(std::string_view name) const;
  /// Null when the file has no such label.
  const LabelInfo* find_label(std::string_view name) const;
  const std::vector<LabelInfo>& labels() const { return description_->labels; }

  std::span<const std::uint8_t> split() const { return arrays_.split; }
  std::span<const std::uint8_t> space_group() const { return arrays_.space_group; }
  std::span<const std::uint8_t> space_group_spglib() const { return arrays_.space_group_spglib; }

  const DatasetArrays& arrays() const { return arrays_; }
  const DatasetDescription& description() const { return *description_; }
  const std::string& content_hash() const { return content_hash_; }  // 64 hexadecimal digits
  const std::filesystem::path& path() const { return path_; }
  /// Bytes of memory that the arrays take, once a host where its ranks share them.
  std::int64_t bytes() const { return bytes_; }

 private:
  friend class DatasetBuilder;
  static std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }

  std::shared_ptr<const std::byte> storage_;  // one block behind all arrays
  DatasetArrays arrays_;
  std::size_t id_width_ = 0;
  std::int64_t structures_ = 0, bytes_ = 0;
  std::shared_ptr<const DatasetDescription> description_;
  std::string content_hash_;
  std::filesystem::path path_;
};

enum class HashCheck { skip, verify };

/// Serial, independent on each rank (of MPI only MPI_COMM_SELF is used): POSIX driver, read-only, without file locks. The file is not trusted: links,
/// external and virtual storage and foreign filters are refused, types, extents, offsets and values checked.
/// Every block of the arrays is compared with its checksum, where the file has them, before anything uses the data.
/// HashCheck::verify recomputes the content hash too, and names all damaged blocks instead of the first.
/// Throws InputError naming the file, the dataset and what is wrong with it, or IoError when the file cannot be read.
Dataset read_dataset(const std::filesystem::path& path, HashCheck check = HashCheck::skip);

/// Whether this is an HDF5 file that says `format = "xxact-dataset"`. False for files that cannot be opened.
bool is_dataset_file(const std::filesystem::path& path);

}  // namespace xxact::io
