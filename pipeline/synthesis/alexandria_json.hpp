// Made-up structures as Alexandria publishes real ones: pymatgen's ComputedStructureEntry in JSON, one list of "entries" a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "pipeline/synthesis/synthesizer.hpp"

namespace xxact::synthesis {

/// Whether the name ends in .json, .json.gz, .json.bz2 or .json.zst.
bool is_json_name(const std::filesystem::path& path);

/// Appends one entry with the keys of a genuine record. Numbers have as many digits as there (eight decimals of lattices and fractions);
/// energies, labels and what else no calculation gave are null.
void append_entry(const Synthesizer& synthesizer, const SynthesizedStructure& made, const std::string& id, std::string& out);

/// Writes structures `first` to `first + rows` of a campaign of `count`, compressed as the name says; the file appears complete and synced, or
/// not at all. `written` is told how many there are from time to time. Serial; memory does not depend on the numbers.
/// ConfigError for another name, IoError when it cannot be written.
void write_json_file(const std::filesystem::path& path, const Synthesizer& synthesizer, std::int64_t first, std::int64_t rows, std::int64_t count,
                     const std::function<void(std::int64_t)>& written);

}  // namespace xxact::synthesis
