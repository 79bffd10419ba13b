// The command line and the configuration file of a subcommand: strict, with the nearest name suggested.
#pragma once

#include <string>
#include <vector>

#include "src/command.hpp"

namespace xxact {

/// Options of `command` and the ones that every command has: --help, --config, --log-level.
options::options_description describe_options(const Command& command);

/// Reads `arguments` (without program and command name) and, if given, the INI file behind --config; the command line wins.
/// Unknown options and bad values are ConfigErrors naming the option, the file if any, and the nearest known name.
options::variables_map parse_options(const Command& command, const std::vector<std::string>& arguments);

/// The text of `xxact COMMAND --help`.
std::string help_text(const Command& command);

/// The same as a section of docs/configuration.md: one table row an option.
std::string markdown_section(const Command& command);

}  // namespace xxact
