// The rows of a dataset in their order, for those who go through them once: held whole by the host, or read part by part.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/row_reader.hpp"

namespace xxact::streaming {

class RowSource {
 public:
  explicit RowSource(io::Dataset whole) : whole_(std::move(whole)) {}
  /// InputError for a file that cannot be read part by part, see io::RowReader.
  explicit RowSource(io::DatasetPlan plan);

  std::int64_t rows() const { return whole_ ? whole_->size() : plan_->rows(); }
  const std::filesystem::path& path() const { return whole_ ? whole_->path() : plan_->path; }
  const std::string& content_hash() const { return whole_ ? whole_->content_hash() : plan_->content_hash; }
  const std::vector<std::string>& sources() const { return whole_ ? whole_->description().sources : plan_->description->sources; }

  /// Calls visit(dataset, from, to) for rows first .. end - 1, in order, where rows from .. to - 1 of `dataset` are the next of them, a
  /// multiple of `unit` but for the last call. The dataset is valid during the call. One thread.
  void visit(std::int64_t first, std::int64_t end, std::int64_t unit, const std::function<void(const io::Dataset& dataset, std::int64_t from, std::int64_t to)>& visit);

 private:
  std::optional<io::Dataset> whole_;
  std::unique_ptr<const io::DatasetPlan> plan_;  // null where the dataset is held whole
  std::unique_ptr<io::RowReader> reader_;
};

}  // namespace xxact::streaming
