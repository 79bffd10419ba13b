#include "io/dataset_exchange.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>

#include "io/collective_step.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::size_t kMessage = std::size_t{1} << 30;  // MPI counts bytes in an int

using Bytes = std::vector<std::byte>;

struct Ranks {
  int rank = 0, count = 1;
  explicit Ranks(MPI_Comm comm) {
    check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
    check_mpi(MPI_Comm_size(comm, &count), "asking for the number of ranks");
  }
};

void check_rows(const DatasetRows& r, std::size_t labels) {
  const std::size_t n = r.size();
  const auto expect = [](const char* what, std::size_t length, std::size_t wanted) {
    if (length != wanted) throw CommError("writing a dataset: {} has {} entries where {} are expected", what, length, wanted);
  };
  expect("id", r.id.size(), n);
  expect("structures", r.structures.size(), n);
  expect("lattice", r.structures.lattice.size(), 9 * n);
  expect("atomic_number", r.structures.atomic_number.size(), static_cast<std::size_t>(r.structures.atom_offset.back()));
  expect("frac_coords", r.structures.frac_coords.size(), 3 * r.structures.atomic_number.size());
  if (!r.structures.occupancy.empty()) expect("occupancy", r.structures.occupancy.size(), r.structures.atomic_number.size());
  expect("laue_code", r.structures.laue_code.size(), n);
  expect("space_group", r.space_group.size(), n);
  expect("space_group_spglib", r.space_group_spglib.size(), n);
  expect("source_file", r.source_file.size(), n);
  expect("record", r.record.size(), n);
  expect("composition_offset", r.composition_offset.size(), n + 1);
  expect("composition_atomic_number", r.composition_atomic_number.size(), static_cast<std::size_t>(r.composition_offset.back()));
  expect("composition_fraction", r.composition_fraction.size(), r.composition_atomic_number.size());
  expect("labels", r.labels.size(), labels);
  for (const auto& label : r.labels) expect("a label", label.size(), n);
  expect("split", r.split.size(), n);
  if (std::adjacent_find(r.input_index.begin(), r.input_index.end(), std::greater_equal<>()) != r.input_index.end())
    throw CommError("writing a dataset: input_index does not rise from row to row");
}

/// Appends arrays to a message; `Unpacker` takes them off in the same order.
struct Packer {
  Bytes bytes;
  template <class T>
  void put(std::span<const T> values) {
    const std::uint64_t count = values.size();
    const auto header = std::as_bytes(std::span(&count, 1)), body = std::as_bytes(values);
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
};

struct Unpacker {
  std::span<const std::byte> bytes;
  template <class T>
  std::vector<T> take() {
    std::uint64_t count = 0;
    std::memcpy(&count, bytes.data(), sizeof count);
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), bytes.data() + sizeof count, count * sizeof(T));
    bytes = bytes.subspan(sizeof count + count * sizeof(T));
    return values;
  }
};

/// Rows [first, end) as one message. Offsets travel as lengths.
Bytes pack(const DatasetRows& r, std::size_t first, std::size_t end) {
  Packer out;
  const std::size_t n = end - first;
  const auto rows = [&](const auto& v, std::size_t width = 1) { out.put(std::span(v.data() + width * first, width * n)); };
  const auto lengths = [&](const std::vector<std::int64_t>& offset) {
    std::vector<std::int64_t> length(n);
    for (std::size_t i = 0; i < n; ++i) length[i] = offset[first + i + 1] - offset[first + i];
    out.put(std::span<const std::int64_t>(length));
    return std::pair(static_cast<std::size_t>(offset[first]), static_cast<std::size_t>(offset[end]));
  };
  rows(r.input_index);
  std::vector<std::uint32_t> id_length(n);
  std::string ids;
  for (std::size_t i = 0; i < n; ++i) {
    id_length[i] = static_cast<std::uint32_t>(r.id[first + i].size());
    ids += r.id[first + i];
  }
  out.put(std::span<const std::uint32_t>(id_length));
  out.put(std::span<const char>(ids));
  rows(r.structures.lattice, 9);
  const auto [atom, atom_end] = lengths(r.structures.atom_offset);
  const auto flat = [&](const auto& v, std::size_t begin, std::size_t stop) { out.put(std::span(v.data() + begin, stop - begin)); };
  flat(r.structures.atomic_number, atom, atom_end);
  flat(r.structures.frac_coords, 3 * atom, 3 * atom_end);
  if (r.structures.occupancy.empty()) out.put(std::span<const float>{});
  else flat(r.structures.occupancy, atom, atom_end);
  rows(r.structures.laue_code);
  rows(r.space_group);
  rows(r.space_group_spglib);
  rows(r.source_file);
  rows(r.record);
  const auto [entry, entry_end] = lengths(r.composition_offset);
  flat(r.composition_atomic_number, entry, entry_end);
  flat(r.composition_fraction, entry, entry_end);
  for (const auto& label : r.labels) rows(label);
  rows(r.split);
  return std::move(out.bytes);
}

std::vector<std::int64_t> to_offsets(const std::vector<std::int64_t>& length) {
  std::vector<std::int64_t> offset(length.size() + 1, 0);
  std::partial_sum(length.begin(), length.end(), offset.begin() + 1);
  return offset;
}

DatasetRows unpack(const Bytes& bytes, std::size_t labels) {
  Unpacker in{bytes};
  DatasetRows r;
  r.input_index = in.take<std::int64_t>();
  const auto id_length = in.take<std::uint32_t>();
  const auto ids = in.take<char>();
  for (std::size_t i = 0, begin = 0; i < id_length.size(); begin += id_length[i++]) r.id.emplace_back(ids.data() + begin, id_length[i]);
  r.structures.lattice = in.take<double>();
  r.structures.atom_offset = to_offsets(in.take<std::int64_t>());
  r.structures.atomic_number = in.take<std::uint8_t>();
  r.structures.frac_coords = in.take<float>();
  r.structures.occupancy = in.take<float>();
  r.structures.laue_code = in.take<std::uint32_t>();
  r.space_group = in.take<std::uint8_t>();
  r.space_group_spglib = in.take<std::uint8_t>();
  r.source_file = in.take<std::uint32_t>();
  r.record = in.take<std::uint32_t>();
  r.composition_offset = to_offsets(in.take<std::int64_t>());
  r.composition_atomic_number = in.take<std::uint8_t>();
  r.composition_fraction = in.take<float>();
  for (std::size_t i = 0; i < labels; ++i) r.labels.push_back(in.take<float>());
  r.split = in.take<std::uint8_t>();
  return r;
}

/// The first input_index of each rank's piece, from samples of every rank's indices: pieces come out about equal even
/// when the indices have large gaps.
std::vector<std::int64_t> choose_bounds(MPI_Comm comm, const Ranks& ranks, const std::vector<std::int64_t>& index) {
  const auto count = static_cast<std::size_t>(ranks.count);
  const std::size_t samples = std::clamp<std::size_t>(65536 / count, 16, 256);
  struct Sample {
    std::int64_t index, weight;
  };
  std::vector<Sample> mine(samples, Sample{std::numeric_limits<std::int64_t>::max(), 0}), all(samples * count);
  for (std::size_t i = 0; i < samples; ++i) {
    const std::size_t first = i * index.size() / samples, end = (i + 1) * index.size() / samples;
    if (end > first) mine[i] = {index[first], static_cast<std::int64_t>(end - first)};
  }
  const int width = static_cast<int>(2 * samples);
  check_mpi(MPI_Allgather(mine.data(), width, MPI_INT64_T, all.data(), width, MPI_INT64_T, comm), "sampling the input order");
  std::sort(all.begin(), all.end(), [](const Sample& a, const Sample& b) { return a.index < b.index; });
  const std::int64_t total = std::accumulate(all.begin(), all.end(), std::int64_t{0}, [](std::int64_t sum, const Sample& s) { return sum + s.weight; });
  std::vector<std::int64_t> bound(count, std::numeric_limits<std::int64_t>::max());
  bound[0] = std::numeric_limits<std::int64_t>::min();
  std::int64_t before = 0;
  std::size_t next = 1;
  for (const auto& sample : all) {
    while (next < count && sample.weight > 0 && before >= static_cast<std::int64_t>(next) * total / ranks.count) bound[next++] = sample.index;
    before += sample.weight;
  }
  return bound;
}

void post(MPI_Comm comm, Bytes& bytes, int peer, bool send, std::vector<MPI_Request>& requests) {
  for (std::size_t done = 0; done < bytes.size(); done += kMessage) {
    const int count = static_cast<int>(std::min(kMessage, bytes.size() - done));
    requests.emplace_back();
    check_mpi(send ? MPI_Isend(bytes.data() + done, count, MPI_BYTE, peer, 0, comm, &requests.back())
                   : MPI_Irecv(bytes.data() + done, count, MPI_BYTE, peer, 0, comm, &requests.back()),
              "exchanging rows");
  }
}

/// messages[r] goes to rank r; returns what came from each rank. Message lengths are 64-bit, unlike MPI_Alltoallv's.
std::vector<Bytes> exchange(MPI_Comm comm, const Ranks& ranks, std::vector<Bytes> messages) {
  const auto count = static_cast<std::size_t>(ranks.count);
  std::vector<std::int64_t> outgoing(count), incoming(count);
  for (std::size_t r = 0; r < count; ++r) outgoing[r] = static_cast<std::int64_t>(messages[r].size());
  check_mpi(MPI_Alltoall(outgoing.data(), 1, MPI_INT64_T, incoming.data(), 1, MPI_INT64_T, comm), "exchanging message lengths");
  std::vector<Bytes> received(count);
  std::vector<MPI_Request> requests;
  for (int r = 0; r < ranks.count; ++r) {
    const auto peer = static_cast<std::size_t>(r);
    if (r == ranks.rank) continue;
    received[peer].resize(static_cast<std::size_t>(incoming[peer]));
    post(comm, received[peer], r, false, requests);
  }
  for (int r = 0; r < ranks.count; ++r)
    if (r != ranks.rank) post(comm, messages[static_cast<std::size_t>(r)], r, true, requests);
  check_mpi(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE), "exchanging rows");
  received[static_cast<std::size_t>(ranks.rank)] = std::move(messages[static_cast<std::size_t>(ranks.rank)]);
  return received;
}

void append_row(DatasetRows& out, const DatasetRows& part, std::size_t row) {
  out.input_index.push_back(part.input_index[row]);
  out.id.push_back(part.id[row]);
  out.structures.push_back(part.structures[row]);
  out.space_group.push_back(part.space_group[row]);
  out.space_group_spglib.push_back(part.space_group_spglib[row]);
  out.source_file.push_back(part.source_file[row]);
  out.record.push_back(part.record[row]);
  const auto first = part.composition_offset[row], end = part.composition_offset[row + 1];
  const auto& number = part.composition_atomic_number;
  const auto& fraction = part.composition_fraction;
  out.composition_atomic_number.insert(out.composition_atomic_number.end(), number.begin() + first, number.begin() + end);
  out.composition_fraction.insert(out.composition_fraction.end(), fraction.begin() + first, fraction.begin() + end);
  out.composition_offset.push_back(static_cast<std::int64_t>(out.composition_atomic_number.size()));
  for (std::size_t i = 0; i < part.labels.size(); ++i) out.labels[i].push_back(part.labels[i][row]);
  out.split.push_back(part.split[row]);
}

/// Each part rises in input_index; so does the result.
DatasetRows merge(const std::vector<DatasetRows>& parts, std::size_t labels) {
  struct Source {
    std::int64_t index;
    std::uint32_t part;
    std::size_t row;
  };
  std::vector<Source> order;
  for (std::size_t p = 0; p < parts.size(); ++p)
    for (std::size_t row = 0; row < parts[p].size(); ++row) order.push_back({parts[p].input_index[row], static_cast<std::uint32_t>(p), row});
  std::sort(order.begin(), order.end(), [](const Source& a, const Source& b) { return a.index < b.index; });
  DatasetRows out;
  out.labels.resize(labels);
  for (const auto& source : order) append_row(out, parts[source.part], source.row);
  const auto twice = std::adjacent_find(out.input_index.begin(), out.input_index.end());
  if (twice != out.input_index.end()) throw CommError("writing a dataset: two rows have the input_index {}", *twice);
  return out;
}

/// NaNs differ in bits between machines; in the file there is one.
template <class T>
void unify_nans(std::vector<T>& values) {
  for (T& value : values)
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
}

}  // namespace

DatasetRows exchange_into_input_order(MPI_Comm comm, DatasetRows rows, std::size_t labels) {
  collectively(comm, [&] { check_rows(rows, labels); });
  const Ranks ranks(comm);
  if (ranks.count > 1) {
    const auto bounds = choose_bounds(comm, ranks, rows.input_index);
    std::vector<Bytes> messages;
    for (std::size_t r = 0; r < bounds.size(); ++r) {
      const auto begin = rows.input_index.begin();
      const auto first = std::lower_bound(begin, rows.input_index.end(), bounds[r]);
      const auto end = r + 1 < bounds.size() ? std::lower_bound(first, rows.input_index.end(), bounds[r + 1]) : rows.input_index.end();
      messages.push_back(first == end ? Bytes{} : pack(rows, static_cast<std::size_t>(first - begin), static_cast<std::size_t>(end - begin)));
    }
    rows = {};
    const auto received = exchange(comm, ranks, std::move(messages));
    collectively(comm, [&] {
      std::vector<DatasetRows> parts;
      for (const auto& bytes : received)
        if (!bytes.empty()) parts.push_back(unpack(bytes, labels));
      rows = merge(parts, labels);
    });
  }
  const auto& occupancy = rows.structures.occupancy;
  int partial = std::any_of(occupancy.begin(), occupancy.end(), [](float x) { return x != 1.0F; }) ? 1 : 0;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &partial, 1, MPI_INT, MPI_MAX, comm), "agreeing on occupancies");
  rows.structures.occupancy.resize(partial == 1 ? rows.structures.atomic_number.size() : 0, 1.0F);
  unify_nans(rows.structures.lattice);
  for (auto& label : rows.labels) unify_nans(label);
  return rows;
}

}  // namespace xxact::io
