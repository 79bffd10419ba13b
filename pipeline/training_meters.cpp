#include "pipeline/training_meters.hpp"

#include <sys/resource.h>

#include <array>

namespace xxact::pipeline {
namespace {

rusage usage_of_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

double processor_seconds() {
  const auto usage = usage_of_process();
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t resident_bytes() { return static_cast<std::int64_t>(usage_of_process().ru_maxrss) * 1024; }

}  // namespace

TrainingMeters::TrainingMeters(const TrainingPlan& plan, const Device& device, const comm::Communicator& comm, double operations, double peak_operations)
    : plan_(plan), device_(device), comm_(comm), operations_(operations), peak_operations_(peak_operations), processor_start_(processor_seconds()) {}

double TrainingMeters::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

double TrainingMeters::core_seconds() const {
  std::array<double, 1> core = {processor_seconds() - processor_start_};
  comm_.sum(core, "gathering processor time");
  return core[0];
}

nlohmann::json TrainingMeters::rates(std::int64_t step) const {
  const double samples_per_s = static_cast<double>(plan_.position(step) - plan_.position(first_step_)) / seconds(), operations = samples_per_s * operations_;
  nlohmann::json rates = {{"samples_per_s", samples_per_s}, {"tflop_per_s", 1e-12 * operations}};
  if (peak_operations_ > 0) rates["mfu"] = operations / peak_operations();
  return rates;
}

nlohmann::json TrainingMeters::memory() const {
  std::array<double, 2> most = {static_cast<double>(resident_bytes()), static_cast<double>(device_.peak_memory())};
  comm_.max(most, "comparing memory");
  nlohmann::json bytes = {{"memory_bytes", static_cast<std::int64_t>(most[0])}};
  if (device_.is_cuda()) bytes["device_memory_bytes"] = static_cast<std::int64_t>(most[1]);
  return bytes;
}

}  // namespace xxact::pipeline
