// From structure files to a dataset file, by all ranks together: lists the files, shares them out by size, parses and
// checks the records, finds space groups, splits, keeps the rows in parts, and puts the parts together. Memory does not grow
// with the sources. The result does not depend on the number of ranks.
#pragma once

#include <mpi.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/dataset_rows.hpp"
#include "io/dataset_writer.hpp"
#include "io/ingest_part.hpp"
#include "io/record_checks.hpp"

namespace xxact::io {

enum class SymmetryPolicy {
  given,    // the source's space group; spglib's where the source has none
  check,    // the source's, and spglib's beside it for every structure
  compute,  // spglib's alone
  none,     // the source's or unknown; spglib is not run
};

/// When a part of an ingest is written: as soon as it has one of these. An interruption costs one part a rank at most.
struct PartLimits {
  std::int64_t rows = 65536;
  std::size_t bytes = std::size_t{64} << 20;
  std::size_t rejects = 100'000;
  std::chrono::seconds time = std::chrono::seconds(30);
};

struct IngestOptions {
  std::vector<std::filesystem::path> inputs;  // files and folders
  std::filesystem::path output;
  SymmetryPolicy symmetry = SymmetryPolicy::given;
  double symprec = 0.1;                     // angstrom, at most 0.5
  std::optional<Split> split_as;            // every row gets this; unset = by formula
  bool keep_split = false;                  // every row keeps what its dataset gave it; all inputs must be datasets
  std::optional<std::uint64_t> split_seed;  // another split by formula
  RecordLimits limits;
  std::map<std::string, std::string> label_definitions;  // label name -> definition in place of the table's
  std::string source, licence;
  DatasetWriteOptions write;
  PartLimits parts;
  bool progress = false;
};

struct IngestSummary {
  std::int64_t rows = 0, rejected = 0;
  std::int64_t duplicate_ids = 0, duplicate_contents = 0;  // see report_duplicates
  IngestTallies tallies;
  std::vector<LabelInfo> labels;
  std::string content_hash;
  std::filesystem::path rejects;     // always written, empty when there are none
  std::filesystem::path duplicates;  // only there when there are any
};

/// `FILE.h5` -> `FILE.h5.rejects.jsonl`.
std::filesystem::path rejects_path(const std::filesystem::path& output);
/// `FILE.h5` -> `FILE.h5.duplicates.jsonl`.
std::filesystem::path duplicates_path(const std::filesystem::path& output);

/// Collective on comm. Ingests inputs into output. The options are the same on every rank. What is read is kept in parts beside
/// the output (`FILE.h5.parts/`) until the dataset is there: the same call after an interruption, with any number of ranks,
/// goes on behind them.
/// Throws alike on every rank: ConfigError for bad options, InputError when not one record can be used (the rejects
/// are written then too), IoError when the files cannot be written; but an IoError of one rank while it reads is thrown there
/// alone, and must end the job.
IngestSummary ingest(MPI_Comm comm, const IngestOptions& options);

}  // namespace xxact::io
