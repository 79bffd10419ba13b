// The folder of a training run: config.ini, metrics.jsonl, checkpoints/, best.h5, summary.json. Rank 0 writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace xxact::pipeline {

class RunFolder {
 public:
  /// Makes the folder. ConfigError when it already holds a run and `resume` is false. Only the writer touches files.
  RunFolder(std::filesystem::path path, bool resume, bool writer);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path best() const { return path_ / "best.h5"; }

  void write_config(const std::string& ini) const;
  /// Cuts metrics.jsonl back to lines with step <= `step` and opens it for appending.
  void open_metrics(std::int64_t step);
  /// One line; reaches the file at once when `flush`.
  void append_metrics(const nlohmann::json& line, bool flush);
  void write_summary(const nlohmann::json& summary) const;
  /// Whether there is a summary of a run that did all its steps.
  bool finished() const;
  /// Removes all checkpoints but the last two.
  void prune_checkpoints() const;

 private:
  std::filesystem::path path_;
  bool writer_;
  std::ofstream metrics_;
};

/// Writes text to a temporary name and renames it, so that readers never see half a file. IoError when it cannot.
void write_file_atomically(const std::filesystem::path& path, const std::string& text);

}  // namespace xxact::pipeline
