#include "io/ingest_part.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/dataset_schema.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/pending_file.hpp"
#include "src/base/error.hpp"
#include "src/base/sha256.hpp"

namespace xxact::io {
namespace {

using nlohmann::json;

// Another number with every change of what parsers make of a record, and of this file: parts of other versions are not used.
constexpr std::string_view kMagic = "XXACTPT3";
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLargestHeader = std::size_t{1} << 30;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

json packed(const IngestTallies& t) { return {t.split, t.groups_compared, t.groups_different, t.groups_not_found, t.seen}; }

IngestTallies unpacked_tallies(const json& in) {
  IngestTallies t;
  t.split = in.at(0).get<decltype(t.split)>();
  t.groups_compared = in.at(1);
  t.groups_different = in.at(2);
  t.groups_not_found = in.at(3);
  t.seen = in.at(4).get<decltype(t.seen)>();
  return t;
}

/// The sources that a part speaks of, and the number of each in the part.
class SourceNumbers {
 public:
  std::size_t number_of(std::size_t file) {
    const auto found = std::find(files_.begin(), files_.end(), file);
    if (found != files_.end()) return static_cast<std::size_t>(found - files_.begin());
    files_.push_back(file);
    return files_.size() - 1;
  }
  json packed(const std::vector<SourceIdentity>& sources) const {
    json out = json::array();
    for (const auto file : files_) out.push_back({json::binary({sources[file].path.begin(), sources[file].path.end()}), sources[file].bytes, sources[file].changed});
    return out;
  }

 private:
  std::vector<std::size_t> files_;
};

json packed(const PartHeader& header, const std::vector<SourceIdentity>& sources) {
  SourceNumbers numbers;
  json segments = json::array(), rejects = json::array();
  for (const auto& s : header.segments) segments.push_back({numbers.number_of(s.file), s.first_record, s.records, s.first_row, s.rows, s.ends_source});
  for (const auto& r : header.rejects)
    rejects.push_back({numbers.number_of(r.file), r.record, json::binary({r.id.begin(), r.id.end()}), json::binary({r.reason.begin(), r.reason.end()})});
  return {{"sources", numbers.packed(sources)}, {"segments", std::move(segments)}, {"rejects", std::move(rejects)}, {"tallies", packed(header.tallies)}};
}

std::string text_of(const json& binary) {
  const auto& bytes = binary.get_binary();
  return {bytes.begin(), bytes.end()};
}

PartHeader unpacked_header(const json& in, const std::vector<SourceIdentity>& sources) {
  std::vector<std::size_t> files;
  for (const auto& packed : in.at("sources")) {
    const SourceIdentity source{text_of(packed.at(0)), packed.at(1), packed.at(2)};
    const auto found = std::find(sources.begin(), sources.end(), source);
    if (found == sources.end()) throw InputError("it is of {}, which is no input or has changed", source.path);
    files.push_back(static_cast<std::size_t>(found - sources.begin()));
  }
  PartHeader header;
  for (const auto& s : in.at("segments")) header.segments.push_back({files.at(s.at(0)), s.at(1), s.at(2), s.at(3), s.at(4), s.at(5)});
  for (const auto& r : in.at("rejects")) header.rejects.push_back({files.at(r.at(0)), r.at(1), text_of(r.at(2)), text_of(r.at(3))});
  header.tallies = unpacked_tallies(in.at("tallies"));
  return header;
}

void write_bytes(std::ofstream& out, std::string_view bytes, std::size_t padded) {
  static constexpr std::array<char, kAlignment> kZeros{};
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.write(kZeros.data(), static_cast<std::streamsize>(padded - bytes.size()));
}

/// Labels of the table that have a value in these rows.
std::vector<std::size_t> labels_with_values(const IngestTallies& tallies) {
  std::vector<std::size_t> labels;
  for (std::size_t label = 0; label < kLabelCount; ++label)
    if (tallies.seen[label] != 0) labels.push_back(label);
  return labels;
}

struct Mapping {
  Mapping(const std::filesystem::path& path, std::size_t length) : bytes(length) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw IoError("cannot open {}: {}", path.string(), std::strerror(errno));
    data = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    const int reason = errno;
    ::close(descriptor);
    if (data == MAP_FAILED) throw IoError("cannot map {}: {}", path.string(), std::strerror(reason));
  }
  ~Mapping() { ::munmap(data, bytes); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::size_t bytes;
  void* data = nullptr;
};

}  // namespace

IngestTallies& IngestTallies::operator+=(const IngestTallies& other) {
  for (std::size_t i = 0; i < split.size(); ++i) split[i] += other.split[i];
  groups_compared += other.groups_compared;
  groups_different += other.groups_different;
  groups_not_found += other.groups_not_found;
  for (std::size_t i = 0; i < seen.size(); ++i) seen[i] |= other.seen[i];
  return *this;
}

std::string write_part(const std::filesystem::path& folder, const std::string& rules, const std::vector<SourceIdentity>& sources,
                       const PartHeader& header, const DatasetRows& rows) {
  check_rows(rows, kLabelCount);
  std::size_t width = 1;
  for (const auto& id : rows.id) width = std::max(width, id.size());
  const std::string ids = hdf5::pad_texts(rows.id, width);
  DatasetArrays arrays = arrays_of(rows, ids);
  const auto labels = labels_with_values(header.tallies);
  std::vector<LabelInfo> infos;
  std::vector<std::span<const float>> values;
  for (const auto label : labels) {
    infos.push_back({std::string(label_name(label)), {}, {}});
    values.push_back(arrays.labels[label]);
  }
  arrays.labels = values;
  arrays.source_file = {};  // each segment is of one source
  const auto stored = stored_arrays(arrays, width, infos);

  Sha256 hash;
  json table = json::array();
  for (const auto& array : stored) {
    const std::span<const std::byte> bytes(static_cast<const std::byte*>(array.data), array.spec.bytes());
    hash.update(bytes);
    table.push_back({array.path, bytes.size()});
  }
  json head = packed(header, sources);
  head["rules"] = rules;
  head["arrays"] = std::move(table);
  json names = json::array();
  for (const auto& info : infos) names.push_back(info.name);
  head["labels"] = std::move(names);
  head["id_width"] = width;
  head["digest"] = to_hex(hash.finish());
  const auto cbor = json::to_cbor(head);
  const std::string text(cbor.begin(), cbor.end());
  const std::string name = to_hex(sha256(text)).substr(0, 24) + ".part";

  PendingFile pending(folder / name, true);
  std::ofstream out(pending.temporary(), std::ios::binary);
  const std::uint64_t length = text.size();
  std::string start(kMagic);
  start.append(reinterpret_cast<const char*>(&length), sizeof length);
  start += to_hex(sha256(text)) + text;
  write_bytes(out, start, aligned(start.size()));
  for (const auto& array : stored) write_bytes(out, {static_cast<const char*>(array.data), array.spec.bytes()}, aligned(array.spec.bytes()));
  out.close();
  if (!out) throw IoError("cannot write {}: {}", pending.temporary().string(), std::strerror(errno));
  pending.commit();
  return name;
}

PartFile::PartFile(std::filesystem::path path, const std::string& rules, const std::vector<SourceIdentity>& sources) : path_(std::move(path)) {
  std::ifstream in(path_, std::ios::binary);
  std::array<char, 8> magic{};
  std::uint64_t length = 0;
  std::string digest(64, '\0');
  in.read(magic.data(), magic.size());
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  in.read(digest.data(), static_cast<std::streamsize>(digest.size()));
  if (!in || std::string_view(magic.data(), magic.size()) != kMagic || length > kLargestHeader) throw InputError("{} is no part of an ingest by this version", path_.string());
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  if (!in || to_hex(sha256(text)) != digest) throw InputError("{} is damaged", path_.string());
  const json head = json::from_cbor(text);
  if (head.at("rules") != rules) throw InputError("{} was made with other options", path_.string());
  header_ = unpacked_header(head, sources);
  for (const std::string name : head.at("labels")) {
    const auto label = label_of_name(name);
    if (!label) throw InputError("{} has the label {}, which this version does not know", path_.string(), name);
    labels_.push_back(*label);
  }
  id_width_ = head.at("id_width");
  digest_ = head.at("digest");
  first_byte_ = bytes_ = aligned(magic.size() + sizeof length + digest.size() + length);
  for (const auto& array : head.at("arrays")) {
    arrays_.push_back({array.at(0), bytes_, array.at(1)});
    bytes_ += aligned(arrays_.back().bytes);
  }
  if (std::filesystem::file_size(path_) != bytes_) throw InputError("{} is cut short", path_.string());
}

std::vector<std::optional<std::size_t>> PartFile::labels_of(const std::vector<std::size_t>& table_labels) const {
  std::vector<std::optional<std::size_t>> out;
  for (const auto label : table_labels) {
    const auto found = std::find(labels_.begin(), labels_.end(), label);
    out.push_back(found == labels_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - labels_.begin())));
  }
  return out;
}

void PartFile::verify() const {
  const Mapping mapping(path_, bytes_);
  Sha256 hash;
  for (const auto& array : arrays_) hash.update({static_cast<const std::byte*>(mapping.data) + array.offset, array.bytes});
  if (to_hex(hash.finish()) != digest_) throw IoError("{} was changed after it was written: remove it, and run the same command again", path_.string());
}

OpenRows PartFile::open() const {
  auto mapping = std::make_shared<const Mapping>(path_, bytes_);
  const auto* data = static_cast<const std::byte*>(mapping->data);
  OpenRows out;
  out.id_width = id_width_;
  DatasetArrays& a = out.arrays;
  const auto find = [&](const std::string& path) { return std::find_if(arrays_.begin(), arrays_.end(), [&](const Stored& stored) { return stored.path == path; }); };
  const auto take = [&]<class T>(const std::string& path, std::span<const T>& span) {
    const auto found = find(path);
    if (found == arrays_.end()) throw IoError("{}: has no {}", path_.string(), path);
    span = {reinterpret_cast<const T*>(data + found->offset), found->bytes / sizeof(T)};
  };
  take("/structures/id", a.id);
  take("/structures/lattice", a.lattice);
  take("/structures/atom_offset", a.atom_offset);
  take("/structures/space_group", a.space_group);
  take("/structures/space_group_spglib", a.space_group_spglib);
  a.with_laue_code = true;
  take("/structures/laue_code", a.laue_code);
  take("/structures/record", a.record);
  take("/atoms/atomic_number", a.atomic_number);
  take("/atoms/frac_coords", a.frac_coords);
  a.partial = find("/atoms/occupancy") != arrays_.end();
  if (a.partial) take("/atoms/occupancy", a.occupancy);
  take("/composition/offset", a.composition_offset);
  take("/composition/atomic_number", a.composition_number);
  take("/composition/fraction", a.composition_fraction);
  a.labels.resize(labels_.size());
  for (std::size_t i = 0; i < labels_.size(); ++i) take("/labels/" + std::string(label_name(labels_[i])), a.labels[i]);
  take("/split", a.split);
  out.keep = std::move(mapping);
  return out;
}

}  // namespace xxact::io
