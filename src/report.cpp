// xxact report: one page from run, evaluation and screening folders.
#include <fmt/format.h>

#include <iostream>

#include "pipeline/report/report.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"
#include "src/version.hpp"

namespace xxact {
namespace {

using Paths = std::vector<std::string>;

void describe(options::options_description& description) {
  auto add = description.add_options();
  add("input", options::value<Paths>()->multitoken()->required(),
      "folders to report on; runs, evaluations and screenings in them and below them are found");
  add("output", options::value<std::string>()->default_value("report.html"), "the page");
  add("title", options::value<std::string>()->default_value(""), "its heading");
}

std::string command_line(const Paths& folders, const std::string& output) {
  std::string text = "xxact report --input";
  for (const auto& folder : folders) text += " " + folder;
  return text + " --output " + output;
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  report::ReportRequest request;
  const auto& folders = values["input"].as<Paths>();
  request.folders.assign(folders.begin(), folders.end());
  request.output = values["output"].as<std::string>();
  if (request.output.extension() != ".html")
    throw ConfigError("--output {}: the page's name must end in .html, for example report.html", request.output.string());
  request.title = values["title"].as<std::string>();
  request.program_version = kVersion;
  request.command_line = command_line(folders, request.output.string());
  if (!runtime.root()) return ExitCode::done;
  runtime.after_finalize(report::finish_report, report::begin_report(request));
  std::cout << "report: " << request.output.string() << "\n";
  return ExitCode::done;
}

}  // namespace

const Command kReportCommand = {
    "report",
    "one self-contained HTML page from run, evaluation and screening folders",
    "xxact report --input demo --output demo/report.html\n"
    "xxact report --input runs/bimodal runs/composition evaluations --title \"Band gaps\"",
    describe,
    {"input"},
    run,
};

}  // namespace xxact
