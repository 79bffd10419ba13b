#include "pipeline/report/inputs.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "io/csv_records.hpp"
#include "pipeline/report/json_file.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::report {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// The numbers of an object in a field, by name.
std::map<std::string, double> numbers_in(const json& object, const char* field, const std::string& place) {
  std::map<std::string, double> numbers;
  const json& values = object_in(object, field, place);
  for (const auto& [name, value] : values.items()) numbers[name] = number_in(values, name.c_str(), place + ": " + field);
  return numbers;
}

ProgressPoint progress_point(const json& line, const std::string& place) {
  ProgressPoint point;
  point.step = integer_in(line, "step", place);
  point.consumed_samples = integer_in(line, "consumed_samples", place);
  point.loss = number_in(line, "loss", place);
  point.validation = numbers_in(line, "validation", place);
  return point;
}

DatasetSummary dataset_summary(const json& dataset, const std::string& place) {
  DatasetSummary summary;
  summary.path = text_in(dataset, "path", place);
  summary.content_hash = text_in(dataset, "content_hash", place);
  summary.source = text_in(dataset, "source", place);
  summary.licence = text_in(dataset, "licence", place);
  summary.split_rule = text_in(dataset, "split_rule", place);
  summary.rows = integer_in(dataset, "rows", place);
  summary.train = integer_in(dataset, "train", place);
  summary.validation = integer_in(dataset, "validation", place);
  summary.test = integer_in(dataset, "test", place);
  return summary;
}

void read_summary(const fs::path& file, Run& run) {
  const json summary = read_json(file);
  const std::string place = file.string();
  run.mode = text_in(summary, "mode", place);
  run.device = text_in(summary, "device", place);
  run.program_version = text_in(summary, "program_version", place);
  run.command = text_in(summary, "command", place);
  run.parameters = integer_in(summary, "parameters", place);
  run.steps = integer_in(summary, "steps", place);
  run.consumed_samples = integer_in(summary, "consumed_samples", place);
  run.ranks = integer_in(summary, "ranks", place);
  run.threads_per_rank = integer_in(summary, "threads_per_rank", place);
  run.seed = integer_in(summary, "seed", place);
  const json& best = object_in(summary, "best", place);
  run.best_step = integer_in(best, "step", place + ": best");
  run.best_validation = numbers_in(best, "validation", place + ": best");
  run.seconds = number_in(summary, "seconds", place);
  run.core_seconds = number_in(summary, "core_seconds", place);
  run.samples_per_s = number_in(summary, "samples_per_s", place);
  run.dataset = dataset_summary(object_in(summary, "dataset", place), place + " dataset");
}

Run read_run(const fs::path& folder) {
  Run run;
  run.folder = folder;
  // A run in progress or one that was stopped has no summary yet.
  if (fs::exists(folder / "summary.json")) read_summary(folder / "summary.json", run);
  run.progress = read_progress(folder / "metrics.jsonl");
  std::ostringstream config;
  config << std::ifstream(folder / "config.ini").rdbuf();
  run.config = config.str();
  return run;
}

std::vector<double> confusion_in(const json& result, const std::string& place) {
  std::vector<double> counts;
  const auto rows = result.find("confusion");
  if (rows == result.end() || rows->is_null()) return counts;
  for (const auto& row : *rows)
    for (const auto& count : row)
      if (count.is_number()) counts.push_back(count.get<double>());
  if (counts.size() != std::size_t{kCrystalSystems} * kCrystalSystems)
    throw InputError("{}: confusion is not a matrix of {} x {} counts", place, kCrystalSystems, kCrystalSystems);
  return counts;
}

RegressionResult regression_in(const std::string& label, const json& result, const std::string& place) {
  return {.label = label,
          .mae = number_in(result, "mae", place),
          .rmse = number_in(result, "rmse", place),
          .r2 = number_in(result, "r2", place),
          .baseline_mae = number_in(result, "baseline_mae", place),
          .coverage90 = number_in(result, "coverage90", place),
          .mae_nonmetal = number_in(result, "mae_nonmetal", place),
          .metal_auc = number_in(result, "metal_auc", place),
          .n = integer_in(result, "n", place)};
}

Screening read_screening(const fs::path& folder) {
  Screening screening;
  screening.folder = folder;
  if (fs::exists(folder / "summary.json")) {
    const std::string place = (folder / "summary.json").string();
    const json summary = read_json(folder / "summary.json");
    screening.order = text_in(summary, "order", place);
    screening.rank_by = text_in(summary, "rank_by", place);
    screening.rows = integer_in(summary, "rows", place);
    screening.ok = integer_in(summary, "ok", place);
    screening.not_predictable = integer_in(summary, "not_predictable", place);
    screening.rejected = integer_in(summary, "rejected", place);
    screening.seconds = number_in(summary, "seconds", place);
    screening.structures_per_s = number_in(summary, "structures_per_s", place);
  }
  io::CsvRecords records{io::ByteStream(folder / "ranking.csv")};
  if (records.next()) screening.columns = records.cells();
  while (screening.top.size() < kRankingRows && records.next()) {
    if (records.cells().size() != screening.columns.size())
      throw InputError("{}: row {} has {} cells, the header has {}", (folder / "ranking.csv").string(), screening.top.size() + 1,
                       records.cells().size(), screening.columns.size());
    screening.top.push_back(records.cells());
  }
  return screening;
}

/// Absolute, without links where it exists, and without a slash at the end.
fs::path full_path(const fs::path& path) {
  std::error_code error;
  fs::path full = fs::weakly_canonical(path, error);
  if (error) full = fs::absolute(path).lexically_normal();
  return full.has_filename() ? full : full.parent_path();
}

/// `folder` as seen from the input folder that it was found in; the input folder itself by its last two names.
std::string name_of(const fs::path& folder, const fs::path& input) {
  const fs::path relative = folder.lexically_relative(input);
  if (!relative.empty() && relative != ".") return relative.generic_string();
  const fs::path full = full_path(folder);
  return (full.parent_path().filename() / full.filename()).generic_string();
}

void read_folder(const fs::path& folder, const std::string& name, Inputs& inputs) {
  const auto has = [&](const char* file) { return fs::is_regular_file(folder / file); };
  if (has("metrics.jsonl")) {
    inputs.runs.push_back(read_run(folder));
    inputs.runs.back().name = name;
  }
  if (has("metrics.json")) {
    inputs.evaluations.push_back(read_evaluation(folder));
    inputs.evaluations.back().name = name;
  }
  if (has("ranking.csv")) {
    inputs.screenings.push_back(read_screening(folder));
    inputs.screenings.back().name = name;
  }
}

/// The folder and all below it, alphabetically, so that the same inputs give the same page.
std::vector<fs::path> folders_in(const fs::path& input) {
  std::error_code error;
  if (!fs::is_directory(input, error)) throw InputError("{}: no such folder", input.string());
  std::vector<fs::path> found = {input};
  for (auto entry = fs::recursive_directory_iterator(input, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    if (entry->is_directory(error) && !entry->is_symlink(error)) found.push_back(entry->path());
  if (error) throw IoError("cannot look into {}: {}", input.string(), error.message());
  std::sort(found.begin(), found.end());
  return found;
}

/// A model's path is as the evaluation was told it, maybe from another working folder: the whole path decides, else
/// the run whose path shares the most trailing names with it, two at least.
int run_of(const Evaluation& evaluation, const std::vector<Run>& runs) {
  if (evaluation.model.empty()) return -1;
  const fs::path wanted = full_path(evaluation.model);
  int best = -1;
  std::ptrdiff_t longest = 1;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const fs::path folder = full_path(runs[i].folder);
    if (folder == wanted) return static_cast<int>(i);
    const std::vector<fs::path> a(folder.begin(), folder.end()), b(wanted.begin(), wanted.end());
    const auto differ = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
    if (differ.first - a.rbegin() > longest) {
      longest = differ.first - a.rbegin();
      best = static_cast<int>(i);
    }
  }
  return best;
}

}  // namespace

std::vector<ProgressPoint> read_progress(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw InputError("{}: cannot be read", file.string());
  std::vector<ProgressPoint> points;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (line.empty()) continue;
    const std::string place = file.string() + ":" + std::to_string(number);
    if (stream.eof() && !json::accept(line)) {
      log::warn("{}: the last line is not finished and is left out", place);
      break;
    }
    points.push_back(progress_point(parse_object(line, place), place));
  }
  return points;
}

Evaluation read_evaluation(const fs::path& folder) {
  const fs::path file = folder / "metrics.json";
  const std::string place = file.string();
  const json metrics = read_json(file);
  Evaluation evaluation;
  evaluation.folder = folder;
  evaluation.model = text_in(metrics, "model", place);
  evaluation.mode = text_in(metrics, "mode", place);
  evaluation.data = text_in(metrics, "data", place);
  evaluation.dataset_hash = text_in(metrics, "dataset_hash", place);
  evaluation.split = text_in(metrics, "split", place);
  evaluation.n = integer_in(metrics, "n", place);
  for (const auto& [label, result] : metrics.items()) {
    if (!result.is_object()) continue;
    const std::string where = place + ": " + label;
    if (result.contains("mae")) evaluation.regressions.push_back(regression_in(label, result, where));
    if (result.contains("accuracy"))
      evaluation.classifications.push_back({label, number_in(result, "accuracy", where), number_in(result, "balanced_accuracy", where),
                                            integer_in(result, "n", where), confusion_in(result, where)});
  }
  return evaluation;
}

Inputs find_inputs(const std::vector<fs::path>& folders) {
  Inputs inputs;
  std::set<fs::path> seen;
  for (const auto& input : folders)
    for (const auto& folder : folders_in(input))
      if (seen.insert(fs::weakly_canonical(folder)).second) read_folder(folder, name_of(folder, input), inputs);
  if (inputs.runs.empty() && inputs.evaluations.empty() && inputs.screenings.empty())
    throw InputError("{}: neither a run (metrics.jsonl), an evaluation (metrics.json) nor a screening (ranking.csv) in it",
                     folders.empty() ? "." : folders.front().string());
  for (auto& evaluation : inputs.evaluations) {
    evaluation.run = run_of(evaluation, inputs.runs);
    if (evaluation.mode.empty() && evaluation.run >= 0) evaluation.mode = inputs.runs[static_cast<std::size_t>(evaluation.run)].mode;
  }
  return inputs;
}

std::string label_in_words(const std::string& label) {
  std::string words = label;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string unit_of(const std::string& label) {
  if (label == "formation_energy_per_atom") return "eV/atom";
  if (label == "band_gap") return "eV";
  if (label == "lattice_volume") return "angstrom^3";
  return label.starts_with("lattice_") ? "angstrom" : "";
}

}  // namespace xxact::report
