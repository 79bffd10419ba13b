#include "pipeline/phase_times.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xxact::pipeline {
namespace {

constexpr std::array<const char*, kPhases> kNames = {"data_wait", "compute", "communication_wait", "ranks_wait", "update", "validation", "checkpoint"};
constexpr std::array<const char*, kPhases> kWords = {"waiting for data",  "forward and backward", "waiting for gradients", "waiting for other ranks",
                                                     "clipping and update", "validation",           "checkpoints"};

}  // namespace

PhaseTimes::Spreads PhaseTimes::over_ranks(const comm::Communicator& comm) const {
  std::array<double, kPhases> sum = seconds_;
  std::array<double, 2 * kPhases> most{};  // and the negative of the least
  for (std::size_t i = 0; i < kPhases; ++i) {
    most[i] = seconds_[i];
    most[kPhases + i] = -seconds_[i];
  }
  comm.sum(sum, "adding up the times of phases");
  comm.max(most, "comparing the times of phases");
  Spreads spreads;
  for (std::size_t i = 0; i < kPhases; ++i) spreads[i] = {-most[kPhases + i], sum[i] / comm.size(), most[i]};
  return spreads;
}

nlohmann::json phases_json(const PhaseTimes::Spreads& spreads) {
  nlohmann::json out = nlohmann::json::object();
  for (std::size_t i = 0; i < kPhases; ++i) out[kNames[i]] = {{"min", spreads[i].least}, {"mean", spreads[i].mean}, {"max", spreads[i].most}};
  return out;
}

std::string phases_table(const PhaseTimes::Spreads& spreads, double total) {
  const auto share = [&](double seconds) { return total > 0 ? 100 * seconds / total : 0.0; };
  std::string text = fmt::format("  {:<26}{:>10}{:>10}{:>10}{:>8}\n", "seconds over ranks", "min", "mean", "max", "share");
  double known = 0;
  for (std::size_t i = 0; i < kPhases; ++i) {
    const auto& s = spreads[i];
    text += fmt::format("  {:<26}{:>10.2f}{:>10.2f}{:>10.2f}{:>6.1f} %\n", kWords[i], s.least, s.mean, s.most, share(s.mean));
    known += s.mean;
  }
  const double other = std::max(0.0, total - known);
  return text + fmt::format("  {:<26}{:>10}{:>10.2f}{:>10}{:>6.1f} %\n", "other", "", other, "", share(other));
}

}  // namespace xxact::pipeline
