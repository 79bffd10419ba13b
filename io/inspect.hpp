// What a file of ours is and holds - dataset, checkpoint, result table - as JSON for programs and text for people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/dataset.hpp"

namespace xxact::io {

/// A node that a dataset is to be loaded on.
struct NodeMemory {
  std::uint64_t bytes = 0;  // 0 = not asked
  int ranks = 1;
};

struct Inspection {
  std::string json;  // one object
  std::string text;  // aligned lines
};

/// Serial. `path` is a file of any of our formats, or a run folder (its best.h5, otherwise its newest checkpoint).
/// Reads and checks the whole file, datasets part by part, blocks against their checksums; with HashCheck::verify a dataset's content hash too,
/// and all damaged blocks are named (a checkpoint's digest is always verified). With a node, says how a dataset is loaded there.
/// InputError when it is none of our formats or damaged, IoError when it cannot be opened.
Inspection inspect_file(const std::filesystem::path& path, HashCheck check = HashCheck::skip, const NodeMemory& node = {});

}  // namespace xxact::io
