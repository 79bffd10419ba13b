// The layout of dataset files: format name, the arrays in their one order, and the content hash over them.
// docs/data-format.md says the same for readers in other languages.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "io/hdf5_transfer.hpp"
#include "io/share.hpp"
#include "src/base/sha256.hpp"

namespace xxact::io {

inline constexpr const char* kDatasetFormat = "xxact-dataset";
inline constexpr int kDatasetVersion = 1;
inline constexpr std::size_t kMaxIdBytes = 64;

/// One array of the file: its path, element type and shape, and where its bytes lie in memory.
struct StoredArray {
  std::string path;
  hdf5::ArraySpec spec;
  const void* data = nullptr;
};

/// The arrays in the order of the format's table, which is the order of the content hash; labels by name.
/// `labels` names arrays.labels, entry by entry.
std::vector<StoredArray> stored_arrays(const DatasetArrays& arrays, std::size_t id_width, const std::vector<LabelInfo>& labels);

/// SHA-256 of an array's bytes.
Sha256Digest digest_of(const StoredArray& array);

/// content_hash: SHA-256 over, for each array in order, its path, one NUL and the SHA-256 of its bytes.
std::string content_hash(const std::vector<std::string>& paths, const std::vector<Sha256Digest>& digests);

/// Throws InputError naming file, dataset and row unless the arrays are sound: offsets from 0, rising, ending at the
/// length of what they point into; lattices all NaN without atoms or finite and of a volume with atoms; elements 1..118;
/// finite coordinates; occupancies in (0, 1]; compositions ascending, positive, adding up to 1; space groups to 230; codes of groups;
/// known splits and sources; labels finite or NaN.
void check_dataset_arrays(const DatasetArrays& arrays, std::size_t id_width, const DatasetDescription& description,
                          const std::filesystem::path& path);

/// The same for arrays that every rank sees whole, each checking its share of the rows. Collective on comm; throws alike
/// on every rank, and what is named does not depend on the number of shares.
void check_dataset_arrays(MPI_Comm comm, const Share& share, const DatasetArrays& arrays, std::size_t id_width,
                          const DatasetDescription& description, const std::filesystem::path& path);

}  // namespace xxact::io
