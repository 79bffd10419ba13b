// Host data between ranks, over MPI. Every wait is polled with a deadline, so a lost rank ends the job with the name of
// the operation and of the rank instead of a hang. Buffers in flight beside computation: channel.hpp.
#pragma once

#include <mpi.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pipeline/comm/roll_call.hpp"

namespace xxact::comm {

class Communicator {
 public:
  /// Duplicates `parent`: messages of this object never meet those of others. Collective on parent.
  explicit Communicator(MPI_Comm parent, std::chrono::seconds deadline = std::chrono::seconds(300));
  ~Communicator();
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool root() const { return rank_ == 0; }
  MPI_Comm handle() const { return comm_; }
  /// How long any later wait may take before CommError.
  void set_deadline(std::chrono::seconds deadline) { deadline_ = deadline; }
  std::chrono::seconds deadline() const { return deadline_; }

  /// Collective on comm, all of these. `what` names the operation in error messages.
  void barrier(const char* what) const;
  /// However long the others have something else to do: no deadline, and nothing that blocks in MPI. A rank that is lost ends the job by itself.
  void wait_for_all(const char* what) const;
  void sum(std::span<double> values, const char* what) const;
  void sum(std::span<std::int64_t> values, const char* what) const;
  void max(std::span<double> values, const char* what) const;
  void broadcast(std::span<std::byte> bytes, int from, const char* what) const;
  std::string broadcast(std::string text, int from, const char* what) const;
  /// Concatenation of every rank's values in rank order, on every rank. Any length a rank, also none.
  std::vector<float> all_gather(std::span<const float> values, const char* what) const;
  std::vector<double> all_gather(std::span<const double> values, const char* what) const;
  std::vector<std::int64_t> all_gather(std::span<const std::int64_t> values, const char* what) const;
  /// Every rank's text, in rank order, on rank 0 (empty elsewhere).
  std::vector<std::string> gather(const std::string& text, int to, const char* what) const;
  /// CommError naming the ranks whose value differs from rank 0's.
  void require_equal(std::uint64_t value, const char* what) const;

  /// Polls until `done` says so. When the deadline passes, here or on a rank that asks: CommError with the operation and the
  /// ranks that do not answer, after up to 10 s more. What `done` throws is passed on.
  template <class Done>
  void wait_until(Done done, const char* what) const { wait_until(done, what, deadline_); }
  /// The same for a request.
  void wait(MPI_Request& request, const char* what) const;

 private:
  struct Patience {
    std::chrono::seconds deadline;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now(), look = start;
    int polls = 0;
  };
  template <class Done>
  void wait_until(Done done, const char* what, std::chrono::seconds deadline) const {
    Patience patience{deadline};
    while (!done()) patience_left(patience, what);
  }
  void barrier(const char* what, std::chrono::seconds deadline) const;
  void patience_left(Patience& patience, const char* what) const;

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::chrono::seconds deadline_;
  mutable RollCall roll_call_;
};

/// Rows [first, last) of `total` that rank `rank` of `size` holds when rows are dealt in contiguous, near-equal shares.
struct Share { std::int64_t first, last; std::int64_t count() const { return last - first; } };
Share share_of(std::int64_t total, int rank, int size);

}  // namespace xxact::comm
