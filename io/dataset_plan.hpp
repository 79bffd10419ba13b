// What must be known of a dataset file before its arrays are read: their types, extents and places in the file and in
// memory, the description, the checksums. Made by one process, which alone touches the file's metadata, and handed to
// all. Not here: the reading (io/dataset_reader.hpp).
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "io/file_extents.hpp"
#include "io/hdf5_transfer.hpp"

namespace xxact::io {

inline constexpr std::size_t kStorageAlignment = 64;

/// How many of what an array's first extent counts.
struct DatasetExtents {
  std::int64_t rows = 0, atoms = 0, entries = 0;  // entries of compositions
  bool operator==(const DatasetExtents&) const = default;
};

/// What the first extent of an array counts.
enum class Counts { rows, row_offsets, atoms, entries };
/// Of an array of the format's table.
Counts counted_by(const std::string& path);
std::int64_t count_of(const DatasetExtents& extents, Counts what);  // one more offset than there are rows

struct PlannedArray {
  std::string path;
  hdf5::ArraySpec spec;
  std::size_t offset = 0;           // of its bytes in the storage
  std::size_t first_block = 0;      // of its bytes in DatasetPlan::blocks
  bool direct = true;               // whether `extents` say where its bytes lie; otherwise only HDF5 can read them
  std::vector<FileExtent> extents;
  std::int64_t chunk_rows = 1;
};

struct DatasetPlan {
  std::filesystem::path path;
  std::uint64_t file_bytes = 0;
  std::vector<PlannedArray> arrays;  // in the order of the format's table
  std::size_t bytes = 0;             // that the storage needs
  std::size_t id_width = 0;
  std::shared_ptr<const DatasetDescription> description;  // datasets share it
  std::string content_hash;
  std::vector<std::uint64_t> blocks;  // checksums of all arrays' blocks; none in files of earlier versions

  std::int64_t rows() const { return arrays.front().spec.rows(); }
  DatasetExtents extents() const;
};

/// Serial. Opens the file, checks its structure. InputError naming file, dataset and what is wrong, IoError when the
/// file cannot be opened.
DatasetPlan plan_dataset(const std::filesystem::path& path);

/// Collective on comm: rank 0 makes the plan and every rank has it. Throws alike on every rank.
DatasetPlan plan_dataset(MPI_Comm comm, const std::filesystem::path& path);

/// The arrays in `storage`, plan.bytes long and aligned to kStorageAlignment.
DatasetArrays arrays_over(const DatasetPlan& plan, const std::byte* storage);

/// The plan of arrays of the same kinds with other extents, which lie in memory alone: no places in a file, no checksums.
DatasetPlan plan_of_extents(const DatasetPlan& plan, const DatasetExtents& extents);

/// Makes datasets of filled storage.
class DatasetBuilder {
 public:
  static Dataset build(DatasetPlan plan, std::shared_ptr<const std::byte> storage);
};

}  // namespace xxact::io
