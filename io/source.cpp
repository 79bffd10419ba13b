#include "io/source.hpp"

#include <algorithm>
#include <string_view>

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

SourceFormat format_of_content(const std::filesystem::path& path) {
  ByteStream stream(path);
  std::string_view head = stream.next_chunk();
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) throw InputError("file is empty");
  if (head.starts_with("PK\x03\x04") || (head.size() > 262 && head.substr(257, 5) == "ustar")) return SourceFormat::archive;
  if (head[first] == '{' || head[first] == '[') return SourceFormat::json;
  if (head.substr(first).starts_with("data_") || head.find("\ndata_") != std::string_view::npos) return SourceFormat::cif;
  const std::string header = lower_case(std::string(head.substr(0, std::min(head.find('\n'), std::size_t{4096}))));
  for (const char* column : {"cif", "formula", "composition"})
    if (header.find(column) != std::string::npos) return SourceFormat::csv;
  throw InputError("unknown format: not CSV with a cif or formula column, ComputedStructureEntry JSON or CIF, plain or gzip, bzip2, zstd, nor a tar or zip of those");
}

}  // namespace

std::string uncompressed_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string suffix = lower_case(path.extension().string());
  for (const char* known : {".gz", ".bz2", ".zst", ".zstd"})
    if (suffix == known) return path.stem().string();
  return name;
}

std::optional<SourceFormat> format_of_name(const std::filesystem::path& path) {
  if (const std::string suffix = lower_case(path.extension().string()); suffix == ".zip" || suffix == ".tgz") return SourceFormat::archive;
  const std::string suffix = lower_case(std::filesystem::path(uncompressed_name(path)).extension().string());
  if (suffix == ".csv") return SourceFormat::csv;
  if (suffix == ".json") return SourceFormat::json;
  if (suffix == ".cif") return SourceFormat::cif;
  if (suffix == ".tar") return SourceFormat::archive;
  return std::nullopt;
}

std::unique_ptr<RecordReader> open_records(SourceFormat format, ByteStream stream, const std::string& stem, const RecordLimits& limits) {
  switch (format) {
    case SourceFormat::csv: return open_csv(std::move(stream), stem, limits);
    case SourceFormat::json: return open_json(std::move(stream), stem, limits);
    case SourceFormat::cif: return open_cif(std::move(stream), stem, limits);
    case SourceFormat::archive: break;
  }
  throw InputError("an archive in an archive is not read");
}

std::unique_ptr<RecordReader> open_records(const std::filesystem::path& path, const RecordLimits& limits, ReadCounter* counter) {
  const auto by_name = format_of_name(path);
  const SourceFormat format = by_name ? *by_name : format_of_content(path);
  if (format == SourceFormat::archive) return open_archive(path, limits, counter);
  return open_records(format, ByteStream(path, counter), std::filesystem::path(uncompressed_name(path)).stem().string(), limits);
}

}  // namespace xxact::io
