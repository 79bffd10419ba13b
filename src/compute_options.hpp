// Options and objects that every command with a model shares: device, threads, communicator.
#pragma once

#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {

/// Adds --device, --threads, --loader-threads, --loader-depth, --loader-affinity, --watchdog.
void describe_compute_options(options::options_description& description, int watchdog_s = 300);
/// How long a rank may wait for others. ConfigError unless it is a positive number of seconds.
std::chrono::seconds watchdog_option(const options::variables_map& values, const char* name);

struct Compute {
  /// Sets the runtime's watchdog too. It is that of `--watchdog-start` in commands that have it.
  Compute(const options::variables_map& values, const Runtime& runtime);

  comm::Communicator comm;
  pipeline::Device device;
};

}  // namespace xxact
