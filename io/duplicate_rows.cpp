#include "io/duplicate_rows.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/pending_file.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"
#include "src/base/sha256.hpp"

namespace xxact::io {
namespace {

struct KeyedRow {
  RowKey key;
  std::int64_t row;
  auto operator<=>(const KeyedRow&) const = default;
};

/// Sends each value to the rank that `target` names and returns those that came here.
template <class T, class Target>
std::vector<T> exchange(MPI_Comm comm, std::vector<T> values, int ranks, Target target, const char* what) {
  const auto n = static_cast<std::size_t>(ranks);
  std::stable_sort(values.begin(), values.end(), [&](const T& a, const T& b) { return target(a) < target(b); });
  std::vector<int> send(n, 0), receive(n, 0), send_at(n, 0), receive_at(n, 0);
  mpi_count(std::ssize(values), what);
  for (const T& value : values) ++send[target(value)];
  check_mpi(MPI_Alltoall(send.data(), 1, MPI_INT, receive.data(), 1, MPI_INT, comm), what);
  const std::int64_t total = std::accumulate(receive.begin(), receive.end(), std::int64_t{0});
  mpi_count(total, what);
  std::partial_sum(send.begin(), send.end() - 1, send_at.begin() + 1);
  std::partial_sum(receive.begin(), receive.end() - 1, receive_at.begin() + 1);
  std::vector<T> here(static_cast<std::size_t>(total));
  MPI_Datatype type = MPI_DATATYPE_NULL;
  check_mpi(MPI_Type_contiguous(sizeof(T), MPI_BYTE, &type), what);
  check_mpi(MPI_Type_commit(&type), what);
  const int code = MPI_Alltoallv(values.data(), send.data(), send_at.data(), type, here.data(), receive.data(), receive_at.data(), type, comm);
  MPI_Type_free(&type);
  check_mpi(code, what);
  return here;
}

RowKey first_bits(const Sha256Digest& digest) {
  RowKey key{};
  std::memcpy(key.data(), digest.data(), sizeof key);
  return key;
}

template <class T>
void add(Sha256& hash, std::span<const T> values) { hash.update(std::as_bytes(values)); }

RowKey content_key(const DatasetArrays& a, std::size_t row) {
  Sha256 hash;
  const auto base = a.atom_offset.front();
  const auto first = static_cast<std::size_t>(a.atom_offset[row] - base), atoms = static_cast<std::size_t>(a.atom_offset[row + 1] - a.atom_offset[row]);
  if (atoms > 0) {
    add(hash, a.lattice.subspan(9 * row, 9));
    add(hash, a.atomic_number.subspan(first, atoms));
    add(hash, a.frac_coords.subspan(3 * first, 3 * atoms));
    const auto occupancy = a.partial ? a.occupancy.subspan(first, atoms) : std::span<const float>{};
    // Rows of parts with and without partial sites are compared: occupancies that are all 1 are as good as none.
    if (std::any_of(occupancy.begin(), occupancy.end(), [](float x) { return x != 1.0F; })) add(hash, occupancy);
  } else {
    const auto entry = static_cast<std::size_t>(a.composition_offset[row] - a.composition_offset.front());
    const auto entries = static_cast<std::size_t>(a.composition_offset[row + 1] - a.composition_offset[row]);
    add(hash, a.composition_number.subspan(entry, entries));
    add(hash, a.composition_fraction.subspan(entry, entries));
  }
  return first_bits(hash.finish());
}

std::string_view id_at(const OpenRows& open, std::size_t row) {
  const std::string_view field(open.arrays.id.data() + row * open.id_width, open.id_width);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

/// The lines of this rank's rows.
std::string lines_of(const std::vector<DatasetPiece>& pieces, const std::vector<DuplicateRow>& duplicates, std::int64_t first_row) {
  std::string lines;
  auto next = duplicates.begin();
  for (const auto& piece : pieces) {
    if (next != duplicates.end() && next->row < first_row + piece.rows) {
      const OpenRows open = piece.open();
      for (; next != duplicates.end() && next->row < first_row + piece.rows; ++next) {
        const auto id = id_at(open, static_cast<std::size_t>(piece.first + next->row - first_row));
        lines += nlohmann::ordered_json{{"row", next->row}, {"id", id}, {"same_as", next->same_as}}.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
      }
    }
    first_row += piece.rows;
  }
  return lines;
}

void write_lines(const std::filesystem::path& path, const std::vector<std::string>& lines_of_ranks) {
  const bool any = std::any_of(lines_of_ranks.begin(), lines_of_ranks.end(), [](const std::string& lines) { return !lines.empty(); });
  if (!any) {
    std::filesystem::remove(path);  // of an earlier ingest
    return;
  }
  PendingFile pending(path, true);
  std::ofstream out(pending.temporary(), std::ios::binary);
  for (const auto& lines : lines_of_ranks) out << lines;
  out.close();
  if (!out) throw IoError("cannot write {}", pending.temporary().string());
  pending.commit();
}

}  // namespace

std::vector<DuplicateRow> find_duplicates(MPI_Comm comm, const std::vector<RowKey>& keys) {
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  const auto rows = static_cast<std::int64_t>(keys.size());
  std::vector<std::int64_t> begin(static_cast<std::size_t>(ranks) + 1, 0);  // first row of each rank
  check_mpi(MPI_Allgather(&rows, 1, MPI_INT64_T, begin.data() + 1, 1, MPI_INT64_T, comm), "counting rows");
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<KeyedRow> keyed(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keyed[i] = {keys[i], begin[static_cast<std::size_t>(rank)] + static_cast<std::int64_t>(i)};
  // Equal keys meet on one rank: the one that the key names.
  auto here = exchange(comm, std::move(keyed), ranks, [&](const KeyedRow& k) { return k.key[0] % static_cast<std::uint64_t>(ranks); }, "exchanging keys of rows");
  std::sort(here.begin(), here.end());
  std::vector<DuplicateRow> found;
  for (std::size_t i = 0, first = 0; i < here.size(); ++i) {
    if (here[i].key != here[first].key) first = i;
    if (i > first) found.push_back({here[i].row, here[first].row});
  }
  const auto owner = [&](const DuplicateRow& d) { return static_cast<std::size_t>(std::upper_bound(begin.begin(), begin.end(), d.row) - begin.begin() - 1); };
  auto own = exchange(comm, std::move(found), ranks, owner, "exchanging equal rows");
  std::sort(own.begin(), own.end(), [](const DuplicateRow& a, const DuplicateRow& b) { return a.row < b.row; });
  return own;
}

DuplicateCounts report_duplicates(MPI_Comm comm, const std::vector<DatasetPiece>& pieces, const std::filesystem::path& path) {
  std::vector<RowKey> ids, contents;
  collectively(comm, [&] {
    for (const auto& piece : pieces) {
      const OpenRows open = piece.open();
      for (auto row = static_cast<std::size_t>(piece.first); row < static_cast<std::size_t>(piece.first + piece.rows); ++row) {
        ids.push_back(first_bits(sha256(id_at(open, row))));
        contents.push_back(content_key(open.arrays, row));
      }
    }
  });
  std::int64_t own_rows = std::ssize(ids), first_row = 0;
  check_mpi(MPI_Exscan(&own_rows, &first_row, 1, MPI_INT64_T, MPI_SUM, comm), "counting rows before this rank");
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  if (rank == 0) first_row = 0;
  const auto equal = find_duplicates(comm, contents);
  std::array<std::int64_t, 2> counts = {std::ssize(find_duplicates(comm, ids)), std::ssize(equal)};
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, counts.data(), 2, MPI_INT64_T, MPI_SUM, comm), "counting duplicates");
  std::string lines;
  collectively(comm, [&] { lines = lines_of(pieces, equal, first_row); });
  const auto gathered = gather_bytes(comm, lines);
  collectively(comm, [&] {
    if (rank == 0) write_lines(path, gathered);
  });
  return {counts[0], counts[1]};
}

}  // namespace xxact::io
