#include "io/reject_log.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/pending_file.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {

namespace {

using nlohmann::ordered_json;

auto order_key(const Reject& reject) { return std::tie(reject.file, reject.record, reject.reason); }

std::string packed(const std::vector<Reject>& rejects) {
  auto list = nlohmann::json::array();
  for (const Reject& reject : rejects) list.push_back({reject.file, reject.record, reject.id, reject.reason});
  const auto bytes = nlohmann::json::to_cbor(list);
  return {bytes.begin(), bytes.end()};
}

std::vector<Reject> in_input_order(const std::vector<std::string>& of_ranks) {
  std::vector<Reject> all;
  for (const std::string& bytes : of_ranks)
    for (const auto& item : nlohmann::json::from_cbor(bytes))
      all.push_back({item[0].get<std::size_t>(), item[1].get<std::int64_t>(), item[2].get<std::string>(), item[3].get<std::string>()});
  std::sort(all.begin(), all.end(), [](const Reject& a, const Reject& b) { return order_key(a) < order_key(b); });
  all.erase(std::unique(all.begin(), all.end(), [](const Reject& a, const Reject& b) { return order_key(a) == order_key(b); }), all.end());
  return all;
}

void write_lines(const std::filesystem::path& path, const std::vector<InputFile>& files, const std::vector<Reject>& rejects) {
  PendingFile pending(path, true);
  std::ofstream out(pending.temporary(), std::ios::binary);
  for (const Reject& reject : rejects) {
    ordered_json line;
    line["source"] = files[reject.file].path;
    line["record"] = reject.record == Reject::kWholeFile ? ordered_json(nullptr) : ordered_json(reject.record);
    if (!reject.id.empty()) line["id"] = reject.id;
    line["reason"] = reject.reason;
    out << line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  }
  out.close();
  if (!out) throw IoError("cannot write {}", pending.temporary().string());
  pending.commit();
}

}  // namespace

std::int64_t write_rejects(MPI_Comm comm, const std::filesystem::path& path, const std::vector<InputFile>& files, const std::vector<Reject>& rejects) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  const std::vector<std::string> gathered = gather_bytes(comm, packed(rejects));
  std::int64_t lines = 0;
  collectively(comm, [&] {
    if (rank != 0) return;
    const std::vector<Reject> all = in_input_order(gathered);
    lines = static_cast<std::int64_t>(all.size());
    write_lines(path, files, all);
  });
  check_mpi(MPI_Bcast(&lines, 1, MPI_INT64_T, 0, comm), "broadcasting the number of rejects");
  return lines;
}

}  // namespace xxact::io
