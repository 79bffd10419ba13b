// xxact experiment: questions that several training runs answer together.
#include <iostream>

#include "pipeline/report/study_plots.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/study/experiment.hpp"
#include "src/runtime.hpp"
#include "src/study_command.hpp"

namespace xxact {
namespace {

using options::value;

void describe(options::options_description& description) {
  description.add_options()
      ("kind", value<std::string>()->required(), "pretraining: how much sooner models that start from others come to an error; ablation: what each arm's settings are worth")
      ("lengths", value<std::string>()->default_value("1"), "lengths of the runs of each arm, as multiples of epochs: what a shorter schedule reaches")
      ("threshold", value<std::string>(), "validation errors to come to; default: the least one that every seed of the first arm comes to, at length 1");
  describe_study(description, {});
}

study::ExperimentKind kind_of(const std::string& name) {
  if (name == "pretraining") return study::ExperimentKind::pretraining;
  if (name == "ablation") return study::ExperimentKind::ablation;
  throw ConfigError("experiment '{}': there are pretraining and ablation", name);
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  study::ExperimentOptions options;
  options.kind = kind_of(values["kind"].as<std::string>());
  if (options.kind == study::ExperimentKind::ablation && values.count("threshold") != 0) throw ConfigError("--threshold belongs to experiment pretraining: ablations are compared by the errors that they end with");
  auto design = design_of(values, {});
  design.fractions = {design.base.training.train_fraction};
  design.lengths = numbers_of(values, "lengths");
  if (values.count("threshold") != 0) options.thresholds = numbers_of(values, "threshold");
  options.level = level_of(values);
  const auto study = open_study(values, runtime, std::move(design));
  if (const auto end = do_study(study, values["dry-run"].as<bool>())) return *end;
  const auto& output = study.options.output;
  sum_up(study, [&] {
    const auto experiment = study::sum_up_experiment(output, study.design, study.runs, options);
    pipeline::write_file_atomically(output / "experiment.json", experiment.dump(1) + "\n");
    std::cout << study::experiment_table(experiment) << "wrote " << output.string() << "\n";
  });
  if (runtime.root()) runtime.after_finalize(report::draw_experiment, {output.string()});
  return ExitCode::done;
}

}  // namespace

const Command kExperimentCommand = {
    "experiment", "several training runs that answer a question together",
    "xxact experiment pretraining --data mp20.h5 --output studies/mp20 --like runs/masked --tasks crystal_system --arm scratch --arm \"masked init=runs/masked\" --lengths 0.25,0.5,1\n"
    "xxact experiment ablation --data mp20.h5 --output studies/gap --mode composition --tasks band_gap --arm \"value gap-head=value\" --arm \"mixture gap-head=mixture\"\n"
    "mpirun -n 8 xxact experiment pretraining --data perovskites.h5 --output studies/perovskites --config study.ini --dry-run",
    describe, {"kind"}, run, true};

}  // namespace xxact
