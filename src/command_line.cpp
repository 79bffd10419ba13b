#include "src/command_line.hpp"

#include <fstream>
#include <sstream>

#include "src/base/nearest_name.hpp"

namespace xxact {
namespace {

constexpr unsigned kHelpWidth = 110;

std::vector<std::string> option_names(const options::options_description& description) {
  std::vector<std::string> names;
  for (const auto& option : description.options()) names.push_back(option->long_name());
  return names;
}

/// Runs one of Boost's parsers and turns its complaints into ours. `where` is "on the command line" or "in FILE".
template <class Parse>
options::parsed_options parse_strictly(Parse parse, const options::options_description& known, const std::string& where) {
  try {
    return parse();
  } catch (const options::unknown_option& error) {
    std::string name = error.get_option_name();
    name.erase(0, name.find_first_not_of('-'));
    throw ConfigError("unknown option '{}' {}{}", name, where, suggestion(name, option_names(known)));
  } catch (const options::error& error) {
    throw ConfigError("{} ({})", error.what(), where);
  }
}

void read_config_file(const std::string& file, const options::options_description& known, options::variables_map& values) {
  std::ifstream stream(file);
  if (!stream) throw ConfigError("cannot read the configuration file '{}'", file);
  options::store(parse_strictly([&] { return options::parse_config_file(stream, known, false); }, known, "in " + file), values);
}

}  // namespace

options::options_description describe_options(const Command& command) {
  options::options_description description(std::string("options of xxact ") + command.name, kHelpWidth, kHelpWidth / 2);
  command.describe(description);
  description.add_options()
      ("config", options::value<std::string>(), "INI file with any of these options as 'name = value'; the command line wins")
      ("log-level", options::value<std::string>()->default_value("info"), "debug, info, warning, error or quiet")
      ("help", options::bool_switch(), "show this text");
  return description;
}

options::variables_map parse_options(const Command& command, const std::vector<std::string>& arguments) {
  const auto description = describe_options(command);
  options::positional_options_description positional;
  for (std::size_t i = 0; i < command.positional.size(); ++i)
    positional.add(command.positional[i], i + 1 == command.positional.size() ? -1 : 1);

  namespace style = options::command_line_style;
  constexpr int kStyle = style::unix_style & ~style::allow_guessing & ~style::allow_short;
  options::variables_map values;
  options::store(parse_strictly([&] {
                   return options::command_line_parser(arguments).options(description).positional(positional).style(kStyle).run();
                 }, description, "on the command line"),
                 values);
  if (values["help"].as<bool>()) return values;
  if (values.count("config") != 0) read_config_file(values["config"].as<std::string>(), description, values);
  try {
    options::notify(values);
  } catch (const options::error& error) {
    throw ConfigError("{}; see xxact {} --help", error.what(), command.name);
  }
  return values;
}

std::string help_text(const Command& command) {
  std::ostringstream text;
  text << "xxact " << command.name << ": " << command.summary << "\n\n" << describe_options(command) << "\nexamples:\n";
  std::istringstream lines(command.examples);
  for (std::string line; std::getline(lines, line);) text << "  " << line << "\n";
  return text.str();
}

std::string markdown_section(const Command& command) {
  std::string text = fmt::format("## xxact {}\n\n{}.\n\n| option | value | meaning |\n|---|---|---|\n", command.name, command.summary);
  const auto cell = [](std::string value) {
    for (std::size_t at = 0; (at = value.find('|', at)) != std::string::npos; at += 2) value.insert(at, 1, '\\');
    return value;
  };
  const auto description = describe_options(command);
  for (const auto& option : description.options())
    text += fmt::format("| `--{}` | {} | {} |\n", option->long_name(), cell(option->format_parameter()), cell(option->description()));
  return text + "\n";
}

}  // namespace xxact
