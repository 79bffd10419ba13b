// A result table that is written in rounds: its columns are laid out first, the rows follow, and a table that was interrupted
// goes on behind its last round. Until it is whole it is `<name>.partial`, which other programs can read: rows that are not there
// yet have the status 255. Not here: tables that are in memory at once (io/results_table.hpp).
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/hdf5_transfer.hpp"
#include "io/results_table.hpp"

namespace xxact::io {

inline constexpr std::uint8_t kPendingStatus = 255;

/// Which columns a table has, and how wide its texts are. The same on every rank.
struct ResultLayout {
  ResultDescription description;
  std::int64_t rows = 0;
  std::size_t id_width = 1, source_width = 1, formula_width = 0;  // bytes; 0: there is no such column
  bool standard_deviations = false, intervals = false, targets = false, crystal_systems = false, space_groups = false, metals = false, pass_probability = false, ood_score = false;
};

/// What this rank's rows would need; joined over all ranks by `agree_on_layout`.
ResultLayout layout_of(const ResultRows& rows, const ResultDescription& description);
/// Collective on comm. Every column and every width that a rank asks for; the rows are added up.
ResultLayout agree_on_layout(MPI_Comm comm, ResultLayout own);

class ResultsFile {
 public:
  /// Collective on comm. `key` names what is computed: a table that was interrupted under the same key and layout is taken up
  /// again, any other one replaced. Without a key nothing is kept of an interrupted table. IoError when it cannot be written.
  ResultsFile(MPI_Comm comm, std::filesystem::path path, ResultLayout layout, std::string key, int compress = 0);
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  /// Rows [0, done()) are in the table.
  std::int64_t done() const { return done_; }
  /// Collective. One round: this rank's rows, maybe none, begin at row `first` of the table; with those of the other ranks they
  /// are rows [done(), done). They are on disk when this returns. CommError alike on every rank for a column of another length.
  void write(std::int64_t first, const ResultRows& rows, std::int64_t done);
  /// Collective. Writes the reasons, and gives the table its name.
  void finish();

 private:
  struct Column {
    hdf5::ArraySpec spec;
    hdf5::DatasetHandle dataset;
  };
  using Reasons = std::map<std::string, std::vector<std::int64_t>>;  // rows of each reason

  bool resume();
  void create();
  void write_column(const std::string& name, const hdf5::ArraySpec& local, const void* data, std::int64_t first);
  void note_round(const Reasons& own);
  void write_reasons();
  void flush();
  std::filesystem::path partial() const { return path_.string() + ".partial"; }
  std::filesystem::path journal() const { return path_.string() + ".rounds.jsonl"; }

  MPI_Comm comm_;
  int rank_ = 0;
  std::filesystem::path path_;
  ResultLayout layout_;
  std::string key_;
  int compress_;
  hdf5::File file_;
  std::map<std::string, Column> columns_;
  std::int64_t done_ = 0;
  Reasons reasons_;  // of rank 0: of all rounds
  bool finished_ = false;
};

}  // namespace xxact::io
