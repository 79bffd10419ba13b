#include "io/results_file.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/hdf5_attribute.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/pending_file.hpp"
#include "io/results_columns.hpp"
#include "io/results_format.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 4096, kMaxReason = 1000;

/// A reason is for people: a long one is cut, at a whole UTF-8 character.
std::string cut(const std::string& text) {
  if (text.size() <= kMaxReason) return text;
  std::size_t end = kMaxReason - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

std::string packed(const std::map<std::string, std::vector<std::int64_t>>& reasons) {
  json out = json::array();
  for (const auto& [text, rows] : reasons) out.push_back({json::binary({text.begin(), text.end()}), rows});
  const auto cbor = json::to_cbor(out);
  return {cbor.begin(), cbor.end()};
}

void unpack_into(const std::string& bytes, std::map<std::string, std::vector<std::int64_t>>& reasons) {
  for (const auto& item : json::from_cbor(bytes)) {
    const auto& text = item.at(0).get_binary();
    auto& rows = reasons[std::string(text.begin(), text.end())];
    for (const auto& row : item.at(1)) rows.push_back(row.get<std::int64_t>());
  }
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

void check_widths(const ResultLayout& layout, const std::filesystem::path& path) {
  for (const std::size_t width : {layout.id_width, layout.source_width, layout.formula_width})
    if (width > kMaxText) throw IoError("{}: a text of {} bytes is too long", path.string(), width);
}

/// Whether an array in the file is the one that is wanted.
bool same_array(const hdf5::OpenArray& array, const hdf5::ArraySpec& wanted) {
  return array.spec.element == wanted.element && array.spec.shape == wanted.shape && array.spec.text_width == wanted.text_width;
}

}  // namespace

ResultsFile::ResultsFile(MPI_Comm comm, std::filesystem::path path, ResultLayout layout, std::string key, int compress)
    : comm_(comm), path_(std::move(path)), layout_(std::move(layout)), key_(std::move(key)), compress_(compress) {
  check_mpi(MPI_Comm_rank(comm, &rank_), "asking for the rank");
  collectively(comm_, [&] { check_widths(layout_, path_); });
  if (!resume()) create();
}

ResultsFile::~ResultsFile() {
  if (finished_ || !key_.empty() || rank_ != 0) return;
  std::error_code ignored;  // nothing more can be done for a file that is not there or cannot be removed
  std::filesystem::remove(partial(), ignored);
}

/// The file of an interrupted run, if it is the same table. Rank 0 decides.
bool ResultsFile::resume() {
  std::int64_t done = -1;
  collectively(comm_, [&] {
    if (rank_ != 0 || key_.empty()) return;
    std::ifstream in(journal());
    std::string line;
    if (!std::getline(in, line) || in.eof() || line != json{{"key", key_}, {"rows", layout_.rows}}.dump()) return;
    try {
      const auto old = hdf5::open_file(partial());
      for (const auto& column : result_columns(layout_, {})) {
        hdf5::ArraySpec wanted = column.spec;
        wanted.shape[0] = layout_.rows;
        if (!same_array(hdf5::open_any_array(old, {partial(), column.name}), wanted)) return;
      }
    } catch (const Error&) {
      return;  // begun and not laid out, or damaged: begun again
    }
    done = 0;
    auto whole = in.tellg();
    while (std::getline(in, line) && !in.eof()) {
      const auto round = json::parse(line, nullptr, false);
      if (round.is_discarded()) break;
      whole = in.tellg();
      done = round.at("done").get<std::int64_t>();
      for (const auto& [text, rows] : round.at("reasons").items())
        for (const auto& row : rows) reasons_[text].push_back(row.get<std::int64_t>());
    }
    in.close();
    // Without the line that was being written when the run was interrupted; the next one would join it.
    std::filesystem::resize_file(journal(), static_cast<std::uintmax_t>(whole));
  });
  check_mpi(MPI_Bcast(&done, 1, MPI_INT64_T, 0, comm_), "agreeing on what an earlier run has left");
  if (done < 0) return false;
  if (rank_ == 0) log::info("{}: goes on behind row {} of {} of an earlier run", path_.string(), done, layout_.rows);
  collectively(comm_, [&] {
    file_ = hdf5::open_file_to_write(partial(), comm_);
    for (const auto& column : result_columns(layout_, {})) {
      hdf5::ArraySpec spec = column.spec;
      spec.shape[0] = layout_.rows;
      auto dataset = hdf5::require<hdf5::DatasetHandle>(H5Dopen2(file_.get(), column.name.c_str(), H5P_DEFAULT), "opening the dataset", {partial(), column.name});
      columns_.emplace(column.name, Column{std::move(spec), std::move(dataset)});
    }
  });
  done_ = done;
  return true;
}

void ResultsFile::create() {
  const hdf5::Place at{partial(), ""};
  collectively(comm_, [&] {
    if (rank_ != 0) return;
    if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path());
    std::filesystem::remove(journal());
  });
  collectively(comm_, [&] { file_ = hdf5::create_file(at.file, {comm_, 0}); });
  collectively(comm_, [&] { write_attributes(file_, layout_.description, layout_.rows, at); });
  for (const auto& column : result_columns(layout_, {})) {
    const hdf5::Place place{at.file, column.name};
    collectively(comm_, [&] {
      hdf5::ArraySpec spec = column.spec;
      spec.shape[0] = layout_.rows;
      auto dataset = hdf5::create_array(file_, spec, compress_, place);
      if (!column.units.empty()) hdf5::write_text_attribute(dataset.get(), "units", column.units, place);
      columns_.emplace(column.name, Column{std::move(spec), std::move(dataset)});
    });
  }
  int ranks = 1;
  check_mpi(MPI_Comm_size(comm_, &ranks), "asking for the number of ranks");
  const std::int64_t first = layout_.rows * rank_ / ranks, end = layout_.rows * (rank_ + 1) / ranks;
  const std::vector<std::uint8_t> pending(static_cast<std::size_t>(end - first), kPendingStatus);
  hdf5::ArraySpec local;
  local.shape = {end - first};
  write_column("/status", local, pending.data(), first);
  flush();
  if (key_.empty()) return;
  collectively(comm_, [&] {
    if (rank_ != 0) return;
    std::ofstream out(journal());
    out << json{{"key", key_}, {"rows", layout_.rows}}.dump() << '\n';
    out.close();
    if (!out) throw IoError("cannot write {}", journal().string());
    sync_file(journal());
  });
}

void ResultsFile::write_column(const std::string& name, const hdf5::ArraySpec& local, const void* data, std::int64_t first) {
  const Column& column = columns_.at(name);
  const hdf5::Place place{partial(), name};
  const auto report = hdf5::write_rows(comm_, column.dataset, column.spec, first, local.rows(), data, place);
  if (report.no_collective_cause != 0) log::debug("{}: HDF5 wrote independently, cause {:#x}", place.text(), report.no_collective_cause);
}

void ResultsFile::write(std::int64_t first, const ResultRows& rows, std::int64_t done) {
  const auto columns = result_columns(layout_, rows);
  collectively(comm_, [&] {
    for (const auto& column : columns) {
      const std::size_t wanted = rows.size() * (column.spec.shape.size() > 1 ? static_cast<std::size_t>(column.spec.shape[1]) : 1);
      if (column.values != wanted) throw CommError("{}: the column {} has {} values for {} rows", path_.string(), column.name, column.values, rows.size());
    }
    if (!rows.reason.empty() && rows.reason.size() != rows.size()) throw CommError("{}: the column /reason has {} values for {} rows", path_.string(), rows.reason.size(), rows.size());
  });
  for (const auto& column : columns) {
    std::string padded;
    collectively(comm_, [&] {
      if (column.texts != nullptr) padded = hdf5::pad_texts(*column.texts, column.spec.text_width);
    });
    write_column(column.name, column.spec, column.texts != nullptr ? padded.data() : column.data, first);
  }
  flush();
  Reasons own;
  for (std::size_t i = 0; i < rows.reason.size(); ++i)
    if (!rows.reason[i].empty()) own[cut(rows.reason[i])].push_back(first + static_cast<std::int64_t>(i));
  done_ = done;
  note_round(own);
}

/// Rank 0 keeps the reasons and, when all rows of the round are on disk, says so in the journal.
void ResultsFile::note_round(const Reasons& own) {
  const auto of_ranks = gather_bytes(comm_, packed(own));
  collectively(comm_, [&] {
    if (rank_ != 0) return;
    Reasons round;
    for (const auto& bytes : of_ranks) unpack_into(bytes, round);
    json line = {{"done", done_}, {"reasons", json::object()}};
    for (auto& [text, rows] : round) {
      line["reasons"][text] = rows;
      auto& all = reasons_[text];
      all.insert(all.end(), rows.begin(), rows.end());
    }
    if (key_.empty()) return;
    std::ofstream out(journal(), std::ios::app);
    out << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    out.close();
    if (!out) throw IoError("cannot write {}", journal().string());
    sync_file(journal());
  });
}

void ResultsFile::flush() {
  collectively(comm_, [&] { hdf5::check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "flushing the file", {partial(), ""}); });
  collectively(comm_, [&] {
    if (rank_ == 0) sync_file(partial());
  });
}

/// The distinct reasons, and a number for each row: a text a row would be as wide as the longest.
void ResultsFile::write_reasons() {
  std::string all = rank_ == 0 ? packed(reasons_) : std::string();
  broadcast_bytes(comm_, all);
  Reasons reasons;
  unpack_into(all, reasons);
  int ranks = 1;
  check_mpi(MPI_Comm_size(comm_, &ranks), "asking for the number of ranks");
  const std::int64_t first = layout_.rows * rank_ / ranks, end = layout_.rows * (rank_ + 1) / ranks;
  std::vector<std::uint32_t> codes(static_cast<std::size_t>(end - first), 0);
  std::vector<std::string> texts = {""};
  hdf5::ArraySpec text_spec;
  text_spec.element = hdf5::Element::text;
  text_spec.text_width = 1;
  for (const auto& [text, rows] : reasons) {
    for (const auto row : rows)
      if (row >= first && row < end) codes[static_cast<std::size_t>(row - first)] = static_cast<std::uint32_t>(texts.size());
    texts.push_back(text);
    text_spec.text_width = std::max(text_spec.text_width, text.size());
  }
  text_spec.shape = {static_cast<std::int64_t>(texts.size())};
  hdf5::ArraySpec code_spec;
  code_spec.element = hdf5::Element::u32;
  code_spec.shape = {layout_.rows};
  collectively(comm_, [&] {
    columns_.emplace("/reasons", Column{text_spec, hdf5::create_array(file_, text_spec, compress_, {partial(), "/reasons"})});
    columns_.emplace("/reason", Column{code_spec, hdf5::create_array(file_, code_spec, compress_, {partial(), "/reason"})});
  });
  if (rank_ != 0) texts.clear();
  text_spec.shape = {static_cast<std::int64_t>(texts.size())};
  write_column("/reasons", text_spec, hdf5::pad_texts(texts, text_spec.text_width).data(), 0);
  code_spec.shape = {end - first};
  write_column("/reason", code_spec, codes.data(), first);
}

void ResultsFile::finish() {
  if (done_ != layout_.rows) throw CommError("{}: {} of {} rows are written", path_.string(), done_, layout_.rows);
  // A table that was interrupted here has the columns already, and cannot get other ones of their names.
  for (const char* name : {"/reason", "/reasons"}) {
    int there = H5Lexists(file_.get(), name, H5P_DEFAULT) > 0 ? 1 : 0;
    check_mpi(MPI_Bcast(&there, 1, MPI_INT, 0, comm_), "agreeing on what an earlier run has left");
    if (there == 1) collectively(comm_, [&] { hdf5::check(H5Ldelete(file_.get(), name, H5P_DEFAULT), "removing a column that is not whole", {partial(), name}); });
  }
  write_reasons();
  columns_.clear();
  collectively(comm_, [&] {
    hdf5::check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "flushing the file", {partial(), ""});
    hdf5::check(file_.close(), "closing the file", {partial(), ""});
  });
  collectively(comm_, [&] {
    PendingFile pending(path_, rank_ == 0, key_.empty() ? PendingFile::IfFailed::remove : PendingFile::IfFailed::keep);
    pending.commit();
    if (rank_ == 0) std::filesystem::remove(journal());
  });
  finished_ = true;
}

}  // namespace xxact::io
