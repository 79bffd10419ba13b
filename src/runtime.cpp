#include "src/runtime.hpp"

#include <hdf5.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact {
namespace {

/// The cores that this process may run on; none where the system does not say.
cpu_set_t allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) CPU_ZERO(&set);
  return set;
}

std::vector<int> numbers_of(const cpu_set_t& set) {
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &set)) cores.push_back(core);
  return cores;
}

/// How many ranks of the host have this set: 1 where a launcher has bound each to cores of its own.
int sharing_ranks(const cpu_set_t& own, MPI_Comm host, int ranks) {
  std::vector<cpu_set_t> sets(static_cast<std::size_t>(ranks));
  check_mpi(MPI_Allgather(&own, sizeof own, MPI_BYTE, sets.data(), sizeof own, MPI_BYTE, host), "learning which cores ranks share");
  return static_cast<int>(std::ranges::count_if(sets, [&](const cpu_set_t& set) { return CPU_EQUAL(&set, &own) != 0; }));
}

}  // namespace

Runtime::Runtime(int& argc, char**& argv) {
  int provided = MPI_THREAD_SINGLE;
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided) != MPI_SUCCESS) throw CommError("MPI_Init_thread failed");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  char name[MPI_MAX_PROCESSOR_NAME] = {};
  int length = 0;
  MPI_Get_processor_name(name, &length);
  host_.assign(name, static_cast<std::size_t>(length));
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  watch_->set_name(rank_, host_);
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &world_), "duplicating MPI_COMM_WORLD");
  MPI_Comm_set_errhandler(world_, MPI_ERRORS_RETURN);
  MPI_Comm_size(world_, &ranks_);
  if (provided < MPI_THREAD_SERIALIZED)
    throw CommError("MPI gives thread level {}, this program needs MPI_THREAD_SERIALIZED ({}): use an MPI built with threads",
                    provided, MPI_THREAD_SERIALIZED);
  MPI_Comm node = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(world_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node), "finding the ranks of this host");
  MPI_Comm_size(node, &ranks_on_host_);
  MPI_Comm_rank(node, &rank_on_host_);
  const auto allowed = allowed_cores();
  cores_ = numbers_of(allowed);
  cores_per_rank_ = std::max(1, static_cast<int>(cores_.size()) / sharing_ranks(allowed, node, ranks_on_host_));
  MPI_Comm_free(&node);
  log::configure(rank_, ranks_, host_, log::Level::info);
}

Runtime::~Runtime() {
  H5close();
  MPI_Comm_free(&world_);
  MPI_Finalize();
  if (rank_ != 0) return;
  for (const auto& job : deferred_) {
    try {
      job.work(job.arguments);
    } catch (const std::exception& error) {
      log::warn("{}", error.what());
    }
  }
}

void Runtime::after_finalize(void (*work)(const std::vector<std::string>&), std::vector<std::string> arguments) {
  deferred_.push_back({work, std::move(arguments)});
}

void Runtime::set_log_level(log::Level level) { log::configure(rank_, ranks_, host_, level); }

void Runtime::abort(int code) noexcept {
  MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

}  // namespace xxact
