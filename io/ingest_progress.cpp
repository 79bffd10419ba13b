#include "io/ingest_progress.hpp"

#include <fmt/format.h>

#include <thread>

#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(200);
constexpr int kTag = 77;
constexpr int kNumbers = 4;
static_assert(sizeof(ReadSoFar) == kNumbers * sizeof(std::int64_t));

constexpr std::int64_t kMega = 1'000'000;

int rank_of(MPI_Comm comm) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  return rank;
}

}  // namespace

IngestProgress::IngestProgress(MPI_Comm comm, std::int64_t total_bytes, bool enabled)
    : comm_(comm), enabled_(enabled), rank_(rank_of(comm)), last_(Clock::now()), start_(last_),
      progress_("ingest", "MB", (total_bytes + kMega - 1) / kMega, enabled && rank_ == 0) {
  check_mpi(MPI_Comm_size(comm, &ranks_), "asking for the number of ranks");
  of_rank_.resize(static_cast<std::size_t>(ranks_));
}

IngestProgress::~IngestProgress() {
  if (request_ == MPI_REQUEST_NULL) return;
  // On the way out of an error: nobody may wait for a message, so its buffer stays behind.
  MPI_Request_free(&request_);
  static_cast<void>(sent_.release());
}

void IngestProgress::send(const ReadSoFar& own) {
  if (request_ != MPI_REQUEST_NULL) {
    int done = 0;
    check_mpi(MPI_Test(&request_, &done, MPI_STATUS_IGNORE), "telling how far this rank is");
    if (done == 0) return;
  }
  sent_ = std::make_unique<ReadSoFar>(own);
  check_mpi(MPI_Isend(sent_.get(), kNumbers, MPI_INT64_T, 0, kTag, comm_, &request_), "telling how far this rank is");
}

void IngestProgress::receive() {
  for (;;) {
    int there = 0;
    MPI_Status status;
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kTag, comm_, &there, &status), "asking how far the other ranks are");
    if (there == 0) return;
    check_mpi(MPI_Recv(&of_rank_[static_cast<std::size_t>(status.MPI_SOURCE)], kNumbers, MPI_INT64_T, status.MPI_SOURCE, kTag, comm_, MPI_STATUS_IGNORE),
              "asking how far the other ranks are");
  }
}

void IngestProgress::draw() {
  ReadSoFar all;
  for (const auto& rank : of_rank_) {
    all.bytes += rank.bytes;
    all.records += rank.records;
    all.rejected += rank.rejected;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  progress_.update(all.bytes / kMega, fmt::format("{} records ({:.0f}/s), {} rejected", all.records, static_cast<double>(all.records) / std::max(seconds, 1e-3), all.rejected));
}

void IngestProgress::update(const ReadSoFar& own) {
  if (!enabled_) return;
  const auto now = Clock::now();
  if (now - last_ < kInterval) return;
  last_ = now;
  if (rank_ != 0) return send(own);
  of_rank_[0] = own;
  receive();
  draw();
}

void IngestProgress::finish(ReadSoFar own) {
  if (!enabled_) return;
  own.finished = 1;
  if (rank_ != 0) {
    check_mpi(MPI_Wait(&request_, MPI_STATUS_IGNORE), "telling how far this rank is");
    sent_.reset();
    check_mpi(MPI_Send(&own, kNumbers, MPI_INT64_T, 0, kTag, comm_), "telling that this rank is done");
    return;
  }
  of_rank_[0] = own;
  for (;;) {
    receive();
    draw();
    std::int64_t finished = 0;
    for (const auto& rank : of_rank_) finished += rank.finished;
    if (finished == ranks_) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace xxact::io
