#include "pipeline/run_folder.hpp"

#include <vector>

#include "io/checkpoint.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {

void write_file_atomically(const std::filesystem::path& path, const std::string& text) {
  const auto temporary = path.string() + ".tmp";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw IoError("cannot write '{}': disk full or not writable", temporary);
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) throw IoError("cannot rename '{}' to '{}': {}", temporary, path.string(), error.message());
}

RunFolder::RunFolder(std::filesystem::path path, bool resume, bool writer) : path_(std::move(path)), writer_(writer) {
  if (!writer_) return;
  if (!resume && std::filesystem::exists(path_ / "metrics.jsonl"))
    throw ConfigError("'{}' already holds a run: continue it with --resume, or give another --output", path_.string());
  std::error_code error;
  std::filesystem::create_directories(checkpoints(), error);
  if (error) throw IoError("cannot make the folder '{}': {}", checkpoints().string(), error.message());
}

void RunFolder::write_config(const std::string& ini) const {
  if (writer_) write_file_atomically(path_ / "config.ini", ini);
}

void RunFolder::open_metrics(std::int64_t step) {
  if (!writer_) return;
  const auto file = path_ / "metrics.jsonl";
  std::string kept;
  std::ifstream old(file);
  for (std::string line; std::getline(old, line);) {
    // A job that was killed may leave half a line; it belongs to a step that is done again.
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded() || json.value("step", step + 1) > step) break;
    kept += line + "\n";
  }
  old.close();
  write_file_atomically(file, kept);
  metrics_.open(file, std::ios::app);
  if (!metrics_) throw IoError("cannot open '{}' for writing", file.string());
}

void RunFolder::append_metrics(const nlohmann::json& line, bool flush) {
  if (!writer_) return;
  metrics_ << line.dump() << '\n';
  if (flush) metrics_.flush();
  if (!metrics_) throw IoError("cannot write '{}': disk full?", (path_ / "metrics.jsonl").string());
}

void RunFolder::write_summary(const nlohmann::json& summary) const {
  if (writer_) write_file_atomically(path_ / "summary.json", summary.dump(2) + "\n");
}

bool RunFolder::finished() const {
  std::ifstream in(path_ / "summary.json");
  const auto summary = nlohmann::json::parse(in, nullptr, false);
  return summary.is_object() && summary.value("finished", false);
}

void RunFolder::prune_checkpoints() const {
  if (!writer_) return;
  const auto files = io::list_checkpoints(checkpoints());
  for (std::size_t i = 0; i + 2 < files.size(); ++i) std::filesystem::remove(files[i]);
}

}  // namespace xxact::pipeline
