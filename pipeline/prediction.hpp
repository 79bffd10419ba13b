// Calibrated predictions of one model or an ensemble for rows of a dataset, as result rows. Not here: metrics
// (evaluation.hpp), ranking (screening.hpp).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/results_table.hpp"
#include "pipeline/inference.hpp"
#include "pipeline/model_file.hpp"

namespace xxact::pipeline {

/// Status of a result row.
enum class RowStatus : std::uint8_t { ok = 0, not_predictable = 1, rejected_at_ingest = 2 };

/// Tasks that at least one of the models has, in the order of kTasks. ConfigError where none has any.
std::vector<model::Task> tasks_of(const std::vector<LoadedModel>& models);

/// This rank's rows. One model: its mean, calibrated standard deviation and 90 % interval. Several: the mean of those that
/// have the task; variance = mean of variances + variance of means; the interval widens by the same factor. Class
/// probabilities are averaged. A row fails when any model fails on it.
io::ResultRows predict_rows(std::vector<LoadedModel>& models, const io::Dataset& dataset, std::span<const std::int64_t> rows,
                            const torch::Device& device, const InferenceOptions& options);

/// The file-wide part of such rows: labels with units, model and dataset hashes, versions.
io::ResultDescription describe_results(const std::vector<LoadedModel>& models, const std::string& dataset_hash, const std::string& program_version);

/// eV/atom, eV, angstrom, angstrom^3 or "".
std::string task_units(model::Task task);

/// Appends the rows of `more` (same columns) to `rows`.
void append_rows(io::ResultRows& rows, io::ResultRows more);

}  // namespace xxact::pipeline
