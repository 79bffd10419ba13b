#include "src/compute_options.hpp"

namespace xxact {
namespace {

pipeline::ThreadRequest requested_threads(const options::variables_map& values, const Runtime& runtime) {
  const int compute = values["threads"].as<int>(), loader = values["loader-threads"].as<int>();
  if (compute < 0 || loader < 0) throw ConfigError("--threads and --loader-threads are counts of threads, or 0 for automatic, not {} and {}", compute, loader);
  const auto depth = values["loader-depth"].as<std::int64_t>();
  if (depth < 0) throw ConfigError("--loader-depth {} is no count of batches, or 0 for automatic", depth);
  return {runtime.cores_per_rank(), compute, loader, depth, pipeline::parse_loader_affinity(values["loader-affinity"].as<std::string>()), runtime.cores()};
}

}  // namespace

void describe_compute_options(options::options_description& description, int watchdog_s) {
  using options::value;
  description.add_options()
      ("device", value<std::string>()->default_value("auto"), "auto, cpu or cuda; auto takes this rank's GPU if there is one")
      ("threads", value<int>()->default_value(0), "compute threads a rank; 0: by cores and ranks")
      ("loader-threads", value<int>()->default_value(0), "threads a rank that simulate patterns and build batches; 0: by cores and ranks")
      ("loader-depth", value<std::int64_t>()->default_value(0), "batches a rank that are ready or under way ahead of the one in use; 0: four a loader thread")
      ("loader-affinity", value<std::string>()->default_value("auto"), "none; cores: each loader thread on a core of its own; auto: cores with a GPU where the launcher gives the rank cores of its own")
      ("watchdog", value<int>()->default_value(watchdog_s), "seconds that a rank waits for the others before it names the missing one and ends the job");
}

std::chrono::seconds watchdog_option(const options::variables_map& values, const char* name) {
  const int seconds = values[name].as<int>();
  if (seconds < 1) throw ConfigError("--{} {}: must be a number of seconds, at least 1", name, seconds);
  return std::chrono::seconds(seconds);
}

Compute::Compute(const options::variables_map& values, const Runtime& runtime)
    : comm(runtime.world(), watchdog_option(values, values.count("watchdog-start") != 0 ? "watchdog-start" : "watchdog")),
      device(pipeline::parse_device(values["device"].as<std::string>()), comm, runtime.rank_on_host(), requested_threads(values, runtime)) {
  runtime.watch().set_limit(comm.deadline());
  const auto& threads = device.threads();
  log::info("{} rank{}, {} compute and {} loader thread{} each, device {}", comm.size(), comm.size() > 1 ? "s" : "", threads.compute, threads.loader.threads,
            threads.loader.threads > 1 ? "s" : "", device.name());
}

}  // namespace xxact
