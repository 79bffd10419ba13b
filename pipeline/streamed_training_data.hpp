// Training samples of a dataset that memory does not hold: two windows of it lie in the memory that a host's ranks share.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/streaming/row_windows.hpp"
#include "pipeline/training_data.hpp"

namespace xxact::pipeline {

/// The order is that of sampling::WindowedOrder: a function of seed, epoch and position, and of window-rows and window-block. Each
/// host reads the file once to verify its checksums, twice to select and count rows, and then once an epoch.
class StreamedTrainingData : public TrainingData {
 public:
  /// Collective on comm. ConfigError when a window may hold fewer samples than a batch, or when windows and validation rows take more
  /// than `memory` bytes; InputError for a file that cannot be streamed.
  StreamedTrainingData(io::DatasetPlan plan, const RunConfig& config, const comm::Communicator& comm, int threads, std::uint64_t memory);

  std::string describe() const override;
  void begin(std::int64_t first, std::int64_t end) override;
  void visit(std::int64_t first, std::int64_t count, std::vector<SampleRequest>& out) override;
  void used_before(std::int64_t position) override;
  void end() override;

 private:
  /// An epoch's table of windows, or a window's labels; the last two of each are kept.
  template <class T>
  struct Numbered {
    std::int64_t number = -1;
    std::shared_ptr<const T> value;
  };

  void select_rows(const RunConfig& config, int threads, std::uint64_t memory);
  void gather_validation(const sampling::RowSelection& rows, const RunConfig& config, int threads, std::uint64_t memory);
  void count_rows(const RunConfig& config, int threads);
  void order_rows(const RunConfig& config, std::uint64_t memory);
  std::int64_t window_bytes() const;
  std::shared_ptr<const sampling::WindowedEpoch> epoch(std::int64_t number);
  const Labels& labels_of(std::int64_t window, const io::Dataset& rows);
  std::int64_t window_at(std::int64_t position);

  io::DatasetPlan plan_;
  const comm::Communicator& comm_;
  std::vector<model::Task> tasks_;
  io::HostRanks host_;
  sampling::RowSelection train_;
  io::Dataset validation_dataset_;
  std::optional<Labels> validation_labels_;
  std::optional<sampling::WindowedOrder> order_;
  std::optional<streaming::SelectedBlocks> selected_;
  std::optional<streaming::RowWindows> windows_;
  std::mutex mutex_;
  std::array<Numbered<sampling::WindowedEpoch>, 2> epochs_;
  std::array<Numbered<Labels>, io::kWindows> labels_;
};

}  // namespace xxact::pipeline
