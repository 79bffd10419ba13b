#include "io/source_pass.hpp"

#include <algorithm>
#include <utility>

#include "io/row_reader.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kMostRecords = 0xFFFFFFFF;  // the dataset numbers them in 32 bits

/// Bytes that are still to be read of each file.
std::vector<std::uint64_t> bytes_left(const std::vector<InputFile>& files, const IngestParts& parts) {
  std::vector<std::uint64_t> left;
  for (std::size_t file = 0; file < files.size(); ++file) left.push_back(parts.coverage()[file].complete() ? 0 : files[file].bytes);
  return left;
}

std::int64_t total(const std::vector<std::uint64_t>& bytes) {
  std::int64_t sum = 0;
  for (const auto b : bytes) sum += static_cast<std::int64_t>(b);
  return sum;
}

std::vector<FileReaders> readers_of(const std::vector<InputFile>& files, const IngestParts& parts, MPI_Comm comm) {
  int ranks = 1;
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  return assign_readers(bytes_left(files, parts), ranks);
}

}  // namespace

SourcePass::SourcePass(MPI_Comm comm, const IngestOptions& options, const std::vector<InputFile>& files, const IngestDatasets& datasets, IngestParts& parts)
    : options_(options), files_(files), datasets_(datasets), parts_(parts), readers_(readers_of(files, parts, comm)), builder_(options),
      progress_(comm, total(bytes_left(files, parts)), options.progress) {
  check_mpi(MPI_Comm_rank(comm, &rank_), "asking for the rank");
}

ReadSoFar SourcePass::so_far() const { return {static_cast<std::int64_t>(bytes_.load(std::memory_order_relaxed)), records_, rejected_, 0}; }

void SourcePass::read_all() {
  for (std::size_t file = 0; file < files_.size(); ++file)
    if (readers_[file].include(rank_) && !parts_.coverage()[file].complete()) read_file(file);
  flush();
}

void SourcePass::read_file(std::size_t file) {
  const bool leads = rank_ == readers_[file].first;  // speaks for the file as a whole
  std::int64_t number = Reject::kWholeFile;          // of the record that is read
  std::string reason;
  try {
    read_source(file, number);
    if (number == 0 && !files_[file].dataset) reason = "no records";
  } catch (const InputError& error) {
    reason = error.what() + (number > 0 ? fmt::format("; the {} records before are kept", number) : "");
  } catch (const std::filesystem::filesystem_error& error) {
    reason = error.code().message();
  }
  if (!leads) return;
  if (!reason.empty()) {
    header_.rejects.push_back({file, number > 0 ? number : Reject::kWholeFile, {}, reason});
    ++rejected_;
  }
  header_.segments.push_back({file, std::max<std::int64_t>(number, 0), 0, builder_.rows(), 0, true});
}

void SourcePass::read_source(std::size_t file, std::int64_t& number) {
  const InputFile& input = files_[file];
  if (!input.refusal.empty()) throw InputError("{}", input.refusal);
  if (input.dataset) return read_rows(file, number);
  const bool leads = rank_ == readers_[file].first;
  const auto reader = open_records(input.path, options_.limits, leads ? &bytes_ : nullptr);
  read_records(file, *reader, number);
}

/// The rows of a dataset that came from one source are its records.
void SourcePass::read_rows(std::size_t file, std::int64_t& number) {
  constexpr std::int64_t kSlice = 4096;
  const DatasetRange& range = *files_[file].dataset;
  const RecordCoverage& done = parts_.coverage()[file];
  number = 0;
  if (range.rows == 0) return;
  RowReader reader(datasets_.plan(files_[file].path), RowReader::Compressed::by_hdf5);
  while (number < range.rows) {
    const std::int64_t first = number, end = std::min(range.rows, first + kSlice);
    const Dataset* rows = nullptr;
    for (; number < end; ++number) {
      if (!readers_[file].parses(rank_, number) || done.has(number)) continue;
      if (rows == nullptr) rows = &reader.read(range.first + first, range.first + end);
      PartSegment& segment = segment_of(file, number);
      ++segment.records;
      builder_.add(*rows, number - first, static_cast<std::uint32_t>(file));
      ++segment.rows;
      ++records_;
      flush_if_due();
    }
    if (rank_ == readers_[file].first) bytes_ += files_[file].bytes * static_cast<std::uint64_t>(end - first) / static_cast<std::uint64_t>(range.rows);
    progress_.update(so_far());
  }
}

void SourcePass::read_records(std::size_t file, RecordReader& reader, std::int64_t& number) {
  const RecordCoverage& done = parts_.coverage()[file];
  for (number = 0; reader.next(); ++number) {
    if (number > kMostRecords) throw InputError("more than {} records in one file", kMostRecords);
    if (readers_[file].parses(rank_, number) && !done.has(number)) {
      read_record(reader, file, number);
      ++records_;
      flush_if_due();
    }
    progress_.update(so_far());
  }
}

/// The segment that ends before this record, or a new one.
PartSegment& SourcePass::segment_of(std::size_t file, std::int64_t number) {
  auto& segments = header_.segments;
  if (segments.empty() || segments.back().file != file || segments.back().end_record() != number) segments.push_back({file, number, 0, builder_.rows(), 0, false});
  return segments.back();
}

void SourcePass::read_record(RecordReader& reader, std::size_t file, std::int64_t number) {
  PartSegment& segment = segment_of(file, number);
  ++segment.records;
  try {
    reader.parse(record_);
    check_record(record_, options_.limits);
    builder_.add(record_, static_cast<std::uint32_t>(file), static_cast<std::uint32_t>(number));
    ++segment.rows;
  } catch (const IoError&) {
    throw;
  } catch (const std::runtime_error& error) {  // ours, or a parser library's
    header_.rejects.push_back({file, number, record_.id.empty() ? reader.id() : record_.id, error.what()});
    ++rejected_;
  }
}

void SourcePass::flush_if_due() {
  const PartLimits& limits = options_.parts;
  if (builder_.rows() >= limits.rows || builder_.bytes() >= limits.bytes || header_.rejects.size() >= limits.rejects || Clock::now() - flushed_ >= limits.time) flush();
}

void SourcePass::flush() {
  flushed_ = Clock::now();
  if (header_.segments.empty()) return;
  header_.tallies = builder_.tallies();
  parts_.write(header_, builder_.take_rows());
  header_ = {};
}

}  // namespace xxact::io
