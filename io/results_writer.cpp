// Result tables, the writing half; all ranks together.
#include <algorithm>
#include <array>
#include <memory>

#include "io/collective_step.hpp"
#include "io/hdf5_attribute.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/pending_file.hpp"
#include "io/results_format.hpp"
#include "io/results_table.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::size_t kMaxText = 4096, kMaxReason = 1000;

/// A reason is for people: a long one is cut, at a whole UTF-8 character.
std::vector<std::string> cut(std::vector<std::string> texts, std::size_t most) {
  for (auto& text : texts) {
    if (text.size() <= most) continue;
    std::size_t end = most - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end) + "...";
  }
  return texts;
}

/// Writes the columns of one file one after the other; every member function is collective.
class ColumnWriter {
 public:
  ColumnWriter(MPI_Comm comm, const hdf5::File& file, const std::filesystem::path& path, std::size_t rows, int compress)
      : comm_(comm), file_(file), path_(path), rows_(rows), compress_(compress) {}

  template <class T>
  void numbers(const std::string& name, const std::vector<T>& values, bool wanted, std::int64_t width = 0, const std::string& units = {}) {
    if (!present(name, values.size(), static_cast<std::size_t>(width > 0 ? width : 1), wanted)) return;
    hdf5::ArraySpec spec;
    spec.element = hdf5::element_of<T>;
    spec.shape = {static_cast<std::int64_t>(rows_)};
    if (width > 0) spec.shape.push_back(width);
    write(name, spec, values.data(), units);
  }

  void texts(const std::string& name, const std::vector<std::string>& values, bool wanted) {
    if (!present(name, values.size(), 1, wanted)) return;
    std::int64_t width = 1;
    for (const auto& value : values) width = std::max(width, static_cast<std::int64_t>(value.size()));
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &width, 1, MPI_INT64_T, MPI_MAX, comm_), "agreeing on the width of a text column");
    if (width > static_cast<std::int64_t>(kMaxText)) throw IoError("{}: {}: a text of {} bytes is too long", path_.string(), name, width);
    hdf5::ArraySpec spec;
    spec.element = hdf5::Element::text;
    spec.shape = {static_cast<std::int64_t>(rows_)};
    spec.text_width = static_cast<std::size_t>(width);
    const auto padded = hdf5::pad_texts(values, spec.text_width);
    write(name, spec, padded.data(), {});
  }

 private:
  /// A column is written when it is always wanted or any rank has values; then every rank must have all of them.
  bool present(const std::string& name, std::size_t values, std::size_t width, bool wanted) {
    int any = wanted || values > 0 ? 1 : 0;
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, comm_), "agreeing on columns");
    if (any == 0) return false;
    collectively(comm_, [&] {
      if (values != rows_ * width) throw CommError("{}: the column {} has {} values for {} rows", path_.string(), name, values, rows_);
    });
    return true;
  }

  void write(const std::string& name, const hdf5::ArraySpec& spec, const void* data, const std::string& units) {
    const hdf5::Place at{path_, name};
    hdf5::write_stacked_rows(comm_, file_, spec, data, compress_, at, [&](const hdf5::DatasetHandle& dataset) {
      if (!units.empty()) hdf5::write_text_attribute(dataset.get(), "units", units, at);
    });
  }

  MPI_Comm comm_;
  const hdf5::File& file_;
  std::filesystem::path path_;
  std::size_t rows_;
  int compress_;
};

void write_columns(ColumnWriter& write, const ResultRows& rows, const ResultDescription& description) {
  write.texts("/id", rows.id, true);
  write.texts("/source", rows.source, true);
  write.texts("/formula", rows.formula, false);
  write.numbers("/status", rows.status, true);
  write.texts("/reason", cut(rows.reason, kMaxReason), false);
  static const LabelPrediction kNone;
  for (std::size_t i = 0; i < description.labels.size(); ++i) {
    const auto& [name, units] = description.labels[i];
    const LabelPrediction& column = i < rows.predictions.size() ? rows.predictions[i] : kNone;
    const std::string group = "/prediction/" + name;
    write.numbers(group + "/value", column.value, true, 0, units);
    write.numbers(group + "/std", column.std, false, 0, units);
    write.numbers(group + "/lo90", column.lo90, false, 0, units);
    write.numbers(group + "/hi90", column.hi90, false, 0, units);
    write.numbers("/target/" + name, column.target, false, 0, units);
  }
  write.numbers(kCrystalSystemColumn, rows.crystal_system_probability, false, kCrystalSystems);
  write.numbers("/pass_probability", rows.pass_probability, false);
  write.numbers("/ood_score", rows.ood_score, false);
  write.numbers("/embedding", rows.embedding, description.embedding_width > 0, std::max<std::int64_t>(description.embedding_width, 1));
}

void write_attributes(const hdf5::File& file, const ResultDescription& description, std::int64_t rows, const hdf5::Place& at) {
  hdf5::write_text_attribute(file.get(), "format", kResultsFormat, at);
  hdf5::write_integer_attribute(file.get(), "version", kResultsVersion, at);
  hdf5::write_integer_attribute(file.get(), "rows", rows, at);
  for (const auto& [name, value] : description.attributes) {
    if (name == "format" || name == "version" || name == "rows") throw IoError("{}: the attribute name {} is taken by the format", at.text(), name);
    hdf5::write_text_attribute(file.get(), name, value, at);
  }
}

}  // namespace

void write_results(MPI_Comm comm, const std::filesystem::path& path, const ResultRows& rows, const ResultDescription& description, int compress) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  auto total = static_cast<std::int64_t>(rows.size());
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPI_INT64_T, MPI_SUM, comm), "counting rows");
  std::unique_ptr<PendingFile> pending;
  collectively(comm, [&] { pending = std::make_unique<PendingFile>(path, rank == 0); });
  const hdf5::Place at{pending->temporary(), ""};
  hdf5::File file;
  collectively(comm, [&] { file = hdf5::create_file(at.file, {comm, 0}); });
  collectively(comm, [&] { write_attributes(file, description, total, at); });
  ColumnWriter writer(comm, file, at.file, rows.size(), compress);
  write_columns(writer, rows, description);
  collectively(comm, [&] {
    hdf5::check(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "flushing the file", at);
    hdf5::check(file.close(), "closing the file", at);
  });
  collectively(comm, [&] { pending->commit(); });
}

}  // namespace xxact::io
