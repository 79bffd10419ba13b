// What an ingest has done so far: a part is a file beside the dataset that is being made, with the rows of some records of
// the sources, the reasons of those that were refused, and what was counted. A part appears complete or not at all, so an
// ingest that was interrupted goes on behind its parts. They are files of this program version alone, and go when the dataset is there.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/dataset_piece.hpp"
#include "io/label_table.hpp"
#include "io/reject_log.hpp"

namespace xxact::io {

/// A source as it was when it was read: another size or time of change makes it another source.
struct SourceIdentity {
  std::string path;
  std::uint64_t bytes = 0;
  std::int64_t changed = 0;  // ticks of the file system's clock
  auto operator<=>(const SourceIdentity&) const = default;
};

/// Neighbouring records of one source that were all looked at; those that are rows are neighbours too.
struct PartSegment {
  std::size_t file = 0;  // place in the list of input files
  std::int64_t first_record = 0, records = 0;
  std::int64_t first_row = 0, rows = 0;  // in the part
  bool ends_source = false;              // there is no record behind these

  std::int64_t end_record() const { return first_record + records; }
};

/// What is counted while records become rows.
struct IngestTallies {
  std::array<std::int64_t, 3> split{};  // train, validation, test
  std::int64_t groups_compared = 0, groups_different = 0, groups_not_found = 0;
  SeenSources seen{};

  IngestTallies& operator+=(const IngestTallies& other);
};

/// All of a part but its rows. `file` in segments and rejects is a place in the list of input files.
struct PartHeader {
  std::vector<PartSegment> segments;
  std::vector<Reject> rejects;
  IngestTallies tallies;
};

/// Writes a part into `folder` under a name of its own, synced. `rows` have all kLabelCount labels. `rules` are the options that
/// rows depend on, as text. Returns its file name. IoError when it cannot be written.
std::string write_part(const std::filesystem::path& folder, const std::string& rules, const std::vector<SourceIdentity>& sources,
                       const PartHeader& header, const DatasetRows& rows);

/// A part that was written.
class PartFile {
 public:
  /// Reads the header. InputError when it is no sound part, was made by other rules, or has a source that is not among `sources`.
  PartFile(std::filesystem::path path, const std::string& rules, const std::vector<SourceIdentity>& sources);

  const PartHeader& header() const { return header_; }
  /// Which of the open arrays is a label of the label table; nothing where the part has none of its values.
  std::vector<std::optional<std::size_t>> labels_of(const std::vector<std::size_t>& table_labels) const;
  /// Throws IoError unless the rows are those that were written.
  void verify() const;
  /// Maps the file. IoError when that fails.
  OpenRows open() const;

 private:
  struct Stored {
    std::string path;
    std::size_t offset = 0, bytes = 0;  // in the file
  };
  std::filesystem::path path_;
  PartHeader header_;
  std::vector<Stored> arrays_;
  std::vector<std::size_t> labels_;  // of the label table, in the order of the open arrays
  std::size_t id_width_ = 1, first_byte_ = 0, bytes_ = 0;
  std::string digest_;
};

}  // namespace xxact::io
