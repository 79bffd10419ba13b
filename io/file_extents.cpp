#include "io/file_extents.hpp"

#include <algorithm>

#include "src/base/error.hpp"

namespace xxact::io {
namespace {

using hdf5::check_read;

constexpr hsize_t kMaxChunks = 4096;

hdf5::PropertyList creation_of(const hdf5::OpenArray& array, const hdf5::Place& place) {
  return hdf5::require_read<hdf5::PropertyList>(H5Dget_create_plist(array.dataset.get()), "asking for the layout", place);
}

std::vector<hsize_t> chunk_of(const hdf5::PropertyList& creation, const hdf5::ArraySpec& spec, const hdf5::Place& place) {
  std::vector<hsize_t> chunk(spec.shape.size());
  check_read(H5Pget_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()), "asking for the chunk", place);
  return chunk;
}

/// Addresses count from the end of the user block, of which the library's functions do not agree whether it is added.
bool has_user_block(const hdf5::File& file, const hdf5::Place& place) {
  const auto creation = hdf5::require_read<hdf5::PropertyList>(H5Fget_create_plist(file.get()), "asking how the file was made", place);
  hsize_t bytes = 0;
  check_read(H5Pget_userblock(creation.get(), &bytes), "asking for the user block", place);
  return bytes > 0;
}

std::optional<std::vector<FileExtent>> contiguous_extent(const hdf5::OpenArray& array) {
  const haddr_t address = H5Dget_offset(array.dataset.get());
  if (address == HADDR_UNDEF) return std::nullopt;
  return std::vector<FileExtent>{{0, address, array.spec.bytes()}};
}

std::vector<FileExtent> merged(const std::vector<FileExtent>& extents) {
  std::vector<FileExtent> out;
  for (const auto& next : extents) {
    if (!out.empty() && out.back().in_file + out.back().bytes == next.in_file) out.back().bytes += next.bytes;
    else out.push_back(next);
  }
  return out;
}

std::optional<std::vector<FileExtent>> chunk_extents(const hdf5::OpenArray& array, const std::vector<hsize_t>& chunk, const hdf5::Place& place) {
  const auto& spec = array.spec;
  for (std::size_t i = 1; i < chunk.size(); ++i)
    if (chunk[i] != static_cast<hsize_t>(spec.shape[i])) return std::nullopt;
  const std::uint64_t bytes = spec.bytes(), chunk_bytes = chunk[0] * spec.row_bytes(), expected = (bytes + chunk_bytes - 1) / chunk_bytes;
  const auto space = hdf5::require_read<hdf5::Dataspace>(H5Dget_space(array.dataset.get()), "asking for the dataspace", place);
  hsize_t chunks = 0;
  check_read(H5Dget_num_chunks(array.dataset.get(), space.get(), &chunks), "counting chunks", place);
  if (chunks != expected || chunks > kMaxChunks) return std::nullopt;
  std::vector<FileExtent> extents;
  for (hsize_t i = 0; i < chunks; ++i) {
    std::vector<hsize_t> first(spec.shape.size());
    unsigned skipped_filters = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t stored = 0;
    check_read(H5Dget_chunk_info(array.dataset.get(), space.get(), i, first.data(), &skipped_filters, &address, &stored), "asking for a chunk", place);
    const std::uint64_t begin = first[0] * spec.row_bytes();
    if (address == HADDR_UNDEF || stored != chunk_bytes || begin >= bytes) return std::nullopt;
    // The last chunk is stored whole, though the array may end within it.
    extents.push_back({begin, address, std::min<std::uint64_t>(chunk_bytes, bytes - begin)});
  }
  std::sort(extents.begin(), extents.end(), [](const auto& a, const auto& b) { return a.in_array < b.in_array; });
  for (std::size_t i = 0; i < extents.size(); ++i)
    if (extents[i].in_array != i * chunk_bytes) throw InputError("{}: the file is damaged: its chunks do not cover it", place.text());
  return merged(extents);
}

}  // namespace

std::optional<std::vector<FileExtent>> file_extents(const hdf5::File& file, const hdf5::OpenArray& array, const hdf5::Place& place) {
  if (array.spec.bytes() == 0) return std::vector<FileExtent>{};
  if (has_user_block(file, place)) return std::nullopt;
  const auto creation = creation_of(array, place);
  if (H5Pget_nfilters(creation.get()) != 0) return std::nullopt;
  switch (H5Pget_layout(creation.get())) {
    case H5D_CONTIGUOUS: return contiguous_extent(array);
    case H5D_CHUNKED: return chunk_extents(array, chunk_of(creation, array.spec, place), place);
    default: return std::nullopt;
  }
}

std::int64_t chunk_rows(const hdf5::OpenArray& array, const hdf5::Place& place) {
  const auto creation = creation_of(array, place);
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED) return 1;
  return static_cast<std::int64_t>(chunk_of(creation, array.spec, place).front());
}

void check_extents(const std::vector<std::pair<std::string, std::vector<FileExtent>>>& arrays, std::uint64_t file_bytes,
                   const std::filesystem::path& path) {
  struct Named {
    FileExtent extent;
    const std::string* array;
  };
  std::vector<Named> all;
  for (const auto& [name, extents] : arrays)
    for (const auto& extent : extents) all.push_back({extent, &name});
  std::sort(all.begin(), all.end(), [](const Named& a, const Named& b) { return a.extent.in_file < b.extent.in_file; });
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& [at, name] = all[i];
    if (at.in_file > file_bytes || at.bytes > file_bytes - at.in_file)
      throw InputError("{}: {}: lies at byte {} of the file and beyond its end; it is incomplete or not genuine", path.string(), *name, at.in_file);
    if (i > 0 && all[i - 1].extent.in_file + all[i - 1].extent.bytes > at.in_file)
      throw InputError("{}: {}: shares bytes of the file with {}; the file is not genuine", path.string(), *name, *all[i - 1].array);
  }
}

}  // namespace xxact::io
