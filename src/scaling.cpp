// xxact scaling: how errors fall with the number of training rows.
#include <iostream>
#include <thread>

#include "pipeline/report/study_plots.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/study/scaling_study.hpp"
#include "src/base/log.hpp"
#include "src/runtime.hpp"
#include "src/study_command.hpp"

namespace xxact {
namespace {

using options::value;

void describe(options::options_description& description) {
  description.add_options()
      ("sizes", value<int>()->default_value(6), "shares of the training rows, in equal ratios, of which the last one is all")
      ("factor", value<std::string>()->default_value("32"), "ratio of the largest to the smallest")
      ("fractions", value<std::string>(), "the shares themselves, rising, with commas between; in place of --sizes and --factor")
      ("work-exponent", value<std::string>()->default_value("0"), "samples that a run visits go with the share to this power: 0: every run does the same steps, of --epochs over all rows; 1: the same epochs")
      ("targets", value<std::string>()->default_value(""), "errors to say the needed rows for, with commas between")
      ("bootstrap", value<int>()->default_value(4000), "resamples of the bootstrap that is shown beside the intervals; 0: none")
      ("coverage", value<int>()->default_value(1000), "simulated studies that say how often such intervals hold the truth");
  describe_study(description, {"train-fraction"});
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  auto design = design_of(values, {"composition mode=composition", "bimodal mode=bimodal"});
  const auto one = [&](const char* option) {
    const auto numbers = numbers_of(values, option);
    if (numbers.size() != 1) throw ConfigError("--{} '{}': must be one number", option, values[option].as<std::string>());
    return numbers.front();
  };
  design.fractions = values.count("fractions") != 0 ? numbers_of(values, "fractions") : study::geometric_fractions(values["sizes"].as<int>(), one("factor"));
  design.work_exponent = one("work-exponent");
  study::ScalingOptions options;
  options.targets = numbers_of(values, "targets");
  options.statistics.level = level_of(values);
  options.statistics.bootstrap = values["bootstrap"].as<int>();
  options.statistics.seed = static_cast<std::uint64_t>(design.base.training.seed);
  options.statistics.threads = runtime.cores_per_rank();
  options.coverage_repetitions = values["coverage"].as<int>();
  for (const auto& [name, count] : {std::pair("bootstrap", options.statistics.bootstrap), std::pair("coverage", options.coverage_repetitions)})
    if (count < 0 || count > 1000000) throw ConfigError("--{} {}: must be 0 to 1000000", name, count);
  const auto study = open_study(values, runtime, std::move(design));
  if (const auto end = do_study(study, values["dry-run"].as<bool>())) return *end;
  const auto& output = study.options.output;
  log::info("fitting laws, with {} resamples and {} simulated studies each", options.statistics.bootstrap, options.coverage_repetitions);
  sum_up(study, [&] {
    const auto scaling = study::sum_up_scaling(output, study.design, study.runs, study.dataset, options);
    pipeline::write_file_atomically(output / "scaling.json", scaling.dump(1) + "\n");
    pipeline::write_file_atomically(output / "scaling.csv", study::laws_csv(scaling));
    study::write_scaling_file(output / "scaling.h5", scaling);
    std::cout << study::scaling_table(scaling) << "wrote " << output.string() << "\n";
  });
  if (runtime.root()) runtime.after_finalize(report::draw_scaling, {output.string()});
  return ExitCode::done;
}

}  // namespace

const Command kScalingCommand = {
    "scaling", "how errors fall with the number of training rows: runs, fitted laws, rows for an error",
    "xxact scaling --data perovskites.h5 --output studies/perovskites --tasks formation_energy_per_atom --epochs 40 --targets 0.05,0.03\n"
    "mpirun -n 64 xxact scaling --data alexandria.h5 --output studies/alexandria --ranks-per-run 8 --sizes 8 --factor 1000 --seeds 5 --config study.ini --dry-run\n"
    "xxact scaling --data mp20.h5 --output studies/arms --tasks crystal_system --arm \"xrd mode=xrd\" --arm \"blurred mode=xrd fwhm=2\" --arm \"masked mode=xrd init=runs/masked\"",
    describe, {}, run, true};

}  // namespace xxact
