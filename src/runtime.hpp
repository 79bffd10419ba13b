// Brackets MPI and HDF5: made first in main, everything else lives inside it, gone last. Not here: the model's device
// (pipeline/device.hpp), which commands without a model never touch.
#pragma once

#include <mpi.h>

#include <memory>
#include <string>
#include <vector>

#include "src/base/log.hpp"
#include "src/blocking_calls.hpp"

namespace xxact {

class Runtime {
 public:
  /// Initialises MPI with MPI_THREAD_SERIALIZED or higher and refuses to start below it. Collective.
  Runtime(int& argc, char**& argv);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  bool root() const { return rank_ == 0; }
  /// A duplicate of MPI_COMM_WORLD: components never use the world itself.
  MPI_Comm world() const { return world_; }
  const std::string& host() const { return host_; }
  /// Ranks on this host, and cores that this rank may use without stealing from the others.
  int ranks_on_host() const { return ranks_on_host_; }
  int rank_on_host() const { return rank_on_host_; }
  int cores_per_rank() const { return cores_per_rank_; }
  /// Cores that this process may run on, ascending.
  const std::vector<int>& cores() const { return cores_; }

  /// Work that forks (gnuplot) runs after MPI_Finalize, on rank 0 only; a failure there is a warning.
  void after_finalize(void (*work)(const std::vector<std::string>&), std::vector<std::string> arguments);
  void set_log_level(log::Level level);
  /// How long calls may block; commands set it.
  BlockingCallWatch& watch() const { return *watch_; }

  /// Ends every rank at once with this exit code. Never returns.
  [[noreturn]] void abort(int code) noexcept;

 private:
  struct Deferred {
    void (*work)(const std::vector<std::string>&);
    std::vector<std::string> arguments;
  };
  std::unique_ptr<BlockingCallWatch> watch_ = std::make_unique<BlockingCallWatch>();  // from before MPI_Init until after MPI_Finalize
  MPI_Comm world_ = MPI_COMM_NULL;
  int rank_ = 0, ranks_ = 1, ranks_on_host_ = 1, rank_on_host_ = 0, cores_per_rank_ = 1;
  std::vector<int> cores_;
  std::string host_;
  std::vector<Deferred> deferred_;
};

}  // namespace xxact
