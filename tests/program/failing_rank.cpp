// One rank throws while the others wait for it in a barrier: the job must end with that rank's message and exit code.
// usage: failing_rank one|all
#include <string>

#include "src/base/error.hpp"
#include "src/base/mpi.hpp"
#include "src/failure.hpp"
#include "src/runtime.hpp"

int main(int argc, char** argv) {
  xxact::Runtime runtime(argc, argv);
  xxact::end_all_ranks_on_terminate(runtime);
  const bool all = argc > 1 && std::string(argv[1]) == "all";
  try {
    if (all || runtime.rank() == runtime.ranks() - 1) throw xxact::InputError("record 17 of a.csv is broken");
    xxact::check_mpi(MPI_Barrier(runtime.world()), "waiting for everybody");
  } catch (...) {
    return xxact::report_failure(std::current_exception(), runtime);
  }
}
