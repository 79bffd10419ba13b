// xxact inspect: what a dataset, checkpoint, run folder or result table holds.
#include <cstdint>
#include <filesystem>
#include <iostream>

#include "io/collective_step.hpp"
#include "io/inspect.hpp"
#include "io/load_plan.hpp"
#include "src/base/error.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {
namespace {

void describe(options::options_description& description) {
  description.add_options()
      ("file", options::value<std::string>()->required(), "dataset, checkpoint, model or result table (HDF5), or a run folder: its best.h5, otherwise its newest checkpoint")
      ("json", options::bool_switch(), "one JSON object instead of text")
      ("verify", options::bool_switch(), "recompute a dataset's content hash and name all blocks that differ from their checksums; exit 65 when any differs (a checkpoint is always verified)")
      ("memory-gib", options::value<double>(), "say how a node with this much memory, in GiB, loads the dataset: whole, or streamed in windows (--window-rows of train); this machine's memory if only --ranks-per-node is given")
      ("ranks-per-node", options::value<int>(), "ranks on that node, which share one copy of the arrays; as many as run here if only --memory-gib is given");
}

/// Empty unless one of its options is given.
io::NodeMemory node_of(const options::variables_map& values, const Runtime& runtime) {
  io::NodeMemory node;
  if (values.count("memory-gib") == 0 && values.count("ranks-per-node") == 0) return node;
  node.ranks = values.count("ranks-per-node") > 0 ? values["ranks-per-node"].as<int>() : runtime.ranks_on_host();
  if (node.ranks < 1 || node.ranks > 100000) throw ConfigError("--ranks-per-node {}: must be 1 to 100000, e.g. 4", node.ranks);
  if (values.count("memory-gib") == 0) {
    node.bytes = io::memory_of_this_machine();
    return node;
  }
  const double gib = values["memory-gib"].as<double>();
  if (!(gib >= 0.001 && gib <= 1e6)) throw ConfigError("--memory-gib {}: must be 0.001 to 1e6, e.g. 512", gib);
  node.bytes = static_cast<std::uint64_t>(gib * 0x1p30);
  return node;
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const std::filesystem::path file = values["file"].as<std::string>();
  const auto check = values["verify"].as<bool>() ? io::HashCheck::verify : io::HashCheck::skip;
  const auto node = node_of(values, runtime);
  // One rank reads; the others wait to learn whether it could.
  io::collectively(runtime.world(), [&] {
    if (!runtime.root()) return;
    const auto inspection = io::inspect_file(file, check, node);
    std::cout << (values["json"].as<bool>() ? inspection.json + "\n" : inspection.text) << std::flush;
  });
  return ExitCode::done;
}

}  // namespace

const Command kInspectCommand = {
    "inspect",
    "counts, ranges, classes, elements of a dataset; what a checkpoint, run folder or result table holds",
    "xxact inspect mp20.h5\n"
    "xxact inspect mp20.h5 --json --verify\n"
    "xxact inspect alexandria.h5 --memory-gib 512 --ranks-per-node 4\n"
    "xxact inspect RUN\n"
    "xxact inspect screening/predictions.h5",
    describe,
    {"file"},
    run,
};

}  // namespace xxact
