#include "io/collective_step.hpp"

#include <climits>
#include <string>

#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

enum class Kind : int { input, comm, config, io };

struct Report {
  Kind kind = Kind::io;
  std::string text;
};

Report describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const InputError& error) {
    return {Kind::input, error.what()};
  } catch (const CommError& error) {
    return {Kind::comm, error.what()};
  } catch (const ConfigError& error) {
    return {Kind::config, error.what()};
  } catch (const std::bad_alloc&) {
    return {Kind::io, "out of memory"};
  } catch (const std::exception& error) {
    return {Kind::io, error.what()};
  } catch (...) {
    return {Kind::io, "unknown failure"};
  }
}

}  // namespace

void agree(MPI_Comm comm, const std::exception_ptr& failure) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  int failed = failure ? rank : INT_MAX;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MIN, comm), "agreeing that a step was done");
  if (failed == INT_MAX) return;
  int ranks = 1;
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  if (ranks == 1) std::rethrow_exception(failure);
  Report report;
  if (failed == rank) report = describe(failure);
  int header[2] = {static_cast<int>(report.kind), static_cast<int>(report.text.size())};
  check_mpi(MPI_Bcast(header, 2, MPI_INT, failed, comm), "passing on an error");
  report.text.resize(static_cast<std::size_t>(header[1]));
  check_mpi(MPI_Bcast(report.text.data(), header[1], MPI_CHAR, failed, comm), "passing on an error");
  // The same words on every rank, so that the program can say them once.
  switch (static_cast<Kind>(header[0])) {
    case Kind::input: throw InputError("rank {}: {}", failed, report.text);
    case Kind::comm: throw CommError("rank {}: {}", failed, report.text);
    case Kind::config: throw ConfigError("rank {}: {}", failed, report.text);
    case Kind::io: break;
  }
  throw IoError("rank {}: {}", failed, report.text);
}

}  // namespace xxact::io
