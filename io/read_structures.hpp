// Reads the structures of one file as they are, for commands that look at a single file (`xxact xrd`). Not the bulk
// path: every record is parsed and kept on the calling process. Formats: those of io/source.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/record_checks.hpp"
#include "src/base/structure.hpp"

namespace xxact::io {

struct NamedStructure {
  std::string id;
  StructureArrays structure;  // exactly one row; cell expanded by the file's symmetry operations
  int space_group = 0;        // as the file gives it; 0 = not given
  std::vector<float> charge;         // as in StructureView; empty where they were not asked for
  std::vector<double> displacement;  // the same; zero for the atoms that the file gives none for
  std::size_t atoms_without_displacement = 0;

  /// All of it; valid as long as this is.
  StructureView view() const;
};

/// The structures of `file` in its order; with a `record_id` only the record of that id (or of that number, counted
/// from 0, when no id equals it). The limits say whether charges and displacements are read.
/// Records that cannot be used are logged as warnings with their reason.
/// Throws InputError when nothing can be read or the record is not there, IoError when the file cannot be opened.
std::vector<NamedStructure> read_structures(const std::filesystem::path& file, std::string_view record_id = {}, const RecordLimits& limits = {});

}  // namespace xxact::io
