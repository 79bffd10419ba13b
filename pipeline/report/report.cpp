#include "pipeline/report/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "pipeline/report/figures.hpp"
#include "pipeline/report/page.hpp"
#include "pipeline/report/svg.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::report {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// Draws figures for a page in a scratch folder beside it, which goes when this does.
class Drawer {
 public:
  explicit Drawer(const fs::path& output) : folder_(output.string() + ".figures") { fs::create_directories(folder_); }
  ~Drawer() {
    std::error_code ignored;  // what is left there is only scratch
    fs::remove_all(folder_, ignored);
  }
  Drawer(const Drawer&) = delete;
  Drawer& operator=(const Drawer&) = delete;

  template <class Drawing>
  PageFigure figure(const Drawing& drawing, std::string caption) {
    PageFigure figure{std::move(caption), {}};
    const std::string id = fmt::format("f{}", ++count_);
    const fs::path file = folder_ / (id + ".svg");
    // Once gnuplot is found missing, a warning for each further figure would say nothing new.
    if (available_ && (available_ = draw(drawing, file))) figure.svg = inline_svg(file, id, figure.caption);
    return figure;
  }

 private:
  fs::path folder_;
  int count_ = 0;
  bool available_ = true;
};

/// Runs on the same data, in one figure, in the order of the data's names.
std::map<std::string, std::vector<const Run*>> runs_by_dataset(const std::vector<Run>& runs) {
  std::map<std::string, std::vector<const Run*>> groups;
  for (const auto& run : runs)
    if (!run.progress.empty()) groups[fs::path(run.dataset.path).stem().string() + run.dataset.content_hash].push_back(&run);
  return groups;
}

void draw_learning(Page& page, Drawer& drawer) {
  for (const auto& [key, runs] : runs_by_dataset(page.inputs.runs)) {
    std::vector<std::string> names;
    for (const auto* run : runs) names.push_back(run->name);
    const std::string data = runs.front()->dataset.path.empty() ? "" : fs::path(runs.front()->dataset.path).stem().string() + ": ";
    page.learning.push_back(drawer.figure(loss_plot(runs, names), data + "training loss, averaged over consecutive steps"));
    for (const auto& metric : validation_metrics(runs))
      page.learning.push_back(drawer.figure(validation_plot(runs, names, metric), data + metric + " on the validation rows"));
  }
}

void draw_evaluations(Page& page, const std::map<std::string, std::vector<Scatter>>& scatters, Drawer& drawer) {
  for (const auto& evaluation : page.inputs.evaluations) {
    const auto found = scatters.find(evaluation.folder.string());
    if (found != scatters.end())
      for (const auto& scatter : found->second) {
        const auto result = std::find_if(evaluation.regressions.begin(), evaluation.regressions.end(),
                                         [&](const RegressionResult& r) { return r.label == scatter.label; });
        const Plot plot = parity_plot(scatter, result == evaluation.regressions.end() ? nullptr : &*result, "");
        page.parity.push_back(drawer.figure(plot, fmt::format("{}: {}", evaluation.name, label_in_words(scatter.label))));
      }
    for (const auto& result : evaluation.classifications)
      if (!result.confusion.empty())
        page.confusion.push_back(drawer.figure(confusion_map(result, ""), fmt::format("{}: {}", evaluation.name, label_in_words(result.label))));
  }
}

/// In place only when whole.
void write_page(const Page& page, const fs::path& output) {
  fs::path partial = output;
  partial += ".partial";
  {
    std::ofstream file(partial, std::ios::binary);
    file << page_html(page);
    file.close();
    if (!file) throw IoError("cannot write {}: {}", output.string(), std::strerror(errno));
  }
  std::error_code error;
  fs::rename(partial, output, error);
  if (error) throw IoError("cannot write {}: {}", output.string(), error.message());
}

Page page_without_figures(const ReportRequest& request) {
  Page page;
  page.title = request.title.empty() ? "Materials properties from composition and powder diffraction" : request.title;
  page.program_version = request.program_version;
  page.command_line = request.command_line;
  page.date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  page.inputs = find_inputs(request.folders);
  return page;
}

json to_json(const ReportRequest& request) {
  json folders = json::array();
  for (const auto& folder : request.folders) folders.push_back(folder.string());
  return {{"folders", folders}, {"output", request.output.string()}, {"title", request.title},
          {"program_version", request.program_version}, {"command_line", request.command_line}};
}

ReportRequest request_from(const json& text) {
  ReportRequest request;
  for (const auto& folder : text["folders"]) request.folders.emplace_back(folder.get<std::string>());
  request.output = text["output"].get<std::string>();
  request.title = text["title"];
  request.program_version = text["program_version"];
  request.command_line = text["command_line"];
  return request;
}

}  // namespace

std::vector<std::string> begin_report(const ReportRequest& request) {
  const Page page = page_without_figures(request);
  std::vector<std::string> begun = {to_json(request).dump(-1, ' ', false, json::error_handler_t::replace)};
  for (const auto& evaluation : page.inputs.evaluations) {
    begun.push_back(evaluation.folder.string());
    begun.push_back(to_text(read_scatters(evaluation.folder)));
  }
  if (request.output.has_parent_path()) {
    std::error_code error;
    fs::create_directories(request.output.parent_path(), error);
    if (error) throw IoError("cannot make the folder {}: {}", request.output.parent_path().string(), error.message());
  }
  write_page(page, request.output);
  return begun;
}

void finish_report(const std::vector<std::string>& begun) {
  const ReportRequest request = request_from(json::parse(begun.at(0)));
  std::map<std::string, std::vector<Scatter>> scatters;
  for (std::size_t i = 1; i + 1 < begun.size(); i += 2) scatters[begun[i]] = scatters_from_text(begun[i + 1]);
  Page page = page_without_figures(request);
  {
    Drawer drawer(request.output);
    draw_learning(page, drawer);
    draw_evaluations(page, scatters, drawer);
  }
  write_page(page, request.output);
}

}  // namespace xxact::report
