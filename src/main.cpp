// xxact: materials properties from composition and powder diffraction. main parses, dispatches and catches once.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <span>

#include "src/base/nearest_name.hpp"
#include "src/base/stop_signals.hpp"
#include "src/command_line.hpp"
#include "src/failure.hpp"
#include "src/runtime.hpp"
#include "src/version.hpp"

namespace xxact {
namespace {

const Command* const kCommands[] = {
    &kIngestCommand, &kSynthesizeCommand, &kInspectCommand, &kXrdCommand,
#ifdef XXACT_WITH_TORCH
    &kPretrainCommand, &kTrainCommand, &kEvaluateCommand, &kScreenCommand, &kEmbedCommand, &kScalingCommand, &kExperimentCommand,
#endif
    &kReportCommand,
};

void print_overview(std::ostream& out) {
  out << "xxact " << kVersion << ": materials properties from composition and powder X-ray diffraction\n\n"
      << "usage: xxact COMMAND [options]      xxact COMMAND --help\n"
      << "       mpirun -n RANKS xxact COMMAND [options]\n\ncommands:\n";
  for (const auto* command : kCommands) out << "  " << command->name << std::string(12 - std::string_view(command->name).size(), ' ') << command->summary << "\n";
  out << "\nexit codes: 0 done, 64 bad usage or configuration, 65 input unusable, 75 stopped with a checkpoint (run again), 1 failure\n";
}

/// docs/configuration.md, which a test holds against this.
void print_markdown(std::ostream& out) {
  out << "# Options\n\nWritten by `xxact --markdown`. Every option can stand in a file given with `--config` as `name = value`; the command line wins.\n\n";
  for (const auto* command : kCommands) out << markdown_section(*command);
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const auto* command : kCommands) {
    if (name == command->name) return *command;
    names.emplace_back(command->name);
  }
  throw ConfigError("unknown command '{}'{} See xxact --help", name, suggestion(name, names).empty() ? "." : suggestion(name, names));
}

ExitCode dispatch(std::span<char*> arguments, Runtime& runtime) {
  const std::string first = arguments.size() > 1 ? arguments[1] : "--help";
  if (first == "--help" || first == "help") {
    if (runtime.root()) print_overview(std::cout);
    return arguments.size() > 1 ? ExitCode::done : ExitCode::usage;
  }
  if (first == "--markdown") {
    if (runtime.root()) print_markdown(std::cout);
    return ExitCode::done;
  }
  if (first == "--version") {
    if (runtime.root()) std::cout << "xxact " << kVersion << "\n";
    return ExitCode::done;
  }
  const Command& command = find_command(first);
  const auto values = parse_options(command, {arguments.begin() + 2, arguments.end()});
  if (values["help"].as<bool>()) {
    if (runtime.root()) std::cout << help_text(command);
    return ExitCode::done;
  }
  if (!command.stops_on_request) release_stop_signals();
  runtime.watch().set_limit(std::chrono::seconds(0));  // unless the command has a watchdog
  runtime.set_log_level(log::parse_level(values["log-level"].as<std::string>()));
  return command.run(values, runtime);
}

}  // namespace
}  // namespace xxact

int main(int argc, char** argv) {
  using namespace xxact;
  std::signal(SIGPIPE, SIG_IGN);
  try {
    hold_stop_signals();  // before MPI starts threads of its own
    Runtime runtime(argc, argv);
    end_all_ranks_on_terminate(runtime);
    try {
      return static_cast<int>(dispatch(std::span(argv, static_cast<std::size_t>(argc)), runtime));
    } catch (...) {
      return report_failure(std::current_exception(), runtime);
    }
  } catch (const std::exception& error) {
    std::cerr << "xxact: " << error.what() << "\n";
    return static_cast<int>(ExitCode::failure);
  }
}
