#include "io/byte_exchange.hpp"

#include <algorithm>
#include <cstdint>

#include "src/base/mpi.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kMessageBytes = std::size_t{1} << 30;
constexpr int kTag = 71;

template <class Transfer>
void in_messages(std::size_t bytes, Transfer transfer) {
  for (std::size_t at = 0; at < bytes; at += kMessageBytes) transfer(at, static_cast<int>(std::min(kMessageBytes, bytes - at)));
}

}  // namespace

void broadcast_bytes(MPI_Comm comm, std::string& bytes) {
  std::uint64_t size = bytes.size();
  check_mpi(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, comm), "broadcasting a length");
  bytes.resize(size);
  in_messages(bytes.size(), [&](std::size_t at, int count) { check_mpi(MPI_Bcast(bytes.data() + at, count, MPI_BYTE, 0, comm), "broadcasting bytes"); });
}

std::vector<std::string> gather_bytes(MPI_Comm comm, const std::string& bytes) {
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  const std::uint64_t size = bytes.size();
  std::vector<std::uint64_t> sizes(rank == 0 ? static_cast<std::size_t>(ranks) : 0);
  check_mpi(MPI_Gather(&size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, 0, comm), "gathering lengths");
  if (rank != 0) {
    in_messages(bytes.size(), [&](std::size_t at, int count) { check_mpi(MPI_Send(bytes.data() + at, count, MPI_BYTE, 0, kTag, comm), "sending bytes to rank 0"); });
    return {};
  }
  std::vector<std::string> gathered(sizes.size());
  gathered[0] = bytes;
  for (std::size_t from = 1; from < gathered.size(); ++from) {
    gathered[from].resize(sizes[from]);
    in_messages(sizes[from], [&](std::size_t at, int count) {
      check_mpi(MPI_Recv(gathered[from].data() + at, count, MPI_BYTE, static_cast<int>(from), kTag, comm, MPI_STATUS_IGNORE), "receiving bytes");
    });
  }
  return gathered;
}

}  // namespace xxact::io
