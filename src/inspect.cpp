// xxact inspect: what a dataset, checkpoint, run folder or result table holds.
#include <filesystem>
#include <iostream>

#include "io/collective_step.hpp"
#include "io/inspect.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {
namespace {

void describe(options::options_description& description) {
  description.add_options()
      ("file", options::value<std::string>()->required(), "dataset, checkpoint, model or result table (HDF5), or a run folder: its best.h5, otherwise its newest checkpoint")
      ("json", options::bool_switch(), "one JSON object instead of text")
      ("verify", options::bool_switch(), "recompute a dataset's content hash; exit 65 when it differs (a checkpoint is always verified)");
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const std::filesystem::path file = values["file"].as<std::string>();
  const auto check = values["verify"].as<bool>() ? io::HashCheck::verify : io::HashCheck::skip;
  // One rank reads; the others wait to learn whether it could.
  io::collectively(runtime.world(), [&] {
    if (!runtime.root()) return;
    const auto inspection = io::inspect_file(file, check);
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
    "xxact inspect RUN\n"
    "xxact inspect screening/predictions.h5",
    describe,
    {"file"},
    run,
};

}  // namespace xxact
