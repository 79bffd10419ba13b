#include <vector>

#include "pipeline/comm/gradient_channel.hpp"
#include "src/base/mpi.hpp"

namespace xxact::comm {
namespace {

constexpr std::int64_t kLargestMessage = std::int64_t{1} << 28;  // floats: 1 GiB, well inside an int count

class MpiGradientChannel final : public GradientChannel {
 public:
  explicit MpiGradientChannel(const Communicator& comm) : comm_(comm) {}

  int ranks() const override { return comm_.size(); }

  void start_sum(float* values, std::int64_t count) override {
    if (comm_.size() == 1) return;
    if (pending_.empty()) transfers_.clear();
    for (std::int64_t first = 0; first < count; first += kLargestMessage) {
      const auto piece = std::min(kLargestMessage, count - first);
      transfers_.push_back({piece, Transfer::Clock::now(), {}});
      pending_.push_back({comm_.start_sum({values + first, static_cast<std::size_t>(piece)}, kName), transfers_.size() - 1});
    }
  }

  void progress() override {
    std::erase_if(pending_, [this](Pending& sum) {
      int done = 0;
      check_mpi(MPI_Test(&sum.request, &done, MPI_STATUS_IGNORE), kName);
      if (done != 0) transfers_[sum.transfer].done = Transfer::Clock::now();
      return done != 0;
    });
  }

  void wait_all() override {
    for (auto& sum : pending_) {
      comm_.wait(sum.request, kName);
      transfers_[sum.transfer].done = Transfer::Clock::now();
    }
    pending_.clear();
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
};

}  // namespace

std::unique_ptr<GradientChannel> make_mpi_gradient_channel(const Communicator& comm) { return std::make_unique<MpiGradientChannel>(comm); }

}  // namespace xxact::comm
