// Result tables, the writing half; all ranks together.
#include "io/results_file.hpp"
#include "io/results_table.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {

void write_results(MPI_Comm comm, const std::filesystem::path& path, const ResultRows& rows, const ResultDescription& description, int compress) {
  const auto own = static_cast<std::int64_t>(rows.size());
  std::int64_t first = 0;
  check_mpi(MPI_Exscan(&own, &first, 1, MPI_INT64_T, MPI_SUM, comm), "counting rows before this rank");
  const ResultLayout layout = agree_on_layout(comm, layout_of(rows, description));
  ResultsFile file(comm, path, layout, {}, compress);
  file.write(first, rows, layout.rows);
  file.finish();
}

}  // namespace xxact::io
