// Result tables (predictions.h5): one row for every input - prediction, uncertainty, probability of passing, or the
// reason why there is none. Written by all ranks together, read by one. Not here: tables that are written
// in rounds (io/results_file.hpp), ranking and CSV (pipeline/).
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xxact::io {

/// Values of one predicted label. `value` is always there; the others may be empty (column not written).
struct LabelPrediction {
  std::vector<float> value, std, lo90, hi90;  // [N]; NaN where the row has no prediction
  std::vector<float> target;                  // [N] known truth of an evaluation (/target/<label>); NaN where unknown
};

/// The rows that one rank holds. Rows of rank 0 come first in the file, then those of rank 1, ...; any rank may have
/// none. A column that is not wanted is empty on every rank; one that is has N entries on every rank that has rows.
struct ResultRows {
  std::vector<std::string> id, source, formula;   // id and source are always written
  std::vector<std::uint8_t> status;               // 0 = ok; always written
  std::vector<std::string> reason;                // why a row has no prediction; empty text where it has
  std::vector<LabelPrediction> predictions;       // one a label of the description, in its order
  std::vector<float> crystal_system_probability;  // [N, 7]
  std::vector<std::uint8_t> space_group;          // [N], the most probable one, 1 to 230; 0 where the row has no prediction
  std::vector<float> space_group_probability;     // [N], of that one
  std::vector<float> metal_probability;           // [N], that there is no band gap
  std::vector<float> pass_probability, ood_score; // [N]
  std::map<std::string, std::vector<float>> embeddings;  // by name, [N, width of the description]

  std::size_t size() const { return status.size(); }
};

struct ResultLabel {
  std::string name, units;
  bool operator==(const ResultLabel&) const = default;
};

/// What holds for the whole file; the same on every rank.
struct ResultDescription {
  std::vector<ResultLabel> labels;  // regression labels that have predictions
  std::map<std::string, std::int64_t> embedding_widths;  // by name
  /// Text attributes of the file: "model_hash", "dataset_hash", "program_version", ...
  std::map<std::string, std::string> attributes;
};

struct Results {
  ResultRows rows;
  ResultDescription description;
};

/// Collective on comm. Replaces `path` when all is written; nothing of that name changes when it fails.
/// Throws alike on every rank: IoError when the file cannot be written, CommError when a column's length is wrong.
/// `compress`: deflate level 0..9, 0 = none.
void write_results(MPI_Comm comm, const std::filesystem::path& path, const ResultRows& rows,
                   const ResultDescription& description, int compress = 0);

/// Serial, independent on each rank: rows [first, first + rows) or, with rows < 0, all from `first` on; those that there are.
/// InputError naming the file and dataset when it is not a sound results file.
Results read_results(const std::filesystem::path& path, std::int64_t first = 0, std::int64_t rows = -1);

bool is_results_file(const std::filesystem::path& path);

}  // namespace xxact::io
