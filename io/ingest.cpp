#include "io/ingest.hpp"

#include <fmt/chrono.h>
#include <simdjson.h>

#include <chrono>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/duplicate_ids.hpp"
#include "io/input_files.hpp"
#include "io/reject_log.hpp"
#include "io/row_builder.hpp"
#include "io/source.hpp"
#include "io/split.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"
#include "src/base/progress.hpp"

namespace xxact::io {

namespace {

void check_options(const IngestOptions& options) {
  if (options.inputs.empty()) throw ConfigError("--input: no file or folder is given, e.g. --input mp20.csv.gz");
  if (options.output.empty()) throw ConfigError("--output: no dataset file is given, e.g. --output mp20.h5");
  if (!(options.symprec > 0 && options.symprec <= kClosestAtoms)) throw ConfigError("--symprec {} is not above 0 and at most {} angstrom", options.symprec, kClosestAtoms);
  if (options.limits.max_atoms < 1 || options.limits.max_atoms > 1'000'000) throw ConfigError("--max-atoms {} is not in 1-1000000", options.limits.max_atoms);
  if (options.split_as && options.split_seed) throw ConfigError("--split-as and --split-seed exclude each other");
  choose_labels({}, options.label_definitions);  // throws for a label that does not exist
}

/// Paths may hold any bytes; the dataset's texts are UTF-8.
std::string as_utf8(std::string text) {
  if (simdjson::validate_utf8(text)) return text;
  for (char& c : text)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return text;
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now())); }

/// This rank's part of reading all files.
class IngestRun {
 public:
  IngestRun(MPI_Comm comm, const IngestOptions& options) : comm_(comm), options_(options), builder(options) {
    check_mpi(MPI_Comm_rank(comm, &rank_), "asking for the rank");
    check_mpi(MPI_Comm_size(comm, &ranks_), "asking for the number of ranks");
    const InputList list = list_inputs(comm, options.inputs);
    if (list.skipped > 0) log::info("ingest: {} files of the folders are no .csv, .json, .cif or archive of those and are left out", list.skipped);
    files = list.files;
    records.assign(files.size(), 0);
  }

  void read_all() {
    const std::vector<FileReaders> readers = assign_readers(files, ranks_);
    Progress progress("ingest", "records", 0, options_.progress && rank_ == 0);
    for (std::size_t file = 0; file < files.size(); ++file)
      if (readers[file].include(rank_)) read_file(file, readers[file], progress);
  }

  /// Collective. Global row order: records of all files one after the other.
  std::vector<std::int64_t> input_indices(const DatasetRows& rows) {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, records.data(), mpi_count(static_cast<std::int64_t>(records.size()), "numbers of records"), MPI_INT64_T, MPI_MAX, comm_),
              "adding up the records");
    std::vector<std::int64_t> first(files.size() + 1, 0);
    for (std::size_t file = 0; file < files.size(); ++file) first[file + 1] = first[file] + records[file];
    std::vector<std::int64_t> index(rows.source_file.size());
    for (std::size_t row = 0; row < index.size(); ++row) index[row] = first[rows.source_file[row]] + rows.record[row];
    return index;
  }

 private:
  void read_file(std::size_t file, const FileReaders& readers, Progress& progress) {
    std::int64_t number = Reject::kWholeFile;  // of the record that is read
    try {
      const auto reader = open_records(files[file].path, options_.limits);
      for (number = 0; reader->next(); ++number) {
        records[file] = number + 1;
        if (readers.parses(rank_, number)) read_record(*reader, file, number);
        progress.update(++passed_);
      }
      if (number == 0) rejects.push_back({file, Reject::kWholeFile, {}, "no records"});
    } catch (const InputError& error) {
      const std::string kept = number > 0 ? fmt::format("; the {} records before are kept", number) : "";
      rejects.push_back({file, number > 0 ? number : Reject::kWholeFile, {}, error.what() + kept});
    } catch (const std::filesystem::filesystem_error& error) {
      rejects.push_back({file, number > 0 ? number : Reject::kWholeFile, {}, error.code().message()});
    }
  }

  void read_record(RecordReader& reader, std::size_t file, std::int64_t number) {
    try {
      reader.parse(record_);
      check_record(record_, options_.limits);
      builder.add(record_, static_cast<std::uint32_t>(file), static_cast<std::uint32_t>(number));
    } catch (const std::runtime_error& error) {  // ours, or a parser library's
      rejects.push_back({file, number, record_.id.empty() ? reader.id() : record_.id, error.what()});
    }
  }

  MPI_Comm comm_;
  const IngestOptions& options_;
  int rank_ = 0, ranks_ = 1;
  StructureRecord record_;
  std::int64_t passed_ = 0;

 public:
  std::vector<InputFile> files;
  std::vector<std::int64_t> records;  // of each file, as far as it could be read
  std::vector<Reject> rejects;
  RowBuilder builder;
};

DatasetDescription describe(MPI_Comm comm, const IngestOptions& options, const std::vector<InputFile>& files, const std::vector<LabelInfo>& labels) {
  DatasetDescription description;
  description.labels = labels;
  for (const InputFile& file : files) description.sources.push_back(as_utf8(file.path));
  description.source = options.source;
  description.licence = options.licence;
  description.created = utc_now();
  broadcast_bytes(comm, description.created);  // clocks differ
  description.symprec = options.symprec;
  description.split_rule = options.split_as ? "published split, given at ingest" : split_rule(options.split_seed);
  return description;
}

ChosenLabels choose_labels_of_all(MPI_Comm comm, const RowBuilder& builder, const IngestOptions& options) {
  SeenSources seen = builder.seen();
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, seen.data(), static_cast<int>(seen.size()), MPI_UINT32_T, MPI_BOR, comm), "agreeing on the labels");
  return choose_labels(seen, options.label_definitions);
}

IngestSummary count_over_ranks(MPI_Comm comm, const RowBuilder& builder, std::size_t rows) {
  std::int64_t counts[7] = {static_cast<std::int64_t>(rows), builder.split_counts[0], builder.split_counts[1], builder.split_counts[2],
                            builder.groups_compared,         builder.groups_different, builder.groups_not_found};
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, counts, 7, MPI_INT64_T, MPI_SUM, comm), "adding up the rows");
  IngestSummary summary;
  summary.rows = counts[0];
  summary.train = counts[1];
  summary.validation = counts[2];
  summary.test = counts[3];
  summary.groups_compared = counts[4];
  summary.groups_different = counts[5];
  summary.groups_not_found = counts[6];
  return summary;
}

}  // namespace

std::filesystem::path rejects_path(const std::filesystem::path& output) { return output.string() + ".rejects.jsonl"; }

IngestSummary ingest(MPI_Comm comm, const IngestOptions& options) {
  check_options(options);
  IngestRun run(comm, options);
  collectively(comm, [&] { run.read_all(); });

  const ChosenLabels chosen = choose_labels_of_all(comm, run.builder, options);
  DatasetRows rows = run.builder.take_rows(chosen);
  rows.input_index = run.input_indices(rows);
  IngestSummary summary = count_over_ranks(comm, run.builder, rows.size());
  summary.labels = chosen.info;
  summary.rejects = rejects_path(options.output);
  summary.rejected = write_rejects(comm, summary.rejects, run.files, run.rejects);
  if (summary.rows == 0)
    throw InputError("not one of the records of {} input files can be used; the reasons are in {}", run.files.size(), summary.rejects.string());
  summary.duplicate_ids = count_duplicate_ids(comm, rows.id);
  const DatasetDescription description = describe(comm, options, run.files, chosen.info);
  summary.content_hash = write_dataset(comm, options.output, std::move(rows), description, options.write).content_hash;
  return summary;
}

}  // namespace xxact::io
