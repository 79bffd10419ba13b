#include "pipeline/streaming/row_source.hpp"

#include <algorithm>

namespace xxact::streaming {
namespace {

constexpr std::int64_t kPart = 65536;  // rows that are read at once

}  // namespace

RowSource::RowSource(io::DatasetPlan plan) : plan_(std::make_unique<const io::DatasetPlan>(std::move(plan))), reader_(std::make_unique<io::RowReader>(*plan_)) {}

void RowSource::visit(std::int64_t first, std::int64_t end, std::int64_t unit, const std::function<void(const io::Dataset& dataset, std::int64_t from, std::int64_t to)>& visit) {
  if (whole_) {
    if (first < end) visit(*whole_, first, end);
    return;
  }
  const auto part = std::max(unit, kPart / unit * unit);
  for (; first < end; first += part) {
    const auto stop = std::min(end, first + part);
    if (stop < end) reader_->announce(stop, std::min(end, stop + part));
    visit(reader_->read(first, stop), 0, stop - first);
  }
}

}  // namespace xxact::streaming
