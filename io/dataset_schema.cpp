#include "io/dataset_schema.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "io/block_checksums.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::size_t kHashMessage = 64U << 20;

std::span<const std::byte> bytes_of(const StoredArray& array) {
  return {static_cast<const std::byte*>(array.data), array.spec.bytes()};
}

std::string combine(const std::vector<StoredArray>& arrays, const std::vector<Sha256Digest>& digests) {
  Sha256 hash;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    hash.update(std::as_bytes(std::span(arrays[i].path.c_str(), arrays[i].path.size() + 1)));
    hash.update(std::as_bytes(std::span(digests[i])));
  }
  return to_hex(hash.finish());
}

/// Sends this rank's bytes of an array to the rank that hashes it, in messages that MPI can count.
void post_sends(MPI_Comm comm, const StoredArray& array, int root, int tag, std::vector<MPI_Request>& requests) {
  const auto bytes = bytes_of(array);
  for (std::size_t done = 0; done < bytes.size(); done += kHashMessage) {
    const auto piece = bytes.subspan(done, std::min(kHashMessage, bytes.size() - done));
    requests.emplace_back();
    check_mpi(MPI_Isend(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, root, tag, comm, &requests.back()), "sending rows to be hashed");
  }
}

/// Also appends the checksums of the array's blocks.
Sha256Digest hash_in_rank_order(MPI_Comm comm, const StoredArray& own, int rank, const std::vector<std::int64_t>& bytes, int tag, std::vector<std::uint64_t>& blocks) {
  Sha256 hash;
  BlockHasher hasher;
  std::vector<std::byte> piece;
  for (int source = 0; source < static_cast<int>(bytes.size()); ++source) {
    if (source == rank) {
      hash.update(bytes_of(own));
      hasher.update(bytes_of(own));
      continue;
    }
    for (std::int64_t left = bytes[static_cast<std::size_t>(source)]; left > 0;) {
      piece.resize(std::min(kHashMessage, static_cast<std::size_t>(left)));
      check_mpi(MPI_Recv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, source, tag, comm, MPI_STATUS_IGNORE), "receiving rows to be hashed");
      hash.update(piece);
      hasher.update(piece);
      left -= static_cast<std::int64_t>(piece.size());
    }
  }
  blocks = hasher.finish();
  return hash.finish();
}

/// Collective on comm. All ranks get the blocks of all arrays, of which each rank has those of some.
std::vector<std::uint64_t> gather_blocks(MPI_Comm comm, const std::vector<std::int64_t>& bytes, const std::vector<std::vector<std::uint64_t>>& own) {
  std::vector<std::uint64_t> all;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto blocks = own[i];
    blocks.resize(block_count(static_cast<std::size_t>(bytes[i])));
    all.insert(all.end(), blocks.begin(), blocks.end());
  }
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, all.data(), mpi_count(std::ssize(all), "exchanging checksums"), MPI_UINT64_T, MPI_BOR, comm), "exchanging checksums");
  return all;
}

}  // namespace

std::vector<StoredArray> stored_arrays(const DatasetArrays& a, std::size_t id_width, const std::vector<LabelInfo>& labels) {
  std::vector<StoredArray> out;
  const auto add = [&]<class T>(const char* path, std::span<const T> data, std::vector<std::int64_t> row = {}) {
    hdf5::ArraySpec spec;
    spec.element = hdf5::element_of<T>;
    const auto per_row = std::accumulate(row.begin(), row.end(), std::int64_t{1}, std::multiplies<>());
    spec.shape = std::move(row);
    spec.shape.insert(spec.shape.begin(), static_cast<std::int64_t>(data.size()) / per_row);
    out.push_back({path, std::move(spec), data.data()});
  };
  hdf5::ArraySpec id;
  id.element = hdf5::Element::text;
  id.text_width = id_width;
  id.shape = {static_cast<std::int64_t>(a.id.size() / id_width)};
  out.push_back({"/structures/id", id, a.id.data()});
  add("/structures/lattice", a.lattice, {3, 3});
  add("/structures/atom_offset", a.atom_offset);
  add("/structures/space_group", a.space_group);
  add("/structures/space_group_spglib", a.space_group_spglib);
  if (a.with_laue_code) add("/structures/laue_code", a.laue_code);
  add("/structures/source_file", a.source_file);
  add("/structures/record", a.record);
  add("/atoms/atomic_number", a.atomic_number);
  add("/atoms/frac_coords", a.frac_coords, {3});
  if (a.partial) add("/atoms/occupancy", a.occupancy);
  add("/composition/offset", a.composition_offset);
  add("/composition/atomic_number", a.composition_number);
  add("/composition/fraction", a.composition_fraction);
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return labels[x].name < labels[y].name; });
  for (const std::size_t i : order) add(("/labels/" + labels[i].name).c_str(), a.labels[i]);
  add("/split", a.split);
  return out;
}

std::string content_hash(const std::vector<StoredArray>& arrays) {
  std::vector<Sha256Digest> digests;
  for (const auto& array : arrays) {
    Sha256 hash;
    hash.update(bytes_of(array));
    digests.push_back(hash.finish());
  }
  return combine(arrays, digests);
}

ContentDigests content_digests(MPI_Comm comm, const std::vector<StoredArray>& local) {
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  const auto arrays = local.size(), processes = static_cast<std::size_t>(ranks);
  std::vector<std::int64_t> mine(arrays), all(arrays * processes);
  for (std::size_t i = 0; i < arrays; ++i) mine[i] = static_cast<std::int64_t>(local[i].spec.bytes());
  const int count = mpi_count(static_cast<std::int64_t>(arrays), "hashing arrays");
  check_mpi(MPI_Allgather(mine.data(), count, MPI_INT64_T, all.data(), count, MPI_INT64_T, comm), "gathering the arrays' lengths");

  // SHA-256 is sequential in an array's bytes; the arrays are spread over the ranks so that they are hashed side by side.
  std::vector<MPI_Request> requests;
  for (std::size_t i = 0; i < arrays; ++i)
    if (const int root = static_cast<int>(i % processes); root != rank) post_sends(comm, local[i], root, static_cast<int>(i), requests);
  std::vector<Sha256Digest> digests(arrays, Sha256Digest{});
  std::vector<std::vector<std::uint64_t>> blocks(arrays);
  std::vector<std::int64_t> whole(arrays);
  for (std::size_t i = 0; i < arrays; ++i)
    for (std::size_t r = 0; r < processes; ++r) whole[i] += all[r * arrays + i];
  for (std::size_t i = static_cast<std::size_t>(rank); i < arrays; i += processes) {
    std::vector<std::int64_t> bytes(processes);
    for (std::size_t r = 0; r < processes; ++r) bytes[r] = all[r * arrays + i];
    digests[i] = hash_in_rank_order(comm, local[i], rank, bytes, static_cast<int>(i), blocks[i]);
  }
  check_mpi(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE), "sending rows to be hashed");
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, digests.data(), static_cast<int>(arrays * sizeof(Sha256Digest)), MPI_BYTE, MPI_BOR, comm),
            "exchanging digests");
  return {combine(local, digests), gather_blocks(comm, whole, blocks)};
}

std::string content_hash(MPI_Comm comm, const std::vector<StoredArray>& local) { return content_digests(comm, local).content_hash; }

}  // namespace xxact::io
