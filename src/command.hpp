// A subcommand: its name, what --help says, its options and its function. One file each; src/main.cpp has the table.
#pragma once

#include <boost/program_options.hpp>

#include <string>
#include <vector>

#include "src/base/error.hpp"

namespace xxact {

class Runtime;

namespace options = boost::program_options;

struct Command {
  const char* name;
  const char* summary;   // one line
  const char* examples;  // full command lines, one a line; shown by --help
  /// Adds the command's options. Options read from --config as well carry the same names there.
  void (*describe)(options::options_description& description);
  /// Names of positional arguments in order; the last may repeat.
  std::vector<const char*> positional;
  /// Runs on every rank. Collective on the world communicator.
  ExitCode (*run)(const options::variables_map& values, Runtime& runtime);
  /// Whether it asks stop_requested() between steps and stops with a checkpoint; others end at once on a signal.
  bool stops_on_request = false;
};

extern const Command kIngestCommand;
extern const Command kInspectCommand;
extern const Command kSynthesizeCommand;
extern const Command kXrdCommand;
extern const Command kPretrainCommand;
extern const Command kTrainCommand;
extern const Command kEvaluateCommand;
extern const Command kScreenCommand;
extern const Command kEmbedCommand;
extern const Command kScalingCommand;
extern const Command kExperimentCommand;
extern const Command kReportCommand;

}  // namespace xxact
