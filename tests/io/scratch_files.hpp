// Files that a test writes into its own scratch folder, compressed or not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xxact::io::testing_files {

/// The folder of this name in the test's scratch folder, made empty. Call on one rank only.
std::filesystem::path fresh_folder(const std::string& name);

void write_file(const std::filesystem::path& path, const std::string& bytes);
std::string read_file(const std::filesystem::path& path);

std::string gzip(const std::string& text);
std::string bzip2(const std::string& text);
std::string zstd(const std::string& text);

struct ArchiveMember {
  std::string name, bytes;
  bool symbolic_link = false;  // then `bytes` is its target
  std::int64_t hole = 0;       // of a sparse file, behind `bytes`
};
/// A tar archive (pax).
std::string tar(const std::vector<ArchiveMember>& members);
/// A zip archive, deflated.
std::string zip(const std::vector<ArchiveMember>& members);
/// A zip archive that holds its members as they are.
std::string stored_zip(const std::vector<ArchiveMember>& members);

/// Rock salt as every atom of the cell, for tests that break one thing of it.
std::string rock_salt_cif();

/// `text` with the first `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to);

}  // namespace xxact::io::testing_files
