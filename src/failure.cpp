#include "src/failure.hpp"

#include <chrono>
#include <cstdio>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "src/base/error.hpp"

namespace xxact {
namespace {

using Clock = std::chrono::steady_clock;
// Long enough for ranks that fail alike to meet, short enough that nobody waits for one that does not come.
constexpr auto kMeetingTime = std::chrono::milliseconds(1500);

struct Diagnosis {
  int code = static_cast<int>(ExitCode::failure);
  std::string message;
};

Diagnosis diagnose(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return {static_cast<int>(error.code()), error.what()};
  } catch (const std::bad_alloc&) {
    return {static_cast<int>(ExitCode::failure), "out of memory"};
  } catch (const std::exception& error) {
    // What LibTorch throws has the whole stack behind its message.
    const std::string text = error.what();
    const auto stack = text.find("\nException raised from ");
    if (stack != std::string::npos) log::debug("{}", text.substr(stack + 1));
    return {static_cast<int>(ExitCode::failure), text.substr(0, stack)};
  } catch (...) {
    return {static_cast<int>(ExitCode::failure), "unknown exception"};
  }
}

bool all_ranks_failed(const Runtime& runtime) {
  if (runtime.ranks() == 1) return true;
  MPI_Request request = MPI_REQUEST_NULL;
  if (MPI_Ibarrier(runtime.world(), &request) != MPI_SUCCESS) return false;
  for (const auto deadline = Clock::now() + kMeetingTime; Clock::now() < deadline;) {
    int done = 0;
    if (MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
    if (done != 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// Collective: every rank is here. Rank 0 gets the distinct messages of all ranks.
std::set<std::string> gather_messages(const std::string& own, const Runtime& runtime) {
  int length = static_cast<int>(own.size());
  std::vector<int> lengths(static_cast<std::size_t>(runtime.ranks())), starts(lengths.size());
  MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, runtime.world());
  int total = 0;
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    starts[r] = total;
    total += lengths[r];
  }
  std::string all(static_cast<std::size_t>(runtime.root() ? total : 0), '\0');
  MPI_Gatherv(own.data(), length, MPI_CHAR, all.data(), lengths.data(), starts.data(), MPI_CHAR, 0, runtime.world());
  std::set<std::string> messages;
  if (runtime.root())
    for (std::size_t r = 0; r < lengths.size(); ++r)
      messages.insert(all.substr(static_cast<std::size_t>(starts[r]), static_cast<std::size_t>(lengths[r])));
  return messages;
}

// Set once in main; the terminate handler has no other way to find the job.
Runtime* terminating_runtime = nullptr;

}  // namespace

int report_failure(std::exception_ptr failure, Runtime& runtime) noexcept {
  try {
    const Diagnosis diagnosis = diagnose(failure);
    if (!all_ranks_failed(runtime)) {
      std::fprintf(stderr, "xxact: rank %d on %s: %s\n", runtime.rank(), runtime.host().c_str(), diagnosis.message.c_str());
      std::fflush(stderr);
      runtime.abort(diagnosis.code);
    }
    for (const auto& message : gather_messages(diagnosis.message, runtime)) std::fprintf(stderr, "xxact: %s\n", message.c_str());
    return diagnosis.code;
  } catch (...) {
    runtime.abort(static_cast<int>(ExitCode::failure));
  }
}

void end_all_ranks_on_terminate(Runtime& runtime) {
  terminating_runtime = &runtime;
  std::set_terminate([] {
    const auto failure = std::current_exception();
    const std::string message = failure ? diagnose(failure).message : "terminated";
    std::fprintf(stderr, "xxact: rank %d: %s\n", terminating_runtime->rank(), message.c_str());
    terminating_runtime->abort(static_cast<int>(ExitCode::failure));
  });
}

}  // namespace xxact
