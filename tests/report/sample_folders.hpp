// Folders as train, evaluate and screen leave them, small.
#pragma once

#include <filesystem>
#include <string>

namespace xxact::report {

/// An empty folder of this name in the test's scratch folder.
std::filesystem::path empty_folder(const std::string& name);
void write_file(const std::filesystem::path& file, const std::string& text);

/// config.ini, metrics.jsonl (three steps, one validation) and summary.json. The dataset's hash is 64 times `hash`.
void write_run(const std::filesystem::path& folder, const std::string& mode, char hash = 'a');
/// metrics.json with a formation energy of this MAE, R2 and baseline 0.5, and a confusion matrix of 3 right, 1 wrong.
void write_evaluation(const std::filesystem::path& folder, const std::filesystem::path& model, const std::string& mode, double mae);
/// ranking.csv with ids that are HTML and formulas of a spreadsheet, and summary.json.
void write_screening(const std::filesystem::path& folder);

}  // namespace xxact::report
