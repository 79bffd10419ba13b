// Checkpoint files: named arrays, texts and integers in one HDF5 file that h5py reads as it is. Written by one process
// to a temporary name, synced, renamed; verified by a digest when read, so a torn or damaged file is never resumed from.
// Not here: what a model or an optimiser stores in it (pipeline/), and which checkpoints are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xxact::io {

/// A view of one array. The name is its path in the file without a leading slash: "weights/head.0.bias", "optimizer/...".
struct CheckpointArray {
  using Data = std::variant<std::span<const float>, std::span<const double>, std::span<const std::int64_t>>;
  std::string name;
  std::vector<std::int64_t> shape;  // row-major; empty for a scalar
  Data data;                        // as many elements as the shape says
};

/// What a checkpoint holds. Texts, integers and reals become attributes of the file.
struct CheckpointContent {
  std::vector<CheckpointArray> arrays;
  std::map<std::string, std::string> texts;      // "configuration", "dataset_hash", "program_version", ...
  std::map<std::string, std::int64_t> integers;  // "consumed_samples", "step", ...
  std::map<std::string, double> reals;           // "best_validation", ...
};

/// A checkpoint in memory; owns what its arrays look at.
class Checkpoint {
 public:
  const CheckpointContent& content() const { return content_; }
  /// Null when there is no array of this name.
  const CheckpointArray* find(std::string_view name) const;
  /// InputError naming the file when the array is missing, of another type, or of another shape.
  std::span<const float> floats(std::string_view name, std::span<const std::int64_t> shape) const;
  /// InputError naming the file and the attribute when it is missing.
  const std::string& text(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  double real(const std::string& name) const;
  const std::filesystem::path& path() const { return path_; }
  const std::string& digest() const { return digest_; }  // 64 hexadecimal digits: names the model in results

 private:
  friend class CheckpointReader;
  std::filesystem::path path_;
  std::string digest_;
  CheckpointContent content_;
  std::vector<std::unique_ptr<std::byte[]>> storage_;
};

/// Serial: one process writes. The file appears under its name complete and synced, or not at all. Returns the digest.
/// IoError when it cannot be written; a left-over temporary file is removed.
std::string write_checkpoint(const std::filesystem::path& path, const CheckpointContent& content);

/// Serial, independent on each rank. InputError naming the file when it is not a checkpoint, damaged, cut short, or
/// holds what a checkpoint must not (links, external storage, foreign filters); IoError when it cannot be opened.
Checkpoint read_checkpoint(const std::filesystem::path& path);

bool is_checkpoint_file(const std::filesystem::path& path);

/// "step-000000001234.h5".
std::string checkpoint_file_name(std::int64_t step);

/// Files of the folder named as by checkpoint_file_name, in rising order of the step; empty when there is no folder.
/// They are not opened: a reader that finds the last one damaged goes back to the one before.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);

}  // namespace xxact::io
