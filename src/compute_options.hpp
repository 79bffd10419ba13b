// Options and objects that every command with a model shares: device, threads, communicator.
#pragma once

#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {

/// Adds --device, --threads, --loader-threads, --loader-depth, --loader-affinity, --deadline.
void describe_compute_options(options::options_description& description);

struct Compute {
  Compute(const options::variables_map& values, const Runtime& runtime);

  comm::Communicator comm;
  pipeline::Device device;
};

}  // namespace xxact
