#include "io/source.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "io/byte_stream.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

std::optional<SourceFormat> format_of_suffix(const std::filesystem::path& path) {
  const std::string suffix = lower_case(std::filesystem::path(uncompressed_name(path)).extension().string());
  if (suffix == ".csv") return SourceFormat::csv;
  if (suffix == ".json") return SourceFormat::json;
  if (suffix == ".cif") return SourceFormat::cif;
  return std::nullopt;
}

SourceFormat format_of_content(const std::filesystem::path& path) {
  ByteStream stream(path);
  std::string_view head = stream.next_chunk();
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) throw InputError("file is empty");
  if (head[first] == '{' || head[first] == '[') return SourceFormat::json;
  if (head.substr(first).starts_with("data_") || head.find("\ndata_") != std::string_view::npos) return SourceFormat::cif;
  const std::string header = lower_case(std::string(head.substr(0, std::min(head.find('\n'), std::size_t{4096}))));
  for (const char* column : {"cif", "formula", "composition"})
    if (header.find(column) != std::string::npos) return SourceFormat::csv;
  throw InputError("unknown format: not CSV with a cif or formula column, ComputedStructureEntry JSON or CIF, plain or gzip, bzip2, zstd");
}

}  // namespace

std::string uncompressed_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string suffix = lower_case(path.extension().string());
  for (const char* known : {".gz", ".bz2", ".zst", ".zstd"})
    if (suffix == known) return path.stem().string();
  return name;
}

bool has_source_suffix(const std::filesystem::path& path) { return format_of_suffix(path).has_value(); }

std::unique_ptr<RecordReader> open_records(const std::filesystem::path& path, const RecordLimits& limits) {
  const auto by_suffix = format_of_suffix(path);
  const std::string stem = std::filesystem::path(uncompressed_name(path)).stem().string();
  switch (by_suffix ? *by_suffix : format_of_content(path)) {
    case SourceFormat::csv: return open_csv(path, stem, limits);
    case SourceFormat::json: return open_json(path, stem, limits);
    case SourceFormat::cif: return open_cif(path, stem, limits);
  }
  throw InputError("unknown format");
}

}  // namespace xxact::io
