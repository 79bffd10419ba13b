// Writes checkpoints while training goes on: the trainer hands over copies, a thread makes files of them, one after the other.
// HDF5 libraries may be built without thread safety, so this process must leave HDF5 alone until finish() has returned.
#pragma once

#include <filesystem>
#include <functional>
#include <future>

#include "pipeline/model_file.hpp"

namespace xxact::pipeline {

/// The content of a checkpoint file with the copies that it looks at. When it is moved, the copies stay where they are.
struct CheckpointSnapshot {
  NamedArrays arrays;
  io::CheckpointContent content;
};

class CheckpointWriter {
 public:
  CheckpointWriter() = default;
  /// Waits for the file under way. What fails here is logged: whoever must know calls finish().
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Begins to write `file`, and calls `written` in the writing thread when it is complete and synced. Waits first for the file
  /// before it, so that no more than two snapshots are in memory. Throws what went wrong with that file: IoError.
  void write(std::filesystem::path file, CheckpointSnapshot snapshot, std::function<void()> written = {});
  /// Throws what went wrong with a file, as soon as it is known; never waits.
  void check();
  /// Returns when all files are complete and synced; throws what went wrong.
  void finish();

 private:
  std::future<void> pending_;
};

}  // namespace xxact::pipeline
