// xxact screen: a model over whole datasets, ranked.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "pipeline/report/report.hpp"
#include "pipeline/screening.hpp"
#include "src/command.hpp"
#include "src/compute_options.hpp"
#include "src/data_option.hpp"
#include "src/model_option.hpp"
#include "src/version.hpp"

namespace xxact {
namespace {

using options::value;

void describe(options::options_description& description) {
  describe_model_option(description);
  description.add_options()
      ("data", value<std::vector<std::string>>()->multitoken()->required(), "dataset files, or anything that ingest reads")
      ("output", value<std::string>()->required(), "folder for predictions.h5, ranking.csv, summary.json and report.html")
      ("rank-by", value<std::string>()->default_value(""), "COLUMN, COLUMN:asc or COLUMN:desc: a label, label_std, label_lo90, label_hi90, probability_<crystal system>, "
                                                          "space_group_probability or metal_probability; default: the first label, ascending, or a probability of a model that says classes alone")
      ("top", value<std::int64_t>()->default_value(0), "rows of ranking.csv; 0: all");
  describe_shown_option(description);
  describe_memory_option(description);
  describe_compute_options(description);
}

std::string default_column(const std::vector<pipeline::LoadedModel>& models) {
  const auto tasks = pipeline::tasks_of(models);
  if (const auto value = std::ranges::find_if(tasks, model::is_regression); value != tasks.end()) return std::string(model::task_name(*value));
  return std::ranges::find(tasks, model::Task::crystal_system) != tasks.end() ? "probability_cubic:desc" : "space_group_probability:desc";
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  pipeline::ScreeningOptions screening;
  screening.output = values["output"].as<std::string>();
  screening.top = values["top"].as<std::int64_t>();
  if (screening.top < 0) throw ConfigError("--top {}: the number of rows cannot be negative", screening.top);
  const Compute compute(values, runtime);
  auto models = load_models(values, compute.device);
  const auto rank_by = values["rank-by"].as<std::string>();
  screening.rank_by = pipeline::parse_rank_by(rank_by.empty() ? default_column(models) : rank_by);
  screening.inference.loader = compute.device.threads().loader;
  screening.inference.showing.inputs = shown_option(values, models);
  screening.program_version = kVersion;
  auto data = open_sources(values["data"].as<std::vector<std::string>>(), screening.output, node_memory(values, runtime), runtime);
  const auto summary = pipeline::screen(models, data, screening, compute.device.torch(), compute.comm);
  if (runtime.root()) {
    std::cout << fmt::format("screened {} inputs: {} predicted, {} not predictable, {} rejected; {:.0f} structures/s\nranking {}\n", summary["rows"].get<std::int64_t>(),
                             summary["ok"].get<std::int64_t>(), summary["not_predictable"].get<std::int64_t>(), summary["rejected"].get<std::int64_t>(),
                             summary["structures_per_s"].get<double>(), (screening.output / "ranking.csv").string());
    report::ReportRequest page;
    page.folders = {screening.output};
    page.output = screening.output / "report.html";
    page.title = "Screening";
    page.program_version = kVersion;
    runtime.after_finalize(report::finish_report, report::begin_report(page));
  }
  return ExitCode::done;
}

}  // namespace

const Command kScreenCommand = {
    "screen", "predict every structure of whole datasets and rank them",
    "xxact screen --model runs/bimodal --data candidates.h5 --output screening --rank-by formation_energy_per_atom --top 100\n"
    "mpirun -n 64 xxact screen --model runs/gap --data a.h5 b.h5 --output screening --rank-by band_gap:desc --top 1000",
    describe, {}, run};

}  // namespace xxact
