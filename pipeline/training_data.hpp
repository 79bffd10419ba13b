// What a training run learns from, wherever it lies: samples in the run's order with the memory that holds them, validation rows,
// standardisation. Held whole (here), or streamed through windows (pipeline/streamed_training_data.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/batch_builder.hpp"
#include "pipeline/sampling/sample_order.hpp"
#include "pipeline/sampling/stratified_order.hpp"
#include "pipeline/training_rows.hpp"

namespace xxact::pipeline {

/// The dataset as a whole, for records of the run.
struct DatasetFacts {
  std::filesystem::path path;
  std::string content_hash, source, licence, split_rule;
  std::int64_t rows = 0;
  std::array<std::int64_t, 3> split = {0, 0, 0};  // rows of train, validation, test
  double elements = 0;                            // of a composition, mean over all rows
  std::int64_t most_elements = 0;                 // of a composition
};

struct ValidationRows {
  const io::Dataset* dataset = nullptr;
  const Labels* labels = nullptr;
  std::vector<std::int64_t> rows;  // of that dataset
};

class TrainingData {
 public:
  TrainingData() = default;
  virtual ~TrainingData() = default;
  TrainingData(const TrainingData&) = delete;
  TrainingData& operator=(const TrainingData&) = delete;

  const DatasetFacts& facts() const { return facts_; }
  std::int64_t samples() const { return samples_; }  // of an epoch
  const std::vector<std::string>& unusable() const { return unusable_; }  // "id: reason" lines, on rank 0
  const Standardisation& standardisation() const { return standardisation_; }
  const ValidationRows& validation() const { return validation_; }
  /// Where the samples are and what memory they take, in words.
  virtual std::string describe() const = 0;

  /// Positions first .. end - 1 of the stream of samples will be visited, about in their order. Collective on the run's communicator.
  virtual void begin(std::int64_t first, std::int64_t end) = 0;
  /// Appends the samples at positions first .. first + count - 1; waits until they are in memory. Any thread, several at once. They stay there until
  /// used_before() passes their positions.
  virtual void visit(std::int64_t first, std::int64_t count, std::vector<SampleRequest>& out) = 0;
  /// Samples before this position are not visited or used again.
  virtual void used_before(std::int64_t position) = 0;
  /// No sample is used any more: visits that wait give up, with an Error.
  virtual void end() = 0;

 protected:
  DatasetFacts facts_;
  std::int64_t samples_ = 0;
  std::vector<std::string> unusable_;
  Standardisation standardisation_;
  ValidationRows validation_;
};

/// All rows in memory, shuffled whole or stratum by stratum.
class ResidentTrainingData : public TrainingData {
 public:
  /// Collective on comm.
  ResidentTrainingData(io::Dataset dataset, const RunConfig& config, const comm::Communicator& comm, int threads);

  std::string describe() const override;
  void begin(std::int64_t, std::int64_t) override {}
  void visit(std::int64_t first, std::int64_t count, std::vector<SampleRequest>& out) override;
  void used_before(std::int64_t) override {}
  void end() override {}
  const sampling::RowSelection& rows() const { return rows_; }  // to train on

 private:
  struct Stratified {
    sampling::StratifiedRows rows;
    sampling::StratifiedOrder order;
  };

  io::Dataset dataset_;
  Labels labels_;
  sampling::RowSelection rows_;
  std::variant<std::monostate, sampling::SampleOrder, Stratified> order_;
};

}  // namespace xxact::pipeline
