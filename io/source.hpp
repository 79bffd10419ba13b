// A source file as a sequence of records, whatever its format: CSV with CIF texts or formulas, CIF, pymatgen
// ComputedStructureEntry JSON, each plain or compressed. Not here: checks of a record, ranks, the dataset.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "io/record_checks.hpp"
#include "io/structure_record.hpp"

namespace xxact::io {

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// Moves to the next record; false after the last. Cheap: parsing is left to `parse`.
  /// Throws InputError where the file is damaged or cut short; the records before are good.
  virtual bool next() = 0;
  /// Parses the current record into `record` (cleared first). Throws InputError with the reason.
  virtual void parse(StructureRecord& record) = 0;
  /// Id of the current record as far as it can be told without parsing; may be empty.
  virtual std::string id() const { return {}; }

 protected:
  RecordReader() = default;
};

enum class SourceFormat { csv, json, cif };

/// File name without the suffixes of compression: "mp20.csv.gz" -> "mp20.csv".
std::string uncompressed_name(const std::filesystem::path& path);

/// Whether a file of a folder is taken by its name: .csv, .json, .cif, with or without a suffix of compression.
bool has_source_suffix(const std::filesystem::path& path);

/// Opens a source. Format by suffix, else by the first bytes. Throws InputError when the file cannot be read, is
/// empty, has no known format or lacks the columns that every record needs.
std::unique_ptr<RecordReader> open_records(const std::filesystem::path& path, const RecordLimits& limits);

// The readers of each format. `stem`: names the records that have no id of their own ("stem-17").
std::unique_ptr<RecordReader> open_csv(const std::filesystem::path& path, const std::string& stem, const RecordLimits& limits);
std::unique_ptr<RecordReader> open_json(const std::filesystem::path& path, const std::string& stem, const RecordLimits& limits);
std::unique_ptr<RecordReader> open_cif(const std::filesystem::path& path, const std::string& stem, const RecordLimits& limits);

}  // namespace xxact::io
