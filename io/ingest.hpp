// From structure files to a dataset file, by all ranks together: lists the files, shares out the records, parses and
// checks them, finds space groups, splits, and hands the rows to the dataset writer. The result does not depend on the
// number of ranks.
#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/dataset_rows.hpp"
#include "io/dataset_writer.hpp"
#include "io/record_checks.hpp"

namespace xxact::io {

enum class SymmetryPolicy {
  given,    // the source's space group; spglib's where the source has none
  check,    // the source's, and spglib's beside it for every structure
  compute,  // spglib's alone
  none,     // the source's or unknown; spglib is not run
};

struct IngestOptions {
  std::vector<std::filesystem::path> inputs;  // files and folders
  std::filesystem::path output;
  SymmetryPolicy symmetry = SymmetryPolicy::given;
  double symprec = 0.1;                     // angstrom, at most 0.5
  std::optional<Split> split_as;            // every row gets this; unset = by formula
  std::optional<std::uint64_t> split_seed;  // another split by formula
  RecordLimits limits;
  std::map<std::string, std::string> label_definitions;  // label name -> definition in place of the table's
  std::string source, licence;
  DatasetWriteOptions write;
  bool progress = false;
};

struct IngestSummary {
  std::int64_t rows = 0, rejected = 0, duplicate_ids = 0;
  std::int64_t train = 0, validation = 0, test = 0;
  std::int64_t groups_compared = 0, groups_different = 0;  // source's and spglib's, both known
  std::int64_t groups_not_found = 0;                       // spglib ran and found none
  std::vector<LabelInfo> labels;
  std::string content_hash;
  std::filesystem::path rejects;  // always written, empty when there are none
};

/// `FILE.h5` -> `FILE.h5.rejects.jsonl`.
std::filesystem::path rejects_path(const std::filesystem::path& output);

/// Collective on comm. Ingests inputs into output. The options are the same on every rank.
/// Throws alike on every rank: ConfigError for bad options, InputError when not one record can be used (the rejects
/// are written then too), IoError when the files cannot be written.
IngestSummary ingest(MPI_Comm comm, const IngestOptions& options);

}  // namespace xxact::io
