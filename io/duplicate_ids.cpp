#include "io/duplicate_ids.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "src/base/mpi.hpp"
#include "src/base/sha256.hpp"

namespace xxact::io {

namespace {

std::uint64_t hash_of(const std::string& id) {
  const Sha256Digest digest = sha256(id);
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

}  // namespace

std::int64_t count_duplicate_ids(MPI_Comm comm, const std::vector<std::string>& ids) {
  int ranks = 1;
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  const auto n = static_cast<std::size_t>(ranks);
  // Equal ids meet on one rank: the one that their hash names.
  std::vector<std::uint64_t> hashes(ids.size());
  std::transform(ids.begin(), ids.end(), hashes.begin(), hash_of);
  std::sort(hashes.begin(), hashes.end(), [n](std::uint64_t a, std::uint64_t b) { return a % n < b % n; });
  std::vector<int> send(n, 0), receive(n, 0), send_at(n, 0), receive_at(n, 0);
  for (const std::uint64_t hash : hashes) ++send[hash % n];
  check_mpi(MPI_Alltoall(send.data(), 1, MPI_INT, receive.data(), 1, MPI_INT, comm), "exchanging counts of ids");
  std::partial_sum(send.begin(), send.end() - 1, send_at.begin() + 1);
  std::partial_sum(receive.begin(), receive.end() - 1, receive_at.begin() + 1);
  std::vector<std::uint64_t> here(static_cast<std::size_t>(receive_at.back()) + static_cast<std::size_t>(receive.back()));
  check_mpi(MPI_Alltoallv(hashes.data(), send.data(), send_at.data(), MPI_UINT64_T, here.data(), receive.data(), receive_at.data(), MPI_UINT64_T, comm), "exchanging ids");
  std::sort(here.begin(), here.end());
  std::int64_t duplicates = std::distance(std::unique(here.begin(), here.end()), here.end());
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &duplicates, 1, MPI_INT64_T, MPI_SUM, comm), "counting duplicate ids");
  return duplicates;
}

}  // namespace xxact::io
