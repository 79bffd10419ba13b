// How far all ranks are with reading, said by rank 0: bytes of the sources, records, rejects, rate, remaining time.
#pragma once

#include <mpi.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "src/base/progress.hpp"

namespace xxact::io {

struct ReadSoFar {
  std::int64_t bytes = 0, records = 0, rejected = 0, finished = 0;  // of one rank; finished: 1 when there is nothing more to come
};

class IngestProgress {
 public:
  /// `total_bytes`: what all ranks will read. Not enabled, it does nothing at all. `comm` is for this alone while it lives.
  IngestProgress(MPI_Comm comm, std::int64_t total_bytes, bool enabled);
  ~IngestProgress();
  IngestProgress(const IngestProgress&) = delete;
  IngestProgress& operator=(const IngestProgress&) = delete;

  /// Called after every record; talks a few times a second. Never waits.
  void update(const ReadSoFar& own);
  /// Collective: every rank has read its share. Rank 0 goes on saying how far the others are.
  void finish(ReadSoFar own);

 private:
  using Clock = std::chrono::steady_clock;
  void send(const ReadSoFar& own);
  void receive();
  void draw();

  MPI_Comm comm_;
  bool enabled_;
  int rank_ = 0, ranks_ = 1;
  std::vector<ReadSoFar> of_rank_;  // on rank 0
  std::unique_ptr<ReadSoFar> sent_;
  MPI_Request request_ = MPI_REQUEST_NULL;
  Clock::time_point last_, start_;
  Progress progress_;
};

}  // namespace xxact::io
