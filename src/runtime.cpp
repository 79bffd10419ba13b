#include "src/runtime.hpp"

#include <hdf5.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact {
namespace {

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &set)) cores.push_back(core);
  return cores;
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
  MPI_Comm_free(&node);
  // A launcher that binds gives each rank its own cores; without binding all ranks of the host see the same ones.
  cores_ = allowed_cores();
  const int cores = std::max(1, static_cast<int>(cores_.size()));
  const bool shared = cores >= ranks_on_host_ && cores > 1;
  cores_per_rank_ = shared && cores == static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) ? std::max(1, cores / ranks_on_host_) : cores;
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
