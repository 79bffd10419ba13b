// This process among the ranks of a test, and a folder that all of them see.
#pragma once

#include <mpi.h>

#include <filesystem>
#include <string>

#include "tests/scratch.hpp"

namespace xxact::io {

struct World {
  int rank = 0, ranks = 1;
  World() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  }
};

/// The folder of this name in the test's scratch folder, made empty by rank 0. Collective on the world.
inline std::filesystem::path shared_folder(const std::string& name) {
  const auto folder = scratch(name);
  if (World().rank == 0) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return folder;
}

}  // namespace xxact::io
