#include "tests/report/sample_folders.hpp"
#include "tests/scratch.hpp"

#include <fmt/format.h>

#include <fstream>

namespace xxact::report {
namespace fs = std::filesystem;

fs::path empty_folder(const std::string& name) {
  const fs::path folder = scratch(name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void write_file(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

void write_run(const fs::path& folder, const std::string& mode, char hash) {
  write_file(folder / "config.ini", "mode = " + mode + "\n# <script>alert('config')</script>\n");
  write_file(folder / "metrics.jsonl",
             "{\"step\": 1, \"consumed_samples\": 64, \"loss\": 0.9}\n"
             "{\"step\": 2, \"consumed_samples\": 128, \"loss\": 0.5, \"validation\": {\"formation_energy_per_atom.mae\": 0.25}}\n"
             "{\"step\": 3, \"consumed_samples\": 192, \"loss\": null}\n");
  write_file(folder / "summary.json",
             fmt::format(R"({{"mode": "{}", "tasks": ["formation_energy_per_atom"], "parameters": 1234567, "steps": 3, "consumed_samples": 192,
  "seconds": 90.0, "core_seconds": 180.0, "samples_per_s": 321.0, "ranks": 2, "threads_per_rank": 1, "device": "cpu",
  "best": {{"step": 2, "validation": {{"formation_energy_per_atom.mae": 0.25}}}}, "seed": 18446744073709551615,
  "dataset": {{"path": "data/rocks.h5", "content_hash": "{}", "rows": 100, "train": 80, "validation": 10, "test": 10}}}})",
                         mode, std::string(64, hash)));
}

void write_evaluation(const fs::path& folder, const fs::path& model, const std::string& mode, double mae) {
  std::string confusion;
  for (int row = 0; row < 7; ++row)
    confusion += fmt::format("{}[{},{},0,0,0,0,0]", row == 0 ? "" : ",", row == 0 ? 3 : 0, row == 0 ? 1 : 0);
  write_file(folder / "metrics.json",
             fmt::format(R"({{"model": "{}", "mode": "{}", "data": "data/rocks.h5", "split": "test", "n": 10,
  "formation_energy_per_atom": {{"mae": {}, "rmse": 0.3, "r2": 0.5, "n": 10, "baseline_mae": 0.5, "coverage90": 0.9}},
  "crystal_system": {{"accuracy": 0.75, "balanced_accuracy": 0.75, "n": 4, "confusion": [{}]}}}})",
                         model.string(), mode, mae, confusion));
}

void write_screening(const fs::path& folder) {
  write_file(folder / "ranking.csv",
             "rank,global_rank,id,formula,formation_energy_per_atom\n"
             "1,1,\"<script>alert(1)</script>\",NaCl,-3.14159\n"
             "2,2,\"'=cmd|' /C calc'!A0\",\"Fe2O3, \"\"rust\"\"\",-2.5\n");
  write_file(folder / "summary.json", R"({"rows": 12, "ok": 11, "rejected": 1, "rank_by": "a < b", "seconds": 2.0, "structures_per_s": 6.0})");
}

}  // namespace xxact::report
