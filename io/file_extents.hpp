// Where the bytes of an array lie in its HDF5 file, for those who read them without the library: many processes, large
// requests. Not here: the checks of the array itself (io/hdf5_untrusted.hpp), the reading (io/file_bytes.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5_untrusted.hpp"

namespace xxact::io {

/// `bytes` bytes of an array, from byte `in_array` of it, lie at `in_file`.
struct FileExtent {
  std::uint64_t in_array = 0, in_file = 0, bytes = 0;
};

/// The extents of all bytes of the array, in their order, neighbours merged. Nothing where the bytes in the file are not
/// those of the array one after another, so that only the library can read them: filters, chunks that divide rows,
/// parts that were never written, arrays within their own headers; and arrays of more than 4,096 chunks, since HDF5 1.10
/// goes through all chunks to find one.
std::optional<std::vector<FileExtent>> file_extents(const hdf5::File& file, const hdf5::OpenArray& array, const hdf5::Place& place);

/// Calls `part(place in the file, place in the array, bytes)` for the parts of bytes [begin, begin + bytes) of an array of these extents.
template <class Part>
void for_parts(const std::vector<FileExtent>& extents, std::size_t begin, std::size_t bytes, Part&& part) {
  auto extent = std::upper_bound(extents.begin(), extents.end(), begin, [](std::size_t at, const FileExtent& e) { return at < e.in_array; }) - 1;
  for (; bytes > 0; ++extent) {
    const std::size_t skip = begin - extent->in_array, count = std::min<std::size_t>(bytes, extent->bytes - skip);
    part(extent->in_file + skip, begin, count);
    begin += count;
    bytes -= count;
  }
}

/// Rows of a chunk of the array; 1 where it has no chunks.
std::int64_t chunk_rows(const hdf5::OpenArray& array, const hdf5::Place& place);

/// InputError naming the file and the arrays when extents leave the file or lie over each other.
void check_extents(const std::vector<std::pair<std::string, std::vector<FileExtent>>>& arrays, std::uint64_t file_bytes,
                   const std::filesystem::path& path);

}  // namespace xxact::io
