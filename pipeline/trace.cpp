#include "pipeline/trace.hpp"

#include <nlohmann/json.hpp>

#include "pipeline/run_folder.hpp"

namespace xxact::pipeline {

void Trace::add(Lane lane, const std::string& name, Clock::time_point start, Clock::time_point end) {
  if (on()) events_.push_back({lane, name, start, end});
}

void Trace::write(const std::filesystem::path& file, const comm::Communicator& comm) const {
  if (steps_ == 0) return;
  // Steady clocks of different hosts have different zeros.
  comm.barrier("setting clocks");
  const auto zero = Clock::now();
  std::string lines;
  for (const auto& event : events_) {
    const auto microseconds = [](auto time) { return std::chrono::duration<double, std::micro>(time).count(); };
    lines += nlohmann::json{{"ph", "X"}, {"name", event.name}, {"pid", rank_}, {"tid", static_cast<int>(event.lane)}, {"ts", microseconds(event.start - zero)}, {"dur", microseconds(event.end - event.start)}}.dump() + "\n";
  }
  const auto all = comm.gather(lines, 0, "gathering the trace");
  if (!comm.root()) return;
  auto events = nlohmann::json::array();
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    events.push_back({{"ph", "M"}, {"name", "process_name"}, {"pid", rank}, {"args", {{"name", "rank " + std::to_string(rank)}}}});
    for (const auto& [lane, name] : {std::pair{0, "step"}, {1, "sums of gradients"}})
      events.push_back({{"ph", "M"}, {"name", "thread_name"}, {"pid", rank}, {"tid", lane}, {"args", {{"name", name}}}});
    for (std::size_t begin = 0; begin < all[rank].size();) {
      const auto end = all[rank].find('\n', begin);
      events.push_back(nlohmann::json::parse(all[rank].substr(begin, end - begin)));
      begin = end + 1;
    }
  }
  write_file_atomically(file, nlohmann::json{{"displayTimeUnit", "ms"}, {"traceEvents", events}}.dump() + "\n");
}

}  // namespace xxact::pipeline
