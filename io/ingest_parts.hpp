// The folder of an ingest's parts: which records are done, and in which order their rows go into the dataset.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/file_lock.hpp"
#include "io/ingest_part.hpp"

namespace xxact::io {

/// Which records of one source are done.
class RecordCoverage {
 public:
  void add(const PartSegment& segment);
  /// After the last add.
  void finish();
  /// That a source has no records is no knowledge to rely on: it may not have been readable.
  void forget_empty_end();
  bool has(std::int64_t record) const;
  /// Whether the end of the source is known and every record before it is done.
  bool complete() const { return ends_at_ >= 0 && (ends_at_ == 0 || (spans_.size() == 1 && spans_[0].first == 0 && spans_[0].end >= ends_at_)); }
  std::int64_t records() const;

 private:
  struct Span {
    std::int64_t first, end;
  };
  std::vector<Span> spans_;
  std::int64_t ends_at_ = -1;
};

/// Neighbouring rows of one part that are neighbours in the dataset too.
struct PartRows {
  std::size_t part = 0;  // place in the list of parts
  std::size_t file = 0;
  std::int64_t first_row = 0, rows = 0;
};

class IngestParts {
 public:
  /// Collective on comm. Makes the folder; rank 0 reads the headers of the parts that are there and removes those that cannot be used.
  /// ConfigError when another ingest has the folder.
  IngestParts(MPI_Comm comm, std::filesystem::path folder, std::string rules, std::vector<SourceIdentity> sources);

  /// What the parts of earlier runs hold of each source.
  const std::vector<RecordCoverage>& coverage() const { return coverage_; }
  const std::vector<SourceIdentity>& sources() const { return sources_; }
  /// Writes a part; on this rank alone.
  void write(const PartHeader& header, const DatasetRows& rows);

  /// Collective. Makes the new parts of all ranks known to all. IoError when two parts hold the same record, or none does: a
  /// source that not every one of its ranks could read to its end.
  void gather_new();
  std::size_t size() const { return names_.size(); }
  PartFile open(std::size_t part) const { return {folder_ / names_[part], rules_, sources_}; }
  /// This rank's share of the rows of all parts, in input order.
  std::vector<PartRows> share_of(int rank, int ranks) const;
  /// Collective. Rank 0 removes the folder.
  void remove();

 private:
  struct Entry {
    PartSegment segment;
    std::size_t part;
  };
  std::string scan();
  void cover();
  void add_packed(const std::string& packed);
  static std::string packed_part(const std::string& name, const std::vector<PartSegment>& segments);

  MPI_Comm comm_;
  int rank_ = 0;
  std::filesystem::path folder_;
  std::string rules_;
  std::vector<SourceIdentity> sources_;
  std::vector<RecordCoverage> coverage_;
  std::vector<std::string> names_;
  std::vector<Entry> entries_;
  std::string own_new_;  // packed
  FileLock lock_;        // of rank 0
};

}  // namespace xxact::io
