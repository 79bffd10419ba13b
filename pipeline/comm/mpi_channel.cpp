#include <algorithm>
#include <vector>

#include "pipeline/comm/channel.hpp"
#include "src/base/mpi.hpp"

namespace xxact::comm {
namespace {

constexpr std::int64_t kLargestMessage = std::int64_t{1} << 28;  // floats: 1 GiB, well inside an int count

// Of the time between two calls of progress(), what the second may spend on moving data: enough for buckets of many layers to travel beside
// the next ones, little enough that polling for a rank that is not there yet costs a small model nothing.
constexpr int kShareOfTime = 10;

constexpr char kSum[] = "gradient sum", kShares[] = "gradient sum by shares", kGather[] = "gathering shares", kBroadcast[] = "broadcast of a buffer";

class MpiChannel final : public Channel {
 public:
  explicit MpiChannel(const Communicator& comm) : comm_(comm) {}

  int rank() const override { return comm_.rank(); }
  int ranks() const override { return comm_.size(); }

  void start_sum(float* values, std::int64_t count) override {
    if (comm_.size() == 1) return;
    in_pieces(values, count, [&](float* piece, int length) { begin(kSum, length, [&](MPI_Request* request) { return MPI_Iallreduce(MPI_IN_PLACE, piece, length, MPI_FLOAT, MPI_SUM, comm_.handle(), request); }); });
  }

  void start_sum_of_shares(float* values, std::int64_t share) override {
    if (comm_.size() == 1 || share == 0) return;
    // In place, MPI leaves the result in the first part; an own buffer for it keeps the parts where they belong.
    auto& own = begin(kShares, share * comm_.size(), [](MPI_Request*) { return MPI_SUCCESS; });
    own.result.resize(static_cast<std::size_t>(share));
    own.to = values + comm_.rank() * share;
    check_mpi(MPI_Ireduce_scatter_block(values, own.result.data(), mpi_count(share, kShares), MPI_FLOAT, MPI_SUM, comm_.handle(), &own.request), kShares);
  }

  void start_gather_of_shares(float* values, std::int64_t share) override {
    if (comm_.size() == 1 || share == 0) return;
    const int count = mpi_count(share, kGather);
    begin(kGather, share * comm_.size(), [&](MPI_Request* request) { return MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, count, MPI_FLOAT, comm_.handle(), request); });
  }

  void start_broadcast(float* values, std::int64_t count, int from) override {
    if (comm_.size() == 1) return;
    in_pieces(values, count, [&](float* piece, int length) { begin(kBroadcast, length, [&](MPI_Request* request) { return MPI_Ibcast(piece, length, MPI_FLOAT, from, comm_.handle(), request); }); });
  }

  void progress() override {
    const auto start = Transfer::Clock::now(), until = start + (start - progressed_) / kShareOfTime;
    progressed_ = start;
    // The oldest first: one operation that is through is worth more than several under way.
    while (first_ < pending_.size()) {
      int done = 0;
      check_mpi(MPI_Test(&pending_[first_].request, &done, MPI_STATUS_IGNORE), pending_[first_].name);
      progressed_ = Transfer::Clock::now();
      if (done != 0) end(pending_[first_++]);
      if (progressed_ > until) break;
    }
  }

  void wait_all() override {
    for (; first_ < pending_.size(); ++first_) {
      comm_.wait(pending_[first_].request, pending_[first_].name);
      end(pending_[first_]);
    }
    pending_.clear();
    first_ = 0;
    waited_ = true;
  }

  std::span<const Transfer> transfers() const override { return transfers_; }

 private:
  struct Pending {
    const char* name;
    MPI_Request request;
    std::size_t transfer;           // in transfers_
    std::vector<float> result;      // to be copied to `to`, if any
    float* to = nullptr;
  };

  template <class Work>
  static void in_pieces(float* values, std::int64_t count, Work work) {
    for (std::int64_t first = 0; first < count; first += kLargestMessage) work(values + first, static_cast<int>(std::min(kLargestMessage, count - first)));
  }

  template <class Start>
  Pending& begin(const char* name, std::int64_t floats, Start start) {
    if (waited_) transfers_.clear();
    waited_ = false;
    transfers_.push_back({floats, Transfer::Clock::now(), {}});
    auto& pending = pending_.emplace_back(Pending{name, MPI_REQUEST_NULL, transfers_.size() - 1, {}});
    check_mpi(start(&pending.request), name);
    return pending;
  }

  void end(Pending& pending) {
    transfers_[pending.transfer].done = Transfer::Clock::now();
    if (pending.to != nullptr) std::ranges::copy(pending.result, pending.to);
    pending.result = {};
  }

  const Communicator& comm_;
  std::vector<Pending> pending_;
  std::size_t first_ = 0;  // of pending_, not yet done
  std::vector<Transfer> transfers_;
  Transfer::Clock::time_point progressed_ = Transfer::Clock::now();
  bool waited_ = false;  // since the last operation was started
};

}  // namespace

std::unique_ptr<Channel> make_mpi_channel(const Communicator& comm) { return std::make_unique<MpiChannel>(comm); }

}  // namespace xxact::comm
