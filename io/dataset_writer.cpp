#include "io/dataset_writer.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "io/block_checksums.hpp"
#include "io/collective_step.hpp"
#include "io/dataset_columns.hpp"
#include "io/dataset_schema.hpp"
#include "io/hdf5_attribute.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/pending_file.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 20;

/// Counts of all ranks together, and where this rank's rows begin.
struct Totals {
  RowCounts whole;
  std::int64_t rows_before = 0;
  PiecePlace before;
};

Totals add_up(MPI_Comm comm, const std::vector<RowCounts>& own_pieces) {
  RowCounts own;
  for (const auto& piece : own_pieces) own += piece;
  std::array<std::int64_t, 4> counts = {own.rows, own.atoms, own.composition_entries, own.structures}, sum{}, before{};
  check_mpi(MPI_Allreduce(counts.data(), sum.data(), 4, MPI_INT64_T, MPI_SUM, comm), "counting rows");
  check_mpi(MPI_Exscan(counts.data(), before.data(), 4, MPI_INT64_T, MPI_SUM, comm), "counting rows before this rank");
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  if (rank == 0) before = {};  // MPI_Exscan leaves it undefined there
  std::array<std::int64_t, 2> most = {static_cast<std::int64_t>(own.id_width), own.partial ? 1 : 0};
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, most.data(), 2, MPI_INT64_T, MPI_MAX, comm), "agreeing on the width of ids");
  return {{sum[0], sum[1], sum[2], sum[3], static_cast<std::size_t>(most[0]), most[1] == 1}, before[0], {before[1], before[2]}};
}

void check_labels(const DatasetDescription& description) {
  std::set<std::string> names;
  for (const auto& label : description.labels) {
    const bool sound = !label.name.empty() && label.name != "." && label.name != ".." && label.name.find('/') == std::string::npos;
    if (!sound || !names.insert(label.name).second) throw CommError("writing a dataset: the label name \"{}\" is empty, has a slash or occurs twice", label.name);
  }
}

void write_file_attributes(const hdf5::File& file, const RowCounts& whole, const DatasetDescription& d, const hdf5::Place& at) {
  hdf5::write_text_attribute(file.get(), "format", kDatasetFormat, at);
  hdf5::write_integer_attribute(file.get(), "version", kDatasetVersion, at);
  hdf5::write_text_attribute(file.get(), "source", d.source, at);
  hdf5::write_text_attribute(file.get(), "licence", d.licence, at);
  hdf5::write_text_attribute(file.get(), "created", d.created, at);
  hdf5::write_text_attribute(file.get(), "split_rule", d.split_rule, at);
  hdf5::write_integer_attribute(file.get(), "rows", whole.rows, at);
  hdf5::write_integer_attribute(file.get(), "structures", whole.structures, at);
  hdf5::write_integer_attribute(file.get(), "atoms", whole.atoms, at);
  hdf5::write_integer_attribute(file.get(), "composition_entries", whole.composition_entries, at);
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

/// This rank's pieces of one column, batch by batch.
class ColumnBatches {
 public:
  ColumnBatches(const DatasetColumn& column, const std::vector<DatasetPiece>& pieces, const std::vector<RowCounts>& counts, const Totals& totals)
      : column_(column), pieces_(pieces), counts_(counts), place_(totals.before) {
    first_ = totals.rows_before;
    if (column.entry_of == EntryOf::atom) first_ = place_.atoms_before;
    if (column.entry_of == EntryOf::composition_entry) first_ = place_.entries_before;
  }

  /// How many batches there are.
  std::int64_t count() const {
    std::int64_t batches = 0;
    for (std::size_t piece = 0; piece < pieces_.size(); piece = end_of_batch(piece)) ++batches;
    return batches;
  }

  /// Fills the next batch; nothing after the last.
  void fill_next() {
    const std::size_t end = end_of_batch(next_);
    first_ += entries_;
    entries_ = 0;
    for (std::size_t piece = next_; piece < end; ++piece) entries_ += column_.entries(counts_[piece]);
    const std::size_t entry_bytes = column_.spec.row_bytes();
    bytes_.resize(static_cast<std::size_t>(entries_) * entry_bytes);
    std::byte* out = bytes_.data();
    for (; next_ < end; ++next_) {
      column_.copy(pieces_[next_], pieces_[next_].open(), place_, out);
      out += static_cast<std::size_t>(column_.entries(counts_[next_])) * entry_bytes;
      place_.atoms_before += counts_[next_].atoms;
      place_.entries_before += counts_[next_].composition_entries;
    }
  }

  std::int64_t first() const { return first_; }      // of the batch, in the file
  std::int64_t entries() const { return entries_; }  // in the batch
  const void* data() const { return bytes_.data(); }

 private:
  std::size_t end_of_batch(std::size_t piece) const {
    std::size_t bytes = 0, end = piece;
    for (; end < pieces_.size(); ++end) {
      bytes += static_cast<std::size_t>(column_.entries(counts_[end])) * column_.spec.row_bytes();
      if (bytes > kBufferBytes && end > piece) break;
    }
    return end;
  }

  const DatasetColumn& column_;
  const std::vector<DatasetPiece>& pieces_;
  const std::vector<RowCounts>& counts_;
  PiecePlace place_;
  std::size_t next_ = 0;
  std::int64_t first_ = 0, entries_ = 0;
  std::vector<std::byte> bytes_;
};

/// One file that is being written by all ranks. Every member function is collective.
class DatasetFile {
 public:
  DatasetFile(MPI_Comm comm, const std::filesystem::path& path, const DatasetDescription& description, const DatasetWriteOptions& options)
      : comm_(comm), description_(description), compress_(options.compress) {
    check_mpi(MPI_Comm_rank(comm, &rank_), "asking for the rank");
    check_mpi(MPI_Comm_size(comm, &ranks_), "asking for the number of ranks");
    collectively(comm_, [&] { pending_ = std::make_unique<PendingFile>(path, rank_ == 0); });
    at_ = {pending_->temporary(), ""};
    // Aligned chunks would waste most of a compressed file.
    collectively(comm_, [&] { file_ = hdf5::create_file(at_.file, {comm_, options.compress > 0 ? 0 : options.alignment}); });
  }

  void write(const std::vector<DatasetPiece>& pieces, const std::vector<RowCounts>& counts, const Totals& totals) {
    collectively(comm_, [&] {
      write_file_attributes(file_, totals.whole, description_, at_);
      if (description_.labels.empty()) hdf5::create_groups(file_, {at_.file, "/labels"});
    });
    columns_ = dataset_columns(totals.whole, description_.labels);
    for (const auto& column : columns_) write_column(column, pieces, counts, totals);
    write_sources(comm_, file_, description_.sources, compress_, at_.file);
  }

  /// Hashes what was written and puts the content hash into the file, which then appears under its name.
  std::string finish() {
    collectively(comm_, [&] { hdf5::check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "flushing the file", at_); });
    const std::string hash = hash_columns();
    collectively(comm_, [&] { hdf5::write_text_attribute(file_.get(), "content_hash", hash, at_); });
    collectively(comm_, [&] {
      hdf5::check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "flushing the file", at_);
      hdf5::check(file_.close(), "closing the file", at_);
    });
    collectively(comm_, [&] { pending_->commit(); });
    return hash;
  }

 private:
  void write_column(const DatasetColumn& column, const std::vector<DatasetPiece>& pieces, const std::vector<RowCounts>& counts, const Totals& totals) {
    const hdf5::Place place{at_.file, column.path};
    hdf5::DatasetHandle dataset;
    collectively(comm_, [&] {
      dataset = hdf5::create_array(file_, column.spec, compress_, place);
      write_array_attributes(dataset, place, description_);
    });
    ColumnBatches batches(column, pieces, counts, totals);
    std::int64_t rounds = batches.count();
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &rounds, 1, MPI_INT64_T, MPI_MAX, comm_), "agreeing on the number of batches");
    for (std::int64_t round = 0; round < rounds; ++round) {
      collectively(comm_, [&] { batches.fill_next(); });
      note(hdf5::write_rows(comm_, dataset, column.spec, batches.first(), batches.entries(), batches.data(), place), place);
    }
    if (column.entry_of != EntryOf::atom_offset && column.entry_of != EntryOf::composition_offset) return;
    const std::int64_t closing = column.entry_of == EntryOf::atom_offset ? totals.whole.atoms : totals.whole.composition_entries;
    note(hdf5::write_rows(comm_, dataset, column.spec, totals.whole.rows, rank_ == 0 ? 1 : 0, &closing, place), place);
  }

  static void note(const hdf5::WriteReport& report, const hdf5::Place& place) {
    if (report.no_collective_cause != 0) log::debug("{}: HDF5 wrote independently, cause {:#x}", place.text(), report.no_collective_cause);
  }

  /// SHA-256 is sequential in a column's bytes; the columns are spread over the ranks so that they are hashed side by side. The
  /// checksums of the columns' blocks are made on the way, and written.
  std::string hash_columns() {
    std::vector<Sha256Digest> digests(columns_.size(), Sha256Digest{});
    std::vector<std::uint64_t> blocks;
    collectively(comm_, [&] {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::vector<std::uint64_t> own;
        if (static_cast<int>(i % static_cast<std::size_t>(ranks_)) == rank_) digests[i] = hash_column(columns_[i], own);
        own.resize(block_count(columns_[i].spec.bytes()));
        blocks.insert(blocks.end(), own.begin(), own.end());
      }
    });
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, digests.data(), static_cast<int>(digests.size() * sizeof(Sha256Digest)), MPI_BYTE, MPI_BOR, comm_), "exchanging digests");
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, blocks.data(), mpi_count(std::ssize(blocks), "exchanging checksums"), MPI_UINT64_T, MPI_BOR, comm_), "exchanging checksums");
    write_blocks(comm_, file_, blocks, at_.file);
    std::vector<std::string> paths;
    for (const auto& column : columns_) paths.push_back(column.path);
    return content_hash(paths, digests);
  }

  Sha256Digest hash_column(const DatasetColumn& column, std::vector<std::uint64_t>& blocks) const {
    const hdf5::Place place{at_.file, column.path};
    Sha256 hash;
    if (column.spec.bytes() == 0) return hash.finish();
    BlockHasher hasher;
    const std::int64_t step = std::max<std::int64_t>(1, static_cast<std::int64_t>(kBufferBytes / column.spec.row_bytes()));
    std::vector<std::byte> bytes;
    const auto dataset = hdf5::require<hdf5::DatasetHandle>(H5Dopen2(file_.get(), column.path.c_str(), H5P_DEFAULT), "opening the dataset", place);
    for (std::int64_t first = 0; first < column.spec.rows(); first += step) {
      const std::int64_t count = std::min(step, column.spec.rows() - first);
      bytes.resize(static_cast<std::size_t>(count) * column.spec.row_bytes());
      hdf5::read_rows(dataset, column.spec, first, count, bytes.data(), place);
      hash.update(bytes);
      hasher.update(bytes);
    }
    blocks = hasher.finish();
    return hash.finish();
  }

  MPI_Comm comm_;
  const DatasetDescription& description_;
  int compress_, rank_ = 0, ranks_ = 1;
  std::unique_ptr<PendingFile> pending_;
  hdf5::Place at_;
  hdf5::File file_;
  std::vector<DatasetColumn> columns_;
};

}  // namespace

DatasetWritten write_dataset(MPI_Comm comm, const std::filesystem::path& path, const std::vector<DatasetPiece>& pieces,
                             const DatasetDescription& description, const DatasetWriteOptions& options) {
  std::vector<RowCounts> counts;
  collectively(comm, [&] {
    check_labels(description);
    for (const auto& piece : pieces) counts.push_back(count_rows(piece, piece.open()));
  });
  const Totals totals = add_up(comm, counts);
  DatasetFile file(comm, path, description, options);
  file.write(pieces, counts, totals);
  return {totals.whole.rows, totals.whole.structures, totals.whole.atoms, file.finish()};
}

DatasetWritten write_dataset(MPI_Comm comm, const std::filesystem::path& path, const DatasetRows& rows,
                             const DatasetDescription& description, const DatasetWriteOptions& options) {
  std::vector<DatasetPiece> pieces;
  collectively(comm, [&] {
    pieces = pieces_of(rows, description.labels.size());
    const std::string no_ids;  // checked by pieces_of
    DatasetArrays arrays = arrays_of(rows, no_ids);
    check_dataset_arrays(arrays, 0, description, path);
  });
  return write_dataset(comm, path, pieces, description, options);
}

}  // namespace xxact::io
