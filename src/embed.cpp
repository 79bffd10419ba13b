// xxact embed: what a model makes of compositions and patterns, as vectors.
#include <fmt/format.h>

#include <iostream>

#include "pipeline/embedding.hpp"
#include "pipeline/report/study_plots.hpp"
#include "pipeline/run_folder.hpp"
#include "src/compute_options.hpp"
#include "src/data_option.hpp"
#include "src/version.hpp"

namespace xxact {
namespace {

using options::value;

void describe(options::options_description& description) {
  description.add_options()
      ("model", value<std::string>()->required(), "run folder (its best.h5) or model file")
      ("data", value<std::string>()->required(), "dataset file, or anything that ingest reads")
      ("split", value<std::string>()->default_value("test"), "rows to embed: train, validation, test or all")
      ("output", value<std::string>()->required(), "folder for embeddings.h5, embed.json and plots");
  describe_memory_option(description);
  describe_compute_options(description);
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const Compute compute(values, runtime);
  auto model = pipeline::load_model(values["model"].as<std::string>(), compute.device.torch());
  pipeline::EmbeddingOptions embedding;
  embedding.output = values["output"].as<std::string>();
  embedding.subset = pipeline::parse_subset(values["split"].as<std::string>());
  embedding.inference.loader = compute.device.threads().loader;
  embedding.program_version = kVersion;
  const auto dataset = open_subset(values["data"].as<std::string>(), embedding.output, embedding.subset, Needed::subset, node_memory(values, runtime), runtime);
  const auto summary = pipeline::embed(model, dataset, embedding, compute.device.torch(), compute.comm);
  if (!runtime.root()) return ExitCode::done;
  pipeline::write_file_atomically(embedding.output / "embed.json", summary.dump(1) + "\n");
  const auto number = [](const nlohmann::json& value) { return value.is_null() ? std::string("?") : fmt::format("{:.4f}", value.get<double>()); };
  for (const auto& [name, e] : summary["embeddings"].items())
    std::cout << fmt::format("{:<12} crystal systems apart: silhouette {}, {} of the variance between them; first components {:.1f} and {:.1f} % of the variance\n", name, number(e["silhouette"]), number(e["between"]),
                             100 * e["variance"][0].get<double>(), e["variance"].size() > 1 ? 100 * e["variance"][1].get<double>() : 0.0);
  std::cout << fmt::format("embedded {} rows, {} could not be: {}\n", summary["rows"].get<std::int64_t>(), summary["not_embedded"].get<std::int64_t>(), embedding.output.string());
  runtime.after_finalize(report::draw_embedding, {embedding.output.string()});
  return ExitCode::done;
}

}  // namespace

const Command kEmbedCommand = {
    "embed", "a model's vectors for compositions and patterns, their principal components",
    "xxact embed --model runs/pretrained --data mp20.h5 --output embeddings/pretrained\n"
    "mpirun -n 4 xxact embed --model runs/bimodal --data alexandria.h5 --split all --output embeddings/all",
    describe, {}, run};

}  // namespace xxact
