#include "pipeline/streaming/row_pass.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <vector>

#include "io/row_reader.hpp"

namespace xxact::streaming {
namespace {

void visit_some(const io::DatasetPlan& plan, const Blocks& blocks, const std::vector<std::int64_t>& own, int thread, const Visit& visit) {
  if (own.empty()) return;
  io::RowReader reader(plan);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (i + 1 < own.size()) reader.announce(blocks.first(own[i + 1]), blocks.end(own[i + 1]));
    visit(reader.read(blocks.first(own[i]), blocks.end(own[i])), own[i], thread);
  }
}

}  // namespace

void visit_blocks(const io::DatasetPlan& plan, const Blocks& blocks, const PassOptions& options, const Visit& visit) {
  const auto [first, end] = options.share.of(blocks.count());
  std::vector<std::int64_t> wanted;
  for (auto block = first; block < end; ++block)
    if (!options.wanted || options.wanted(block)) wanted.push_back(block);
  std::vector<std::future<void>> parts;
  for (int thread = 0; thread < options.threads; ++thread) {
    const auto [from, to] = io::Share{thread, options.threads}.of(std::ssize(wanted));
    parts.push_back(std::async(std::launch::async, [&, thread, own = std::vector<std::int64_t>(wanted.begin() + from, wanted.begin() + to)] { visit_some(plan, blocks, own, thread, visit); }));
  }
  std::exception_ptr failure;
  for (auto& part : parts) {
    try {
      part.get();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace xxact::streaming
