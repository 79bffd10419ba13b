#include "pipeline/comm/gradient_channel.hpp"

namespace xxact::comm {
namespace {

constexpr std::int64_t kLargestMessage = std::int64_t{1} << 28;  // floats: 1 GiB, well inside an int count

class MpiGradientChannel final : public GradientChannel {
 public:
  explicit MpiGradientChannel(const Communicator& comm) : comm_(comm) {}

  void start_sum(float* values, std::int64_t count) override {
    if (comm_.size() == 1) return;
    for (std::int64_t first = 0; first < count; first += kLargestMessage) {
      const auto piece = static_cast<std::size_t>(std::min(kLargestMessage, count - first));
      started_.push_back(comm_.start_sum({values + first, piece}, "gradient sum"));
    }
  }

  void wait_all() override {
    for (auto& request : started_) comm_.wait(request, "gradient sum");
    started_.clear();
  }

 private:
  const Communicator& comm_;
  std::vector<MPI_Request> started_;
};

}  // namespace

std::unique_ptr<GradientChannel> make_mpi_gradient_channel(const Communicator& comm) { return std::make_unique<MpiGradientChannel>(comm); }

}  // namespace xxact::comm
