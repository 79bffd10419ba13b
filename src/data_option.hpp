// --data: a dataset file, or anything that ingest reads, which is then ingested beside the output, once. And how it is loaded: whole, where the
// memory of a node allows it, or part by part.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "io/load_plan.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/streaming/row_source.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {

/// Adds --memory-gib, which commands that load datasets share.
void describe_memory_option(options::options_description& description);
/// Bytes of a node's memory: as given, or the least that any machine of the job has. ConfigError when it is out of range. Collective on the world
/// communicator.
std::uint64_t node_memory(const options::variables_map& values, const Runtime& runtime);

/// The dataset file behind `data`. What is not one is ingested to FOLDER/<name>.h5 unless that is there and newer.
/// InputError when nothing in it can be used. Collective on the world communicator.
std::filesystem::path find_data(const std::filesystem::path& data, const std::filesystem::path& folder, const Runtime& runtime);

/// How arrays of a planned file are loaded.
io::LoadPlan load_plan(const io::DatasetPlan& plan, std::uint64_t node_memory);

/// The datasets behind `data`, all held whole if memory allows it, otherwise all read part by part. Collective on the world communicator.
std::vector<streaming::RowSource> open_sources(const std::vector<std::string>& data, const std::filesystem::path& folder, std::uint64_t node_memory, const Runtime& runtime);

/// What evaluating rows takes: themselves alone, or others as well, which stand in for impurities.
enum class Needed { subset, all };

/// The dataset behind `data`: whole if memory allows it, otherwise the rows of this subset alone, if they are all that is needed. ConfigError when what is needed does
/// not fit. Collective on the world communicator.
io::Dataset open_subset(const std::filesystem::path& data, const std::filesystem::path& folder, pipeline::Subset subset, Needed needed, std::uint64_t node_memory, const Runtime& runtime);

}  // namespace xxact
