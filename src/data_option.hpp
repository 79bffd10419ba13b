// --data: a dataset file, or anything that ingest reads, which is then ingested beside the output, once.
#pragma once

#include <filesystem>

#include "io/dataset.hpp"
#include "src/runtime.hpp"

namespace xxact {

/// The dataset file behind `data`. What is not one is ingested to FOLDER/<name>.h5 unless that is there and newer.
/// InputError when nothing in it can be used. Collective on the world communicator.
std::filesystem::path find_data(const std::filesystem::path& data, const std::filesystem::path& folder, const Runtime& runtime);

/// That dataset, held in memory whole. Collective on the world communicator.
io::Dataset open_data(const std::filesystem::path& data, const std::filesystem::path& folder, const Runtime& runtime);

}  // namespace xxact
