// Finds out which rank does not answer. Whoever waits in a Communicator also answers; a rank that is lost, stopped or busy with
// something else does not. Messages travel on a communicator of their own.
#pragma once

#include <mpi.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>

namespace xxact::comm {

class RollCall {
 public:
  /// Collective on parent.
  explicit RollCall(MPI_Comm parent);
  RollCall(RollCall&& other) noexcept = default;

  /// Tells every rank that has asked that this one waits in `what`. True when rank 0 was asked to call the roll.
  bool answer(const char* what);
  /// For a rank that has waited in `what` for too long. Rank 0 asks all ranks; every other rank asks rank 0, and when that answers gives it time to
  /// find the missing rank and to end the job. Returns within about 10 s what is known, as a sentence. The job must end after it.
  std::string call(const char* what);

 private:
  using Text = std::array<char, 64>;
  void send(int to, int tag, const char* what);

  MPI_Comm comm_ = MPI_COMM_NULL;  // given back by MPI_Finalize: freeing is collective, and destructors never communicate
  int rank_ = 0, size_ = 1;
  struct Sent {
    Text text{};
    MPI_Request request = MPI_REQUEST_NULL;
  };
  std::list<Sent> sent_;  // nobody waits for these: the receiver may be gone
};

}  // namespace xxact::comm
