#include "pipeline/comm/communicator.hpp"

#include <sched.h>

#include <numeric>
#include <thread>
#include <type_traits>
#include <utility>

#include "src/base/mpi.hpp"

namespace xxact::comm {
namespace {

using Clock = std::chrono::steady_clock;
// Poll hard for this many rounds (latency), then give the core to whoever can use it (ranks may share cores).
constexpr int kHotPolls = 64;
// Between looks for ranks that ask who is there.
constexpr auto kRollCallInterval = std::chrono::milliseconds(100);

template <class T>
MPI_Datatype type_of() {
  if constexpr (std::is_same_v<T, float>) return MPI_FLOAT;
  if constexpr (std::is_same_v<T, double>) return MPI_DOUBLE;
  if constexpr (std::is_same_v<T, std::int64_t>) return MPI_INT64_T;
}

template <class T>
void reduce_in_place(const Communicator& comm, std::span<T> values, MPI_Op operation, const char* what) {
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Iallreduce(MPI_IN_PLACE, values.data(), mpi_count(std::ssize(values), what), type_of<T>(), operation, comm.handle(), &request), what);
  comm.wait(request, what);
}

/// Counts of all ranks and where each rank's part starts.
struct Layout {
  std::vector<int> counts, starts;
  std::int64_t total = 0;
};

Layout exchange_counts(const Communicator& comm, std::int64_t own, const char* what) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(comm.size()));
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Iallgather(&own, 1, MPI_INT64_T, counts.data(), 1, MPI_INT64_T, comm.handle(), &request), what);
  comm.wait(request, what);
  Layout layout;
  for (const auto count : counts) {
    layout.starts.push_back(mpi_count(layout.total, what));
    layout.counts.push_back(mpi_count(count, what));
    layout.total += count;
  }
  return layout;
}

template <class T>
std::vector<T> gather_everywhere(const Communicator& comm, std::span<const T> values, const char* what) {
  const Layout layout = exchange_counts(comm, std::ssize(values), what);
  std::vector<T> all(static_cast<std::size_t>(layout.total));
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Iallgatherv(values.data(), mpi_count(std::ssize(values), what), type_of<T>(), all.data(), layout.counts.data(),
                            layout.starts.data(), type_of<T>(), comm.handle(), &request), what);
  comm.wait(request, what);
  return all;
}

bool is_done(MPI_Request& request, const char* what) {
  int done = 0;
  check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), what);
  return done != 0;
}

}  // namespace

Communicator::Communicator(MPI_Comm parent, std::chrono::seconds deadline) : deadline_(deadline), roll_call_(parent) {
  check_mpi(MPI_Comm_dup(parent, &comm_), "duplicating a communicator");
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)), rank_(other.rank_), size_(other.size_), deadline_(other.deadline_), roll_call_(std::move(other.roll_call_)) {}

// A duplicate that nobody frees is given back by MPI_Finalize; freeing is collective, and destructors never communicate.
Communicator::~Communicator() = default;

void Communicator::wait(MPI_Request& request, const char* what) const {
  wait_until([&] { return is_done(request, what); }, what);
}

void Communicator::patience_left(Patience& patience, const char* what) const {
  if (patience.polls++ < kHotPolls) return;
  sched_yield();
  const auto now = Clock::now();
  if (now < patience.look + kRollCallInterval) return;
  patience.look = now;
  if (roll_call_.answer(what) || now > patience.start + patience.deadline)
    throw CommError("rank {} of {} waited {} s for the others in '{}': {}", rank_, size_, std::chrono::duration_cast<std::chrono::seconds>(now - patience.start).count(), what, roll_call_.call(what));
}

void Communicator::barrier(const char* what) const { barrier(what, deadline_); }

void Communicator::wait_for_all(const char* what) const {
  constexpr std::chrono::hours kForever(24 * 365);
  barrier(what, kForever);
}

void Communicator::barrier(const char* what, std::chrono::seconds deadline) const {
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(comm_, &request), what);
  wait_until([&] { return is_done(request, what); }, what, deadline);
}

void Communicator::sum(std::span<double> values, const char* what) const { reduce_in_place(*this, values, MPI_SUM, what); }
void Communicator::sum(std::span<std::int64_t> values, const char* what) const { reduce_in_place(*this, values, MPI_SUM, what); }
void Communicator::max(std::span<double> values, const char* what) const { reduce_in_place(*this, values, MPI_MAX, what); }

void Communicator::broadcast(std::span<std::byte> bytes, int from, const char* what) const {
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibcast(bytes.data(), mpi_count(std::ssize(bytes), what), MPI_BYTE, from, comm_, &request), what);
  wait(request, what);
}

std::string Communicator::broadcast(std::string text, int from, const char* what) const {
  auto length = static_cast<std::int64_t>(text.size());
  broadcast(std::as_writable_bytes(std::span(&length, 1)), from, what);
  text.resize(static_cast<std::size_t>(length));
  broadcast(std::as_writable_bytes(std::span(text)), from, what);
  return text;
}

std::vector<float> Communicator::all_gather(std::span<const float> values, const char* what) const { return gather_everywhere(*this, values, what); }
std::vector<double> Communicator::all_gather(std::span<const double> values, const char* what) const { return gather_everywhere(*this, values, what); }
std::vector<std::int64_t> Communicator::all_gather(std::span<const std::int64_t> values, const char* what) const {
  return gather_everywhere(*this, values, what);
}

std::vector<std::string> Communicator::gather(const std::string& text, int to, const char* what) const {
  const Layout layout = exchange_counts(*this, std::ssize(text), what);
  std::string all(rank_ == to ? static_cast<std::size_t>(layout.total) : 0, '\0');
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Igatherv(text.data(), mpi_count(std::ssize(text), what), MPI_CHAR, all.data(), layout.counts.data(), layout.starts.data(),
                         MPI_CHAR, to, comm_, &request), what);
  wait(request, what);
  std::vector<std::string> texts;
  if (rank_ == to)
    for (std::size_t r = 0; r < layout.counts.size(); ++r)
      texts.push_back(all.substr(static_cast<std::size_t>(layout.starts[r]), static_cast<std::size_t>(layout.counts[r])));
  return texts;
}

void Communicator::require_equal(std::uint64_t value, const char* what) const {
  const std::int64_t own = static_cast<std::int64_t>(value);
  const auto all = all_gather(std::span(&own, 1), what);
  std::string different;
  for (std::size_t r = 1; r < all.size(); ++r)
    if (all[r] != all[0]) different += (different.empty() ? "" : ", ") + std::to_string(r);
  if (!different.empty()) throw CommError("ranks disagree about {}: rank {} differ from rank 0", what, different);
}

Share share_of(std::int64_t total, int rank, int size) {
  return {total * rank / size, total * (rank + 1) / size};
}

}  // namespace xxact::comm
