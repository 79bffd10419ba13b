#include "io/dataset_shared.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include "io/collective_step.hpp"
#include "io/dataset_reader.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

using Name = std::array<char, 64>;

/// The ranks of this host.
class HostRanks {
 public:
  explicit HostRanks(MPI_Comm comm) {
    check_mpi(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comm_), "finding the ranks of this host");
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &ranks_);
  }
  ~HostRanks() { MPI_Comm_free(&comm_); }
  HostRanks(const HostRanks&) = delete;
  HostRanks& operator=(const HostRanks&) = delete;

  MPI_Comm comm() const { return comm_; }
  bool reads() const { return rank_ == 0; }
  int ranks() const { return ranks_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, ranks_ = 1;
};

/// A descriptor of shared memory; closed when done, which a mapping survives.
class Segment {
 public:
  explicit Segment(int descriptor) : descriptor_(descriptor) {}
  ~Segment() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Creates a segment of `bytes` that really are there; an empty name when the host does not grant them.
Name create_segment(std::size_t bytes) {
  std::random_device random;
  const auto text = fmt::format("/xxact-{}-{:08x}{:08x}", ::getpid(), random(), random());
  const Segment segment(::shm_open(text.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
  if (segment.get() < 0) return {};
  // Without this, memory that is missing would end the process by SIGBUS when it is first touched.
  if (::posix_fallocate(segment.get(), 0, static_cast<off_t>(bytes)) != 0) {
    ::shm_unlink(text.c_str());
    return {};
  }
  Name name{};
  text.copy(name.data(), name.size() - 1);
  return name;
}

std::shared_ptr<std::byte> map_segment(const Name& name, std::size_t bytes, bool writable) {
  const Segment segment(::shm_open(name.data(), writable ? O_RDWR : O_RDONLY, 0));
  void* data = segment.get() < 0 ? MAP_FAILED : ::mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, segment.get(), 0);
  if (data == MAP_FAILED) throw IoError("cannot map {} bytes of memory shared among the ranks of this host: {}", bytes, std::strerror(errno));
  return {static_cast<std::byte*>(data), [bytes](std::byte* memory) { ::munmap(memory, bytes); }};
}

/// Collective on the host. Memory that all ranks of the host see, or null on all of them.
std::shared_ptr<std::byte> share_memory(const HostRanks& host, std::size_t bytes) {
  Name name{};
  if (host.reads()) name = create_segment(bytes);
  check_mpi(MPI_Bcast(name.data(), static_cast<int>(name.size()), MPI_CHAR, 0, host.comm()), "passing on the name of shared memory");
  if (name[0] == '\0') return nullptr;
  std::shared_ptr<std::byte> memory;
  std::exception_ptr failure;
  try {
    memory = map_segment(name, bytes, host.reads());
  } catch (...) {
    failure = std::current_exception();
  }
  check_mpi(MPI_Barrier(host.comm()), "waiting until shared memory is mapped");
  if (host.reads()) ::shm_unlink(name.data());
  agree(host.comm(), failure);
  return memory;
}

}  // namespace

Dataset read_dataset_shared(MPI_Comm comm, const std::filesystem::path& path, HashCheck check) {
  std::unique_ptr<DatasetReader> reader;
  collectively(comm, [&] { reader = std::make_unique<DatasetReader>(path); });
  const HostRanks host(comm);
  std::shared_ptr<std::byte> memory;
  std::exception_ptr failure;
  try {
    if (host.ranks() > 1) memory = share_memory(host, std::max<std::size_t>(reader->bytes(), 1));
  } catch (...) {
    failure = std::current_exception();
  }
  agree(comm, failure);
  if (!memory) {
    if (host.ranks() > 1 && host.reads()) log::warn("this host grants no {:.1f} MiB of shared memory; each rank reads {} for itself", static_cast<double>(reader->bytes()) / 0x1p20, path.string());
    Dataset own;
    collectively(comm, [&] { own = read_dataset(path, check); });
    return own;
  }
  collectively(comm, [&] {
    if (host.reads()) reader->fill(memory.get(), check);
  });
  return reader->over(memory);
}

}  // namespace xxact::io
