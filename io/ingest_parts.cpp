#include "io/ingest_parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

using nlohmann::json;

}  // namespace

void RecordCoverage::add(const PartSegment& segment) {
  if (segment.records > 0) spans_.push_back({segment.first_record, segment.end_record()});
  if (segment.ends_source) ends_at_ = std::max(ends_at_, segment.end_record());
}

void RecordCoverage::finish() {
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
  std::vector<Span> merged;
  for (const Span& span : spans_) {
    if (!merged.empty() && span.first <= merged.back().end) merged.back().end = std::max(merged.back().end, span.end);
    else merged.push_back(span);
  }
  spans_ = std::move(merged);
}

void RecordCoverage::forget_empty_end() {
  if (ends_at_ == 0) ends_at_ = -1;
}

bool RecordCoverage::has(std::int64_t record) const {
  const auto after = std::upper_bound(spans_.begin(), spans_.end(), record, [](std::int64_t r, const Span& span) { return r < span.first; });
  return after != spans_.begin() && record < std::prev(after)->end;
}

std::int64_t RecordCoverage::records() const {
  std::int64_t records = 0;
  for (const Span& span : spans_) records += span.end - span.first;
  return records;
}

IngestParts::IngestParts(MPI_Comm comm, std::filesystem::path folder, std::string rules, std::vector<SourceIdentity> sources)
    : comm_(comm), folder_(std::move(folder)), rules_(std::move(rules)), sources_(std::move(sources)), coverage_(sources_.size()) {
  check_mpi(MPI_Comm_rank(comm, &rank_), "asking for the rank");
  std::string found;
  collectively(comm, [&] {
    if (rank_ == 0) found = scan();
  });
  broadcast_bytes(comm, found);
  add_packed(found);
  cover();
  for (auto& coverage : coverage_) coverage.forget_empty_end();
}

void IngestParts::cover() {
  coverage_.assign(sources_.size(), {});
  for (const auto& entry : entries_) coverage_[entry.segment.file].add(entry.segment);
  for (auto& coverage : coverage_) coverage.finish();
}

/// The parts that can be used, packed; removes the others.
std::string IngestParts::scan() {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw IoError("cannot create the folder {}: {}", folder_.string(), error.message());
  lock_ = FileLock(folder_ / "lock");
  std::string packed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() != ".part" && entry.path().extension() != ".partial") continue;  // not ours
    std::string unusable = "is half written";
    if (entry.path().extension() == ".part") {
      try {
        const PartFile part(entry.path(), rules_, sources_);
        packed += packed_part(entry.path().filename().string(), part.header().segments);
        continue;
      } catch (const InputError& reason) {
        unusable = reason.what();
      } catch (const json::exception& reason) {
        unusable = reason.what();
      }
    }
    log::warn("ingest: {} of an earlier run is removed: {}", entry.path().filename().string(), unusable);
    std::filesystem::remove(entry.path());
  }
  return packed;
}

/// One line of CBOR a part, led by its length.
std::string IngestParts::packed_part(const std::string& name, const std::vector<PartSegment>& segments) {
  json list = json::array();
  for (const auto& s : segments) list.push_back({s.file, s.first_record, s.records, s.first_row, s.rows, s.ends_source});
  const auto cbor = json::to_cbor(json{name, std::move(list)});
  const std::uint64_t length = cbor.size();
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  out.append(cbor.begin(), cbor.end());
  return out;
}

void IngestParts::add_packed(const std::string& packed) {
  for (std::size_t at = 0; at < packed.size();) {
    std::uint64_t length = 0;
    std::copy_n(packed.data() + at, sizeof length, reinterpret_cast<char*>(&length));
    const auto part = json::from_cbor(packed.substr(at + sizeof length, length));
    at += sizeof length + length;
    for (const auto& s : part.at(1)) entries_.push_back({{s.at(0), s.at(1), s.at(2), s.at(3), s.at(4), s.at(5)}, names_.size()});
    names_.push_back(part.at(0));
  }
}

void IngestParts::write(const PartHeader& header, const DatasetRows& rows) {
  own_new_ += packed_part(write_part(folder_, rules_, sources_, header, rows), header.segments);
}

void IngestParts::gather_new() {
  const auto of_ranks = gather_bytes(comm_, own_new_);
  std::string all;
  for (const auto& packed : of_ranks) all += packed;
  broadcast_bytes(comm_, all);
  add_packed(all);
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.segment.file, a.segment.first_record, a.segment.records, a.part) < std::tie(b.segment.file, b.segment.first_record, b.segment.records, b.part);
  });
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const auto &before = entries_[i - 1].segment, &here = entries_[i].segment;
    if (before.file == here.file && here.records > 0 && here.first_record < before.end_record())
      throw IoError("{}: two parts hold record {} of {}: did two ingests write the same dataset at once? Remove the folder, and run one", folder_.string(), here.first_record,
                    sources_[here.file].path);
  }
  cover();
  for (std::size_t file = 0; file < sources_.size(); ++file)
    if (!coverage_[file].complete())
      throw IoError("{}: only some of the ranks that share this file could read it to its end; what was read is kept, the same command goes on there", sources_[file].path);
}

std::vector<PartRows> IngestParts::share_of(int rank, int ranks) const {
  std::int64_t total = 0;
  for (const auto& entry : entries_) total += entry.segment.rows;
  const std::int64_t first = total * rank / ranks, end = total * (rank + 1) / ranks;
  std::vector<PartRows> share;
  std::int64_t at = 0;
  for (const auto& [segment, part] : entries_) {
    const std::int64_t low = std::max(first, at), high = std::min(end, at + segment.rows);
    if (low < high) {
      const std::int64_t row = segment.first_row + low - at;
      if (!share.empty() && share.back().part == part && share.back().file == segment.file && share.back().first_row + share.back().rows == row) share.back().rows += high - low;
      else share.push_back({part, segment.file, row, high - low});
    }
    at += segment.rows;
  }
  return share;
}

void IngestParts::remove() {
  collectively(comm_, [&] {
    if (rank_ == 0) std::filesystem::remove_all(folder_);
  });
}

}  // namespace xxact::io
