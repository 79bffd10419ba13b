// One rank throws while the others wait for it in a barrier: the job must end with that rank's message and exit code.
// Or it stands still: then the others end the job when they have waited for two seconds.
// usage: failing_rank one|all|stalled
#include <string>
#include <thread>

#include "src/base/error.hpp"
#include "src/base/mpi.hpp"
#include "src/failure.hpp"
#include "src/runtime.hpp"

int main(int argc, char** argv) {
  xxact::Runtime runtime(argc, argv);
  xxact::end_all_ranks_on_terminate(runtime);
  const std::string mode = argc > 1 ? argv[1] : "one";
  runtime.watch().set_limit(std::chrono::seconds(2));
  try {
    if (mode == "stalled" && runtime.rank() == runtime.ranks() - 1) std::this_thread::sleep_for(std::chrono::minutes(2));
    else if (mode == "all" || runtime.rank() == runtime.ranks() - 1) throw xxact::InputError("record 17 of a.csv is broken");
    xxact::check_mpi(MPI_Barrier(runtime.world()), "waiting for everybody");
  } catch (...) {
    return xxact::report_failure(std::current_exception(), runtime);
  }
}
