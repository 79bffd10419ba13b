#include "src/blocking_calls.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "src/base/error.hpp"

namespace xxact {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kInterval = std::chrono::milliseconds(250);
// Rank 0 speaks first, so that a large job does not end with a message from each rank.
constexpr auto kRootsLead = std::chrono::seconds(2);

std::int64_t now() { return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count(); }

/// A call under way. MPI's C functions have nothing to hold on to, so these are the one thing here that is global: plain numbers.
struct Slot {
  std::atomic<const char*> call{nullptr};
  std::atomic<std::int64_t> since{0};
};
std::array<Slot, 32> slots;  // threads that may be in MPI at once; calls of more are not watched

class InCall {
 public:
  explicit InCall(const char* name) {
    for (auto& slot : slots) {
      const char* expected = nullptr;
      if (!slot.call.compare_exchange_strong(expected, name)) continue;
      slot.since = now();
      slot_ = &slot;
      return;
    }
  }
  ~InCall() {
    if (slot_ == nullptr) return;
    slot_->since = 0;
    slot_->call = nullptr;
  }
  InCall(const InCall&) = delete;
  InCall& operator=(const InCall&) = delete;

 private:
  Slot* slot_ = nullptr;
};

}  // namespace

BlockingCallWatch::BlockingCallWatch() : thread_([this] { look_now_and_then(); }) {}

BlockingCallWatch::~BlockingCallWatch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BlockingCallWatch::set_name(int rank, const std::string& host) {
  const std::lock_guard lock(mutex_);
  root_ = rank == 0;
  who_ = fmt::format("rank {} on {}: ", rank, host);
}

void BlockingCallWatch::look_now_and_then() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kInterval, [this] { return over_; })) {
    const auto limit = limit_.load();
    if (limit.count() == 0) continue;
    const auto most = limit + (root_ ? std::chrono::seconds(0) : kRootsLead);
    for (auto& slot : slots) {
      const auto since = slot.since.load();
      const char* call = slot.call;
      if (since == 0 || call == nullptr || now() - since < std::chrono::nanoseconds(most).count()) continue;
      std::fprintf(stderr, "xxact: %swaited %lld s for the others in %s: a rank is lost or stalled\n", who_.c_str(), static_cast<long long>(most.count()), call);
      std::fflush(stderr);
      int up = 0, down = 0;
      MPI_Initialized(&up);
      MPI_Finalized(&down);
      if (up != 0 && down == 0) MPI_Abort(MPI_COMM_WORLD, static_cast<int>(ExitCode::failure));
      std::_Exit(static_cast<int>(ExitCode::failure));
    }
  }
}

}  // namespace xxact

// The profiling interface: MPI_X is this one, PMPI_X the library's.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define XXACT_WATCH(name, parameters, arguments) \
  int name parameters {                          \
    const xxact::InCall in_call(#name);          \
    return P##name arguments;                    \
  }
// NOLINTEND(bugprone-macro-parentheses)

extern "C" {
XXACT_WATCH(MPI_Init_thread, (int* argc, char*** argv, int required, int* provided), (argc, argv, required, provided))
XXACT_WATCH(MPI_Finalize, (), ())
XXACT_WATCH(MPI_Comm_dup, (MPI_Comm comm, MPI_Comm* made), (comm, made))
XXACT_WATCH(MPI_Comm_split, (MPI_Comm comm, int colour, int key, MPI_Comm* made), (comm, colour, key, made))
XXACT_WATCH(MPI_Comm_split_type, (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm* made), (comm, type, key, info, made))
XXACT_WATCH(MPI_Comm_free, (MPI_Comm* comm), (comm))
XXACT_WATCH(MPI_Barrier, (MPI_Comm comm), (comm))
XXACT_WATCH(MPI_Bcast, (void* data, int count, MPI_Datatype type, int root, MPI_Comm comm), (data, count, type, root, comm))
XXACT_WATCH(MPI_Reduce, (const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm), (in, out, count, type, op, root, comm))
XXACT_WATCH(MPI_Allreduce, (const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm), (in, out, count, type, op, comm))
XXACT_WATCH(MPI_Scan, (const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm), (in, out, count, type, op, comm))
XXACT_WATCH(MPI_Exscan, (const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm), (in, out, count, type, op, comm))
XXACT_WATCH(MPI_Gather, (const void* in, int n, MPI_Datatype type, void* out, int m, MPI_Datatype to, int root, MPI_Comm comm), (in, n, type, out, m, to, root, comm))
XXACT_WATCH(MPI_Gatherv, (const void* in, int n, MPI_Datatype type, void* out, const int* m, const int* at, MPI_Datatype to, int root, MPI_Comm comm), (in, n, type, out, m, at, to, root, comm))
XXACT_WATCH(MPI_Scatterv, (const void* in, const int* n, const int* at, MPI_Datatype type, void* out, int m, MPI_Datatype to, int root, MPI_Comm comm), (in, n, at, type, out, m, to, root, comm))
XXACT_WATCH(MPI_Allgather, (const void* in, int n, MPI_Datatype type, void* out, int m, MPI_Datatype to, MPI_Comm comm), (in, n, type, out, m, to, comm))
XXACT_WATCH(MPI_Allgatherv, (const void* in, int n, MPI_Datatype type, void* out, const int* m, const int* at, MPI_Datatype to, MPI_Comm comm), (in, n, type, out, m, at, to, comm))
XXACT_WATCH(MPI_Alltoall, (const void* in, int n, MPI_Datatype type, void* out, int m, MPI_Datatype to, MPI_Comm comm), (in, n, type, out, m, to, comm))
XXACT_WATCH(MPI_Alltoallv, (const void* in, const int* n, const int* at, MPI_Datatype type, void* out, const int* m, const int* into, MPI_Datatype to, MPI_Comm comm), (in, n, at, type, out, m, into, to, comm))
XXACT_WATCH(MPI_Send, (const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm), (data, count, type, to, tag, comm))
XXACT_WATCH(MPI_Ssend, (const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm), (data, count, type, to, tag, comm))
XXACT_WATCH(MPI_Recv, (void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status* status), (data, count, type, from, tag, comm, status))
XXACT_WATCH(MPI_Wait, (MPI_Request* request, MPI_Status* status), (request, status))
XXACT_WATCH(MPI_Waitall, (int count, MPI_Request* requests, MPI_Status* statuses), (count, requests, statuses))
XXACT_WATCH(MPI_Win_allocate_shared, (MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void* base, MPI_Win* window), (bytes, unit, info, comm, base, window))
XXACT_WATCH(MPI_Win_fence, (int assertion, MPI_Win window), (assertion, window))
XXACT_WATCH(MPI_Win_free, (MPI_Win* window), (window))
XXACT_WATCH(MPI_File_open, (MPI_Comm comm, const char* name, int mode, MPI_Info info, MPI_File* file), (comm, name, mode, info, file))
XXACT_WATCH(MPI_File_close, (MPI_File* file), (file))
XXACT_WATCH(MPI_File_set_size, (MPI_File file, MPI_Offset bytes), (file, bytes))
XXACT_WATCH(MPI_File_set_view, (MPI_File file, MPI_Offset at, MPI_Datatype etype, MPI_Datatype filetype, const char* rep, MPI_Info info), (file, at, etype, filetype, rep, info))
XXACT_WATCH(MPI_File_sync, (MPI_File file), (file))
XXACT_WATCH(MPI_File_read_at_all, (MPI_File file, MPI_Offset at, void* data, int count, MPI_Datatype type, MPI_Status* status), (file, at, data, count, type, status))
XXACT_WATCH(MPI_File_write_at_all, (MPI_File file, MPI_Offset at, const void* data, int count, MPI_Datatype type, MPI_Status* status), (file, at, data, count, type, status))
}
