#include <vector>

#include "pipeline/comm/gradient_channel.hpp"
#include "src/base/mpi.hpp"

namespace xxact::comm {
namespace {

constexpr std::int64_t kLargestMessage = std::int64_t{1} << 28;  // floats: 1 GiB, well inside an int count

// Of the time between two calls of progress(), what the second may spend on moving data: enough for buckets of many layers to travel beside
// the next ones, little enough that polling for a rank that is not there yet costs a small model nothing.
constexpr int kShareOfTime = 10;

class MpiGradientChannel final : public GradientChannel {
 public:
  explicit MpiGradientChannel(const Communicator& comm) : comm_(comm) {}

  int ranks() const override { return comm_.size(); }

  void start_sum(float* values, std::int64_t count) override {
    if (comm_.size() == 1) return;
    if (waited_) transfers_.clear();
    waited_ = false;
    for (std::int64_t first = 0; first < count; first += kLargestMessage) {
      const auto piece = std::min(kLargestMessage, count - first);
      transfers_.push_back({piece, Transfer::Clock::now(), {}});
      pending_.push_back({comm_.start_sum({values + first, static_cast<std::size_t>(piece)}, kName), transfers_.size() - 1});
    }
  }

  void progress() override {
    const auto start = Transfer::Clock::now(), until = start + (start - progressed_) / kShareOfTime;
    progressed_ = start;
    // The oldest first: one sum that is through is worth more than several under way.
    while (!pending_.empty()) {
      int done = 0;
      check_mpi(MPI_Test(&pending_.front().request, &done, MPI_STATUS_IGNORE), kName);
      progressed_ = Transfer::Clock::now();
      if (done != 0) {
        transfers_[pending_.front().transfer].done = progressed_;
        pending_.erase(pending_.begin());
      }
      if (progressed_ > until) break;
    }
  }

  void wait_all() override {
    for (auto& sum : pending_) {
      comm_.wait(sum.request, kName);
      transfers_[sum.transfer].done = Transfer::Clock::now();
    }
    pending_.clear();
    waited_ = true;
  }

  std::span<const Transfer> transfers() const override { return transfers_; }

 private:
  static constexpr char kName[] = "gradient sum";
  struct Pending {
    MPI_Request request;
    std::size_t transfer;  // in transfers_
  };
  const Communicator& comm_;
  std::vector<Pending> pending_;
  std::vector<Transfer> transfers_;
  Transfer::Clock::time_point progressed_ = Transfer::Clock::now();
  bool waited_ = false;  // since the last sum was started
};

}  // namespace

std::unique_ptr<GradientChannel> make_mpi_gradient_channel(const Communicator& comm) { return std::make_unique<MpiGradientChannel>(comm); }

}  // namespace xxact::comm
