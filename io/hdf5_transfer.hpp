// Arrays of fixed size in HDF5 files of ours: types, creation, writing by one process or by all ranks together, reading.
// Not here: the checks that files of unknown origin need before they are read (io/hdf5_untrusted.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "io/hdf5.hpp"

namespace xxact::io::hdf5 {

enum class Element { u8, u32, i64, u64, f32, f64, text };

template <class T> inline constexpr Element element_of = Element::text;
template <> inline constexpr Element element_of<std::uint8_t> = Element::u8;
template <> inline constexpr Element element_of<std::uint32_t> = Element::u32;
template <> inline constexpr Element element_of<std::int64_t> = Element::i64;
template <> inline constexpr Element element_of<std::uint64_t> = Element::u64;
template <> inline constexpr Element element_of<float> = Element::f32;
template <> inline constexpr Element element_of<double> = Element::f64;

/// Element type and shape of an array; the first extent counts rows. A scalar has no extents and one row.
struct ArraySpec {
  Element element = Element::u8;
  std::vector<std::int64_t> shape;
  std::size_t text_width = 0;  // bytes, only of Element::text

  std::int64_t rows() const { return shape.empty() ? 1 : shape.front(); }
  std::size_t element_bytes() const;
  std::size_t row_bytes() const;
  std::size_t bytes() const { return row_bytes() * static_cast<std::size_t>(rows()); }
};

/// The little-endian type in the file, which is the type in memory too: a conversion would break collective transfers.
Datatype type_of(const ArraySpec& spec, const Place& place);

/// Creates the array with fixed extents, allocated early and not pre-filled: in one piece, or with compress > 0 in
/// deflated chunks of about 1 MiB. Groups above it are created. Collective as its file.
DatasetHandle create_array(const File& file, const ArraySpec& spec, int compress, const Place& place);

/// The most bytes that one transfer moves: MPI-IO counts bytes in an int.
inline constexpr std::int64_t kMaxTransfer = std::int64_t{1} << 30;

/// What the library says about a collective write.
struct WriteReport {
  std::uint32_t no_collective_cause = 0;  // bits of H5Pget_mpio_no_collective_cause, over all rounds, local and global
  std::int64_t rounds = 0;
};

/// Collective on comm. Each rank writes rows [first, first + rows) from `data`; ranks without rows take part with empty
/// selections and every rank makes the same number of transfers. Throws alike on every rank when any failed.
WriteReport write_rows(MPI_Comm comm, const DatasetHandle& dataset, const ArraySpec& spec, std::int64_t first, std::int64_t rows,
                       const void* data, const Place& place, std::int64_t max_transfer = kMaxTransfer);

/// Collective on comm. Creates the array whose rows are rank 0's, then rank 1's, ...: `local` describes and `data` holds
/// the rows of this rank, of the same type and row shape on every rank. `describe` adds attributes and is called on every
/// rank with the same effect. Throws alike on every rank.
void write_stacked_rows(MPI_Comm comm, const File& file, const ArraySpec& local, const void* data, int compress, const Place& place,
                        const std::function<void(const DatasetHandle&)>& describe = {});

/// One process writes the whole array.
void write_array(const DatasetHandle& dataset, const ArraySpec& spec, const void* data, const Place& place);

/// One process reads rows [first, first + rows) into `data`. InputError when the data are damaged.
void read_rows(const DatasetHandle& dataset, const ArraySpec& spec, std::int64_t first, std::int64_t rows, void* data, const Place& place);

/// One process reads the whole array into `data`, spec.bytes() long. InputError when the data are damaged.
void read_array(const DatasetHandle& dataset, const ArraySpec& spec, void* data, const Place& place);

}  // namespace xxact::io::hdf5
