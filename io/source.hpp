// A source file as a sequence of records, whatever its format: CSV with CIF texts or formulas, CIF, pymatgen
// ComputedStructureEntry JSON, each plain or compressed, and archives of those. Not here: checks of a record, ranks, the dataset.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "io/byte_stream.hpp"
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

enum class SourceFormat { csv, json, cif, archive };

/// File name without the suffixes of compression: "mp20.csv.gz" -> "mp20.csv".
std::string uncompressed_name(const std::filesystem::path& path);

/// Format by name: .csv, .json, .cif, .tar, with or without a suffix of compression, .tgz, .zip. Files of folders without
/// such a name are left out.
std::optional<SourceFormat> format_of_name(const std::filesystem::path& path);

/// Opens a source. Format by suffix, else by the first bytes. Throws InputError when the file cannot be read, is
/// empty, has no known format or lacks the columns that every record needs. What is read of the file is added to the counter.
std::unique_ptr<RecordReader> open_records(const std::filesystem::path& path, const RecordLimits& limits, ReadCounter* counter = nullptr);

/// The same for one format and bytes from anywhere; `stem` names the records that have no id of their own ("stem-17").
std::unique_ptr<RecordReader> open_records(SourceFormat format, ByteStream stream, const std::string& stem, const RecordLimits& limits);

// The readers of each format.
std::unique_ptr<RecordReader> open_csv(ByteStream stream, const std::string& stem, const RecordLimits& limits);
std::unique_ptr<RecordReader> open_json(ByteStream stream, const std::string& stem, const RecordLimits& limits);
std::unique_ptr<RecordReader> open_cif(ByteStream stream, const std::string& stem, const RecordLimits& limits);
/// Members of a tar or zip archive that have a source's name, one after the other, streamed. Links, absolute names,
/// names with `..` or backslashes, encrypted and sparse members and nested archives are refused; each gives one record that
/// says so. An archive that expands more than 1,000 times beyond the first GiB is not read on (InputError).
/// Of a zstd archive that is cut, up to 128 KiB before the cut are lost too: libarchive drops the block that it has begun.
std::unique_ptr<RecordReader> open_archive(const std::filesystem::path& path, const RecordLimits& limits, ReadCounter* counter = nullptr);

}  // namespace xxact::io
