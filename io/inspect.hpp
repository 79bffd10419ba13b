// What a file of ours is and holds - dataset, checkpoint, result table - as JSON for programs and text for people.
#pragma once

#include <filesystem>
#include <string>

#include "io/dataset.hpp"

namespace xxact::io {

struct Inspection {
  std::string json;  // one object
  std::string text;  // aligned lines
};

/// Serial. `path` is a file of any of our formats, or a run folder (its best.h5, otherwise its newest checkpoint).
/// Reads and checks the whole file; with HashCheck::verify a dataset's content hash too (a checkpoint's digest always).
/// InputError when it is none of our formats or damaged, IoError when it cannot be opened.
Inspection inspect_file(const std::filesystem::path& path, HashCheck check = HashCheck::skip);

}  // namespace xxact::io
