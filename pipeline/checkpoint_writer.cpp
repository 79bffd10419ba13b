#include "pipeline/checkpoint_writer.hpp"

#include <utility>

#include "src/base/log.hpp"

namespace xxact::pipeline {

CheckpointWriter::~CheckpointWriter() {
  try {
    finish();
  } catch (const std::exception& error) {
    log::warn("{}", error.what());
  }
}

void CheckpointWriter::write(std::filesystem::path file, CheckpointSnapshot snapshot, std::function<void()> written) {
  finish();
  pending_ = std::async(std::launch::async, [file = std::move(file), snapshot = std::move(snapshot), written = std::move(written)] {
    io::write_checkpoint(file, snapshot.content);
    if (written) written();
  });
}

void CheckpointWriter::check() {
  if (pending_.valid() && pending_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) pending_.get();
}

void CheckpointWriter::finish() {
  if (pending_.valid()) pending_.get();
}

}  // namespace xxact::pipeline
