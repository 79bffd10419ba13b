// What a report is made of: run folders, evaluation folders and screening folders, found and read.
// Files: config.ini, metrics.jsonl, summary.json (run); metrics.json, predictions.h5 (evaluation); ranking.csv,
// summary.json (screening). Numbers that a file leaves out are NaN or -1, texts empty.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "src/base/elements.hpp"

namespace xxact::report {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// A line of metrics.jsonl. `loss` is NaN on lines that only hold an evaluation.
struct ProgressPoint {
  std::int64_t step = -1, consumed_samples = -1;
  double loss = kUnknown;
  std::map<std::string, double> validation;  // "formation_energy_per_atom.mae" -> value
};

struct DatasetSummary {
  std::string path, content_hash, source, licence, split_rule;
  std::int64_t rows = -1, train = -1, validation = -1, test = -1;
};

struct Run {
  std::filesystem::path folder;
  std::string name;  // folder as seen from the input folder
  std::string mode;  // bimodal, composition, xrd
  std::string device, program_version, command, config;
  std::int64_t parameters = -1, steps = -1, consumed_samples = -1, ranks = -1, threads_per_rank = -1, seed = -1, best_step = -1;
  double seconds = kUnknown, core_seconds = kUnknown, samples_per_s = kUnknown;
  DatasetSummary dataset;
  std::map<std::string, double> best_validation;
  std::vector<ProgressPoint> progress;
};

struct RegressionResult {
  std::string label;
  double mae = kUnknown, rmse = kUnknown, r2 = kUnknown, baseline_mae = kUnknown, coverage90 = kUnknown;
  double mae_nonmetal = kUnknown, metal_auc = kUnknown;  // band gap only
  std::int64_t n = -1;
};

struct ClassificationResult {
  std::string label;
  double accuracy = kUnknown, balanced_accuracy = kUnknown;
  std::int64_t n = -1;
  std::vector<double> confusion;  // [7, 7], rows are the truth; empty when not given
};

struct Evaluation {
  std::filesystem::path folder;
  std::string name, mode, data, dataset_hash, split;
  std::filesystem::path model;
  std::int64_t n = -1;
  std::vector<RegressionResult> regressions;
  std::vector<ClassificationResult> classifications;
  int run = -1;  // index of the run that made the model, -1 when it is not among the inputs
};

struct Screening {
  std::filesystem::path folder;
  std::string name, rank_by, order;  // order: asc or desc
  std::int64_t rows = -1, ok = -1, not_predictable = -1, rejected = -1;
  double seconds = kUnknown, structures_per_s = kUnknown;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> top;  // the first rows of ranking.csv, at most kRankingRows
};
inline constexpr std::size_t kRankingRows = 20;

struct Inputs {
  std::vector<Run> runs;
  std::vector<Evaluation> evaluations;
  std::vector<Screening> screenings;
};

/// Looks into `folders` and all folders below them, in alphabetical order; links to folders are not followed.
/// Throws InputError naming file and line or field for a file that is not what its name says, and when no folder
/// holds anything to report. A last line of metrics.jsonl that is still being written is left out.
Inputs find_inputs(const std::vector<std::filesystem::path>& folders);

/// Lines of metrics.jsonl. Throws InputError naming file and line.
std::vector<ProgressPoint> read_progress(const std::filesystem::path& file);
/// metrics.json of an evaluation. Throws InputError naming file and field.
Evaluation read_evaluation(const std::filesystem::path& folder);

/// "formation_energy_per_atom" as a person says it: "formation energy per atom"; and its unit, empty if unknown.
std::string label_in_words(const std::string& label);
std::string unit_of(const std::string& label);

}  // namespace xxact::report
