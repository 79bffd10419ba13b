// One rank's way through the sources: opens its files, parses and checks its records, and writes them down in parts.
#pragma once

#include <mpi.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "io/ingest.hpp"
#include "io/ingest_datasets.hpp"
#include "io/ingest_parts.hpp"
#include "io/ingest_progress.hpp"
#include "io/input_files.hpp"
#include "io/row_builder.hpp"
#include "io/source.hpp"

namespace xxact::io {

class SourcePass {
 public:
  SourcePass(MPI_Comm comm, const IngestOptions& options, const std::vector<InputFile>& files, const IngestDatasets& datasets, IngestParts& parts);

  /// Reads what this rank has to read and the parts do not hold already. Not collective, so that the error of one rank (an
  /// IoError: a full disk) ends the job at once, not when the others are done.
  void read_all();
  /// Collective: says how far the others are until they are done.
  void wait_for_all() { progress_.finish(so_far()); }

 private:
  using Clock = std::chrono::steady_clock;
  void read_file(std::size_t file);
  void read_source(std::size_t file, std::int64_t& number);
  void read_records(std::size_t file, RecordReader& reader, std::int64_t& number);
  void read_rows(std::size_t file, std::int64_t& number);
  void read_record(RecordReader& reader, std::size_t file, std::int64_t number);
  PartSegment& segment_of(std::size_t file, std::int64_t number);
  void flush_if_due();
  void flush();
  ReadSoFar so_far() const;

  const IngestOptions& options_;
  const std::vector<InputFile>& files_;
  const IngestDatasets& datasets_;
  IngestParts& parts_;
  int rank_ = 0;
  std::vector<FileReaders> readers_;
  RowBuilder builder_;
  PartHeader header_;  // of the part that is being made
  StructureRecord record_;
  ReadCounter bytes_ = 0;
  std::int64_t records_ = 0, rejected_ = 0;
  Clock::time_point flushed_ = Clock::now();
  IngestProgress progress_;
};

}  // namespace xxact::io
