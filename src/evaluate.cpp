// xxact evaluate: a trained model against known labels.
#include <fmt/format.h>

#include <iostream>

#include "pipeline/evaluation.hpp"
#include "pipeline/report/figures.hpp"
#include "pipeline/run_folder.hpp"
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
      ("data", value<std::string>()->required(), "dataset file, or anything that ingest reads")
      ("split", value<std::string>()->default_value("test"), "rows to evaluate: train, validation, test or all")
      ("output", value<std::string>()->required(), "folder for metrics.json, predictions.h5 and plots");
  describe_shown_option(description);
  describe_test_artefacts_option(description);
  describe_memory_option(description);
  describe_compute_options(description);
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const std::filesystem::path output = values["output"].as<std::string>();
  const Compute compute(values, runtime);
  auto models = load_models(values, compute.device);
  pipeline::EvaluationOptions evaluation;
  evaluation.subset = pipeline::parse_subset(values["split"].as<std::string>());
  evaluation.inference.loader = compute.device.threads().loader;
  evaluation.inference.showing = {shown_option(values, models), test_artefacts_option(values)};
  const bool artefacts = evaluation.inference.showing.artefacts > 0;
  if (artefacts)
    for (const auto& loaded : models) pipeline::validate_artefacts(loaded.description.config);
  const auto dataset = open_subset(values["data"].as<std::string>(), output, evaluation.subset, artefacts ? Needed::all : Needed::subset, node_memory(values, runtime), runtime);
  evaluation.output = output;
  evaluation.program_version = kVersion;
  auto metrics = pipeline::evaluate(models, dataset, evaluation, compute.device.torch(), compute.comm);
  metrics["shown"] = values["show"].as<std::string>();
  metrics["test_artefacts"] = evaluation.inference.showing.artefacts;
  metrics["split"] = values["split"].as<std::string>();
  if (runtime.root()) {
    pipeline::write_file_atomically(output / "metrics.json", metrics.dump(2) + "\n");
    std::cout << pipeline::metrics_table(metrics) << "evaluated " << output.string() << "\n";
    runtime.after_finalize(report::draw_parity, report::prepare_parity(output));
    runtime.after_finalize(report::draw_confusion, {output.string()});
  }
  return ExitCode::done;
}

}  // namespace

const Command kEvaluateCommand = {
    "evaluate", "compare a model's predictions with known labels",
    "xxact evaluate --model runs/bimodal --data perovskites.h5 --split test --output runs/bimodal/test\n"
    "xxact evaluate --model runs/bimodal --data perovskites.h5 --test-artefacts 1 --output runs/bimodal/measured\n"
    "mpirun -n 4 xxact evaluate --model runs/a runs/b runs/c --data other.csv.gz --split all --output ensemble",
    describe, {}, run};

}  // namespace xxact
