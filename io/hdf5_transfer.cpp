#include "io/hdf5_transfer.hpp"

#include <algorithm>
#include <bit>

#include "io/collective_step.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io::hdf5 {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read without conversion");

constexpr std::size_t kChunkBytes = 1U << 20;

std::vector<hsize_t> extents(const ArraySpec& spec) { return {spec.shape.begin(), spec.shape.end()}; }

Dataspace space_of(const ArraySpec& spec, std::int64_t rows, const Place& place) {
  if (spec.shape.empty()) return require<Dataspace>(H5Screate(H5S_SCALAR), "creating a scalar dataspace", place);
  auto size = extents(spec);
  size[0] = static_cast<hsize_t>(rows);
  return require<Dataspace>(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), "creating the dataspace", place);
}

/// Selects `rows` rows from `first`, or nothing. A scalar's one row is all there is.
void select_rows(const Dataspace& space, const ArraySpec& spec, std::int64_t first, std::int64_t rows, const Place& place) {
  if (rows == 0) {
    check(H5Sselect_none(space.get()), "selecting nothing", place);
  } else if (!spec.shape.empty()) {
    std::vector<hsize_t> start(spec.shape.size(), 0), count = extents(spec);
    start[0] = static_cast<hsize_t>(first);
    count[0] = static_cast<hsize_t>(rows);
    check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), "selecting rows", place);
  }
}

PropertyList creation_properties(const ArraySpec& spec, int compress, const Place& place) {
  auto list = require<PropertyList>(H5Pcreate(H5P_DATASET_CREATE), "creating dataset properties", place);
  check(H5Pset_fill_time(list.get(), H5D_FILL_TIME_NEVER), "switching pre-filling off", place);
  // Without compression an array lies in one piece, which readers find without going through an index of chunks, and
  // whose blocks begin at aligned places. Chunks may not exceed fixed extents: an array without elements has none.
  if (compress > 0 && !spec.shape.empty() && spec.bytes() > 0) {
    auto chunk = extents(spec);
    chunk[0] = std::clamp<hsize_t>(kChunkBytes / spec.row_bytes(), 1, chunk[0]);
    check(H5Pset_chunk(list.get(), static_cast<int>(chunk.size()), chunk.data()), "setting the chunk", place);
    if (spec.element != Element::text) check(H5Pset_shuffle(list.get()), "setting the shuffle filter", place);
    check(H5Pset_deflate(list.get(), static_cast<unsigned>(compress)), "setting the deflate filter", place);
  }
  check(H5Pset_alloc_time(list.get(), H5D_ALLOC_TIME_EARLY), "asking for early allocation", place);
  return list;
}

std::uint32_t no_collective_cause(const PropertyList& transfer, const Place& place) {
  std::uint32_t local = 0, global = 0;
  check(H5Pget_mpio_no_collective_cause(transfer.get(), &local, &global), "asking whether the transfer was collective", place);
  return local | global;
}

const char* row_pointer(const void* data, const ArraySpec& spec, std::int64_t row) {
  return static_cast<const char*>(data) + static_cast<std::size_t>(row) * spec.row_bytes();
}

std::int64_t rows_per_transfer(const ArraySpec& spec, std::int64_t max_transfer) {
  return std::max<std::int64_t>(1, max_transfer / static_cast<std::int64_t>(std::max<std::size_t>(spec.row_bytes(), 1)));
}

}  // namespace

std::size_t ArraySpec::element_bytes() const {
  switch (element) {
    case Element::u8: return 1;
    case Element::u32:
    case Element::f32: return 4;
    case Element::i64:
    case Element::u64:
    case Element::f64: return 8;
    case Element::text: return text_width;
  }
  return 0;
}

std::size_t ArraySpec::row_bytes() const {
  std::size_t bytes = element_bytes();
  for (std::size_t i = 1; i < shape.size(); ++i) bytes *= static_cast<std::size_t>(shape[i]);
  return bytes;
}

Datatype type_of(const ArraySpec& spec, const Place& place) {
  const auto copy = [&](hid_t type) { return require<Datatype>(H5Tcopy(type), "copying a type", place); };
  switch (spec.element) {
    case Element::u8: return copy(H5T_STD_U8LE);
    case Element::u32: return copy(H5T_STD_U32LE);
    case Element::i64: return copy(H5T_STD_I64LE);
    case Element::u64: return copy(H5T_STD_U64LE);
    case Element::f32: return copy(H5T_IEEE_F32LE);
    case Element::f64: return copy(H5T_IEEE_F64LE);
    case Element::text: break;
  }
  auto type = copy(H5T_C_S1);
  check(H5Tset_size(type.get(), spec.text_width), "setting the text's width", place);
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "setting the padding", place);
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "setting UTF-8", place);
  return type;
}

DatasetHandle create_array(const File& file, const ArraySpec& spec, int compress, const Place& place) {
  const auto type = type_of(spec, place);
  const auto space = space_of(spec, spec.rows(), place);
  const auto creation = creation_properties(spec, compress, place);
  const auto links = require<PropertyList>(H5Pcreate(H5P_LINK_CREATE), "creating link properties", place);
  check(H5Pset_create_intermediate_group(links.get(), 1), "asking for groups above", place);
  return require<DatasetHandle>(
      H5Dcreate2(file.get(), place.object.c_str(), type.get(), space.get(), links.get(), creation.get(), H5P_DEFAULT),
      "creating the dataset", place);
}

WriteReport write_rows(MPI_Comm comm, const DatasetHandle& dataset, const ArraySpec& spec, std::int64_t first, std::int64_t rows,
                       const void* data, const Place& place, std::int64_t max_transfer) {
  const std::int64_t step = rows_per_transfer(spec, max_transfer);
  WriteReport report;
  report.rounds = (rows + step - 1) / step;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &report.rounds, 1, MPI_INT64_T, MPI_MAX, comm), "agreeing on the number of transfers");
  const auto transfer = require<PropertyList>(H5Pcreate(H5P_DATASET_XFER), "creating transfer properties", place);
  check(H5Pset_dxpl_mpio(transfer.get(), H5FD_MPIO_COLLECTIVE), "asking for collective transfers", place);
  const auto type = type_of(spec, place);
  std::exception_ptr failure;
  for (std::int64_t round = 0; round < report.rounds; ++round) {
    // A rank that failed still takes part, with nothing to write: the others would wait for it for ever.
    const std::int64_t done = std::min(round * step, rows), count = failure ? 0 : std::min(step, rows - done);
    try {
      const auto memory = space_of(spec, std::max<std::int64_t>(count, 1), place);
      const auto target = space_of(spec, spec.rows(), place);
      select_rows(memory, spec, 0, count, place);
      select_rows(target, spec, first + done, count, place);
      check(H5Dwrite(dataset.get(), type.get(), memory.get(), target.get(), transfer.get(), row_pointer(data, spec, done)),
            "writing rows", place);
      report.no_collective_cause |= no_collective_cause(transfer, place);
    } catch (...) {
      failure = std::current_exception();
    }
  }
  agree(comm, failure);
  return report;
}

void write_stacked_rows(MPI_Comm comm, const File& file, const ArraySpec& local, const void* data, int compress, const Place& place,
                        const std::function<void(const DatasetHandle&)>& describe) {
  const std::int64_t rows = local.rows();
  std::int64_t first = 0, total = 0;
  check_mpi(MPI_Exscan(&rows, &first, 1, MPI_INT64_T, MPI_SUM, comm), "counting rows before this rank");
  check_mpi(MPI_Allreduce(&rows, &total, 1, MPI_INT64_T, MPI_SUM, comm), "counting rows");
  ArraySpec whole = local;
  whole.shape.front() = total;
  DatasetHandle dataset;
  collectively(comm, [&] {
    dataset = create_array(file, whole, compress, place);
    if (describe) describe(dataset);
  });
  if (total == 0) return;
  const auto report = write_rows(comm, dataset, whole, first, rows, data, place);
  if (report.no_collective_cause != 0)
    log::debug("{}: HDF5 wrote independently, cause {:#x}", place.text(), report.no_collective_cause);
}

void write_array(const DatasetHandle& dataset, const ArraySpec& spec, const void* data, const Place& place) {
  const auto type = type_of(spec, place);
  const std::int64_t step = rows_per_transfer(spec, kMaxTransfer);
  for (std::int64_t done = 0; done < spec.rows() && spec.bytes() > 0; done += step) {
    const std::int64_t count = std::min(step, spec.rows() - done);
    const auto memory = space_of(spec, count, place), target = space_of(spec, spec.rows(), place);
    select_rows(target, spec, done, count, place);
    check(H5Dwrite(dataset.get(), type.get(), memory.get(), target.get(), H5P_DEFAULT, row_pointer(data, spec, done)),
          "writing the dataset", place);
  }
}

void read_rows(const DatasetHandle& dataset, const ArraySpec& spec, std::int64_t first, std::int64_t rows, void* data, const Place& place) {
  const auto type = type_of(spec, place);
  const std::int64_t step = rows_per_transfer(spec, kMaxTransfer);
  for (std::int64_t done = 0; done < rows && spec.bytes() > 0; done += step) {
    const std::int64_t count = std::min(step, rows - done);
    const auto memory = space_of(spec, count, place), source = space_of(spec, spec.rows(), place);
    select_rows(source, spec, first + done, count, place);
    auto* target = static_cast<char*>(data) + static_cast<std::size_t>(done) * spec.row_bytes();
    if (H5Dread(dataset.get(), type.get(), memory.get(), source.get(), H5P_DEFAULT, target) < 0)
      throw InputError("{}: the data cannot be read, the file is damaged or incomplete: {}", place.text(), take_error_stack());
  }
}

void read_array(const DatasetHandle& dataset, const ArraySpec& spec, void* data, const Place& place) {
  read_rows(dataset, spec, 0, spec.rows(), data, place);
}

}  // namespace xxact::io::hdf5
