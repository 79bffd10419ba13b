#include "io/dataset_shared.hpp"

#include "io/collective_step.hpp"
#include "io/dataset_reader.hpp"
#include "io/dataset_schema.hpp"
#include "io/hdf5.hpp"
#include "io/host_memory.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

/// Collective on comm. Reads all bytes and verifies their checksums.
void fill(MPI_Comm comm, const DatasetPlan& plan, const HostMemory& memory, HashCheck check) {
  std::vector<std::uint64_t> damaged;
  collectively(comm, [&] { damaged = read_pieces(plan, memory.share, memory.data.get()); });
  collectively(comm, [&] {
    const auto indirect = verify_indirect(plan, memory.share, memory.data.get());
    damaged.insert(damaged.end(), indirect.begin(), indirect.end());
  });
  refuse_damage(comm, plan, damaged, check == HashCheck::verify);
}

/// Collective on comm. Each array is hashed whole by one rank of the host.
void check_content_hash(MPI_Comm comm, MPI_Comm host, const DatasetPlan& plan, const DatasetArrays& arrays, const Share& share) {
  std::vector<Sha256Digest> digests;
  for (const auto& array : stored_arrays(arrays, plan.id_width, plan.description->labels)) {
    const bool mine = std::ssize(digests) % share.count == share.index;
    digests.push_back(mine ? digest_of(array) : Sha256Digest{});
  }
  if (share.count > 1)
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, digests.data(), static_cast<int>(digests.size() * sizeof(Sha256Digest)), MPI_BYTE, MPI_BOR, host), "exchanging digests");
  collectively(comm, [&] { require_content_hash(plan, digests); });
}

}  // namespace

Dataset read_dataset_shared(MPI_Comm comm, const std::filesystem::path& path, HashCheck check) {
  auto plan = plan_dataset(comm, path);
  const HostRanks host(comm);
  HostMemory memory;
  collectively(comm, [&] { memory = allocate_on_host(host, plan.bytes); });
  fill(comm, plan, memory, check);
  collectively(comm, [&] { memory.protect(); });
  const auto arrays = arrays_over(plan, memory.data.get());
  check_dataset_arrays(comm, memory.share, arrays, plan.id_width, *plan.description, path);
  if (check == HashCheck::verify) check_content_hash(comm, host.comm(), plan, arrays, memory.share);
  return DatasetBuilder::build(std::move(plan), std::move(memory.data));
}

Dataset read_dataset(const std::filesystem::path& path, HashCheck check) { return read_dataset_shared(MPI_COMM_SELF, path, check); }

bool is_dataset_file(const std::filesystem::path& path) { return hdf5::has_format(path, kDatasetFormat); }

}  // namespace xxact::io
