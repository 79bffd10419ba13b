#include "io/ingest.hpp"

#include <fmt/chrono.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/duplicate_rows.hpp"
#include "io/ingest_datasets.hpp"
#include "io/ingest_parts.hpp"
#include "io/input_files.hpp"
#include "io/reject_log.hpp"
#include "io/source_pass.hpp"
#include "io/split.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {

namespace {

void check_options(const IngestOptions& options) {
  if (options.inputs.empty()) throw ConfigError("--input: no file or folder is given, e.g. --input mp20.csv.gz");
  if (options.output.empty()) throw ConfigError("--output: no dataset file is given, e.g. --output mp20.h5");
  if (!(options.symprec > 0 && options.symprec <= kClosestAtoms)) throw ConfigError("--symprec {} is not above 0 and at most {} angstrom", options.symprec, kClosestAtoms);
  if (options.limits.max_atoms < 1 || options.limits.max_atoms > 1'000'000) throw ConfigError("--max-atoms {} is not in 1-1000000", options.limits.max_atoms);
  std::error_code error;
  for (const auto& input : options.inputs)
    if (std::filesystem::equivalent(input, options.output, error)) throw ConfigError("--output {} is one of the inputs too: write to another file", options.output.string());
  if ((options.split_as || options.keep_split) && options.split_seed) throw ConfigError("--split-as and --split-seed exclude each other");
  choose_labels({}, {}, options.label_definitions);  // throws for a label that does not exist
}

/// Paths may hold any bytes; the dataset's texts are UTF-8.
std::string as_utf8(std::string text) {
  if (simdjson::validate_utf8(text)) return text;
  for (char& c : text)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return text;
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now())); }

std::filesystem::path parts_path(const std::filesystem::path& output) { return output.string() + ".parts"; }

/// The options that rows depend on: parts of other rules are not used.
std::string rules_of(const IngestOptions& o) {
  const int split = o.keep_split ? -2 : o.split_as ? static_cast<int>(*o.split_as) : -1;
  return fmt::format("symmetry {}, symprec {}, split {}, seed {}, atoms {}", static_cast<int>(o.symmetry), o.symprec, split, o.split_seed ? std::to_string(*o.split_seed) : "none", o.limits.max_atoms);
}

std::vector<SourceIdentity> identities(const std::vector<InputFile>& files) {
  std::vector<SourceIdentity> out;
  for (const auto& file : files) out.push_back({file.dataset ? fmt::format("{}#{}+{}", file.path, file.dataset->first, file.dataset->rows) : file.path, file.bytes, file.changed});
  return out;
}

void say_what_is_there(const IngestParts& parts) {
  std::int64_t records = 0, files = 0;
  for (const auto& coverage : parts.coverage()) {
    records += coverage.records();
    files += coverage.complete() ? 1 : 0;
  }
  if (records > 0) log::info("ingest: goes on behind an earlier run: {} records, {} of {} files complete", records, files, parts.coverage().size());
}

/// What the parts hold beside the rows; each is looked at by one rank.
struct FromParts {
  std::vector<Reject> rejects;
  IngestTallies tallies;
};

/// Collective. Also checks that the rows are those that were written.
FromParts look_through(MPI_Comm comm, const IngestParts& parts, int rank, int ranks) {
  FromParts out;
  collectively(comm, [&] {
    for (auto part = static_cast<std::size_t>(rank); part < parts.size(); part += static_cast<std::size_t>(ranks)) {
      const PartFile file = parts.open(part);
      file.verify();
      out.tallies += file.header().tallies;
      // A source that an earlier run could not read at all may have been readable this time.
      std::copy_if(file.header().rejects.begin(), file.header().rejects.end(), std::back_inserter(out.rejects),
                   [&](const Reject& reject) { return reject.record != Reject::kWholeFile || parts.coverage()[reject.file].records() == 0; });
    }
  });
  IngestTallies& t = out.tallies;
  std::array<std::int64_t, 6> counts = {t.split[0], t.split[1], t.split[2], t.groups_compared, t.groups_different, t.groups_not_found};
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, counts.data(), 6, MPI_INT64_T, MPI_SUM, comm), "adding up the rows");
  std::copy_n(counts.begin(), 3, t.split.begin());
  t.groups_compared = counts[3];
  t.groups_different = counts[4];
  t.groups_not_found = counts[5];
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, t.seen.data(), static_cast<int>(t.seen.size()), MPI_UINT32_T, MPI_BOR, comm), "agreeing on the labels");
  return out;
}

/// This rank's rows.
std::vector<DatasetPiece> pieces_of_parts(const IngestParts& parts, int rank, int ranks, const std::vector<std::size_t>& labels) {
  std::map<std::size_t, std::shared_ptr<const PartFile>> files;
  std::vector<DatasetPiece> pieces;
  for (const PartRows& rows : parts.share_of(rank, ranks)) {
    auto& file = files[rows.part];
    if (!file) file = std::make_shared<const PartFile>(parts.open(rows.part));
    pieces.push_back({[file] { return file->open(); }, rows.first_row, rows.rows, static_cast<std::uint32_t>(rows.file), file->labels_of(labels)});
  }
  return pieces;
}

DatasetDescription describe(MPI_Comm comm, const IngestOptions& options, const IngestDatasets& datasets, const std::vector<InputFile>& files, const std::vector<LabelInfo>& labels) {
  DatasetDescription description;
  description.labels = labels;
  for (const InputFile& file : files) description.sources.push_back(as_utf8(file.source()));
  description.source = options.source;
  description.licence = options.licence;
  description.created = utc_now();
  broadcast_bytes(comm, description.created);  // clocks differ
  description.symprec = options.symprec;
  description.split_rule = options.keep_split ? datasets.split_rules() : options.split_as ? "published split, given at ingest" : split_rule(options.split_seed);
  return description;
}

}  // namespace

std::filesystem::path rejects_path(const std::filesystem::path& output) { return output.string() + ".rejects.jsonl"; }

std::filesystem::path duplicates_path(const std::filesystem::path& output) { return output.string() + ".duplicates.jsonl"; }

IngestSummary ingest(MPI_Comm comm, const IngestOptions& options) {
  check_options(options);
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  InputList list = list_inputs(comm, options.inputs);
  const IngestDatasets datasets(comm, options, list);
  if (list.skipped > 0) log::info("ingest: {} files of the folders are no .csv, .json, .cif or archive of those and are left out", list.skipped);
  IngestParts parts(comm, parts_path(options.output), rules_of(options), identities(list.files));
  say_what_is_there(parts);
  {
    SourcePass pass(comm, options, list.files, datasets, parts);
    pass.read_all();
    pass.wait_for_all();
  }
  parts.gather_new();

  const FromParts all = look_through(comm, parts, rank, ranks);
  const ChosenLabels chosen = choose_labels(all.tallies.seen, datasets.definitions(), options.label_definitions);
  IngestSummary summary;
  summary.labels = chosen.info;
  summary.tallies = all.tallies;
  summary.rejects = rejects_path(options.output);
  summary.duplicates = duplicates_path(options.output);
  summary.rejected = write_rejects(comm, summary.rejects, list.files, all.rejects);
  std::vector<DatasetPiece> pieces;
  collectively(comm, [&] { pieces = pieces_of_parts(parts, rank, ranks, chosen.label); });
  for (const auto& piece : pieces) summary.rows += piece.rows;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &summary.rows, 1, MPI_INT64_T, MPI_SUM, comm), "adding up the rows");
  if (summary.rows == 0) {
    parts.remove();
    throw InputError("not one of the records of {} input files can be used; the reasons are in {}", list.files.size(), summary.rejects.string());
  }
  const DuplicateCounts duplicates = report_duplicates(comm, pieces, summary.duplicates);
  summary.duplicate_ids = duplicates.ids;
  summary.duplicate_contents = duplicates.contents;
  summary.content_hash = write_dataset(comm, options.output, pieces, describe(comm, options, datasets, list.files, chosen.info), options.write).content_hash;
  parts.remove();
  return summary;
}

}  // namespace xxact::io
