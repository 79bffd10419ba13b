#include "io/dataset_writer.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "io/block_checksums.hpp"
#include "io/collective_step.hpp"
#include "io/dataset_exchange.hpp"
#include "io/dataset_schema.hpp"
#include "io/hdf5_attribute.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/pending_file.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

/// What must be known of all ranks before the file is laid out.
struct Totals {
  std::int64_t rows = 0, atoms = 0, entries = 0, structures = 0;                      // of all ranks
  std::int64_t atoms_before = 0, entries_before = 0;                                   // of the ranks before this one
  std::size_t id_width = 1;
  bool partial = false;
};

Totals add_up(MPI_Comm comm, const DatasetRows& rows) {
  const auto& offset = rows.structures.atom_offset;
  std::array<std::int64_t, 4> own = {static_cast<std::int64_t>(rows.size()), offset.back(), rows.composition_offset.back(), 0};
  for (std::size_t row = 0; row < rows.size(); ++row) own[3] += offset[row + 1] > offset[row] ? 1 : 0;
  std::array<std::int64_t, 4> sum{}, before{};
  check_mpi(MPI_Allreduce(own.data(), sum.data(), 4, MPI_INT64_T, MPI_SUM, comm), "counting rows");
  check_mpi(MPI_Exscan(own.data(), before.data(), 4, MPI_INT64_T, MPI_SUM, comm), "counting rows before this rank");
  std::array<std::int64_t, 2> most = {1, rows.structures.occupancy.empty() ? 0 : 1};
  for (const auto& id : rows.id) most[0] = std::max(most[0], static_cast<std::int64_t>(id.size()));
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, most.data(), 2, MPI_INT64_T, MPI_MAX, comm), "agreeing on the width of ids");
  return {sum[0], sum[1], sum[2], sum[3], before[1], before[2], static_cast<std::size_t>(most[0]), most[1] == 1};
}

DatasetArrays view_of(const DatasetRows& rows, const std::string& ids, bool partial) {
  DatasetArrays a;
  a.id = ids;
  a.lattice = rows.structures.lattice;
  a.atom_offset = rows.structures.atom_offset;
  a.space_group = rows.space_group;
  a.space_group_spglib = rows.space_group_spglib;
  a.with_laue_code = true;
  a.laue_code = rows.structures.laue_code;
  a.source_file = rows.source_file;
  a.record = rows.record;
  a.atomic_number = rows.structures.atomic_number;
  a.frac_coords = rows.structures.frac_coords;
  a.partial = partial;
  a.occupancy = rows.structures.occupancy;
  a.composition_offset = rows.composition_offset;
  a.composition_number = rows.composition_atomic_number;
  a.composition_fraction = rows.composition_fraction;
  for (const auto& label : rows.labels) a.labels.push_back(label);
  a.split = rows.split;
  return a;
}

/// Offsets of this rank's rows in the whole file; only the last rank writes the closing one.
void make_offsets_global(std::vector<std::int64_t>& offset, std::int64_t before, bool last_rank) {
  for (auto& value : offset) value += before;
  if (!last_rank) offset.pop_back();
}

void check_labels(const DatasetDescription& description) {
  std::set<std::string> names;
  for (const auto& label : description.labels) {
    const bool sound = !label.name.empty() && label.name != "." && label.name != ".." && label.name.find('/') == std::string::npos;
    if (!sound || !names.insert(label.name).second) throw CommError("writing a dataset: the label name \"{}\" is empty, has a slash or occurs twice", label.name);
  }
}

void check_ids(const DatasetRows& rows) {
  for (const auto& id : rows.id)
    if (id.size() > kMaxIdBytes || id.find('\0') != std::string::npos)
      throw InputError("writing a dataset: the id \"{}\" has {} bytes or a NUL; at most {} are possible", id, id.size(), kMaxIdBytes);
}

void write_file_attributes(const hdf5::File& file, const Totals& totals, const DatasetDescription& d, const std::string& hash, const hdf5::Place& at) {
  hdf5::write_text_attribute(file.get(), "format", kDatasetFormat, at);
  hdf5::write_integer_attribute(file.get(), "version", kDatasetVersion, at);
  hdf5::write_text_attribute(file.get(), "source", d.source, at);
  hdf5::write_text_attribute(file.get(), "licence", d.licence, at);
  hdf5::write_text_attribute(file.get(), "created", d.created, at);
  hdf5::write_text_attribute(file.get(), "split_rule", d.split_rule, at);
  hdf5::write_text_attribute(file.get(), "content_hash", hash, at);
  hdf5::write_integer_attribute(file.get(), "rows", totals.rows, at);
  hdf5::write_integer_attribute(file.get(), "structures", totals.structures, at);
  hdf5::write_integer_attribute(file.get(), "atoms", totals.atoms, at);
  hdf5::write_integer_attribute(file.get(), "composition_entries", totals.entries, at);
}

void write_array_attributes(const hdf5::DatasetHandle& dataset, const hdf5::Place& at, const DatasetDescription& d) {
  if (at.object == "/structures/lattice") hdf5::write_text_attribute(dataset.get(), "units", "angstrom", at);
  if (at.object == "/atoms/frac_coords") hdf5::write_text_attribute(dataset.get(), "units", "fractions of the lattice vectors", at);
  if (at.object == "/structures/space_group_spglib") hdf5::write_real_attribute(dataset.get(), "symprec", d.symprec, at);
  for (const auto& label : d.labels) {
    if (at.object != "/labels/" + label.name) continue;
    hdf5::write_text_attribute(dataset.get(), "units", label.units, at);
    hdf5::write_text_attribute(dataset.get(), "definition", label.definition, at);
  }
}

/// Collective. The names of the input files are the same on every rank; rank 0 writes them.
void write_sources(MPI_Comm comm, const hdf5::File& file, const std::vector<std::string>& sources, int compress, const std::filesystem::path& path) {
  const hdf5::Place at{path, "/sources"};
  hdf5::ArraySpec spec;
  spec.element = hdf5::Element::text;
  spec.shape = {static_cast<std::int64_t>(sources.size())};
  spec.text_width = 1;
  for (const auto& source : sources) spec.text_width = std::max(spec.text_width, source.size());
  const auto padded = hdf5::pad_texts(sources, spec.text_width);
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  if (rank != 0) spec.shape = {0};
  hdf5::write_stacked_rows(comm, file, spec, padded.data(), compress, at);
}

/// Collective. The checksums of the arrays' blocks are the same on every rank; rank 0 writes them.
void write_blocks(MPI_Comm comm, const hdf5::File& file, const std::vector<std::uint64_t>& blocks, const std::filesystem::path& path) {
  const hdf5::Place at{path, "/checksums/blocks"};
  hdf5::ArraySpec spec;
  spec.element = hdf5::Element::u64;
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  spec.shape = {rank == 0 ? std::ssize(blocks) : 0};
  hdf5::write_stacked_rows(comm, file, spec, blocks.data(), 0, at, [&](const hdf5::DatasetHandle& dataset) {
    hdf5::write_text_attribute(dataset.get(), "algorithm", kBlockAlgorithm, at);
    hdf5::write_integer_attribute(dataset.get(), "block_bytes", static_cast<std::int64_t>(kBlockBytes), at);
  });
}

/// Collective. The file from its laid-out arrays: temporary name, sync, rename.
void write_file(MPI_Comm comm, const std::filesystem::path& path, const std::vector<StoredArray>& arrays, const Totals& totals,
                const DatasetDescription& description, const ContentDigests& digests, const DatasetWriteOptions& options) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  std::unique_ptr<PendingFile> pending;
  collectively(comm, [&] { pending = std::make_unique<PendingFile>(path, rank == 0); });
  const hdf5::Place at{pending->temporary(), ""};
  hdf5::File file;
  // Aligned chunks would waste most of a compressed file.
  collectively(comm, [&] { file = hdf5::create_file(at.file, {comm, options.compress > 0 ? 0 : options.alignment}); });
  collectively(comm, [&] {
    write_file_attributes(file, totals, description, digests.content_hash, at);
    if (description.labels.empty()) hdf5::create_groups(file, {at.file, "/labels"});
  });
  for (const auto& array : arrays) {
    const hdf5::Place place{at.file, array.path};
    hdf5::write_stacked_rows(comm, file, array.spec, array.data, options.compress, place,
                             [&](const hdf5::DatasetHandle& dataset) { write_array_attributes(dataset, place, description); });
  }
  write_sources(comm, file, description.sources, options.compress, at.file);
  write_blocks(comm, file, digests.blocks, at.file);
  collectively(comm, [&] {
    hdf5::check(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "flushing the file", at);
    hdf5::check(file.close(), "closing the file", at);
  });
  collectively(comm, [&] { pending->commit(); });
}

}  // namespace

DatasetWritten write_dataset(MPI_Comm comm, const std::filesystem::path& path, DatasetRows rows,
                             const DatasetDescription& description, const DatasetWriteOptions& options) {
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  collectively(comm, [&] {
    check_labels(description);
    check_ids(rows);
  });
  rows = exchange_into_input_order(comm, std::move(rows), description.labels.size());
  const Totals totals = add_up(comm, rows);
  const std::string ids = hdf5::pad_texts(rows.id, totals.id_width);
  collectively(comm, [&] { check_dataset_arrays(view_of(rows, ids, totals.partial), totals.id_width, description, path); });
  make_offsets_global(rows.structures.atom_offset, totals.atoms_before, rank == ranks - 1);
  make_offsets_global(rows.composition_offset, totals.entries_before, rank == ranks - 1);
  const auto arrays = stored_arrays(view_of(rows, ids, totals.partial), totals.id_width, description.labels);
  const auto digests = content_digests(comm, arrays);

  write_file(comm, path, arrays, totals, description, digests, options);
  return {totals.rows, totals.structures, totals.atoms, digests.content_hash};
}

}  // namespace xxact::io
