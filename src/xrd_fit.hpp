// xxact xrd --fit: a simulated pattern fitted to a measured one, as a table, a picture and files.
#pragma once

#include <filesystem>
#include <optional>

#include "io/record_checks.hpp"
#include "pipeline/xrd/pattern_fit.hpp"
#include "src/command.hpp"
#include "src/xrd_structures.hpp"

namespace xxact {

/// The options of a fit, beside those of xxact xrd.
void describe_fit(options::options_description& description);

/// Whether a fit was asked for. Throws ConfigError where an option of a fit stands without --fit, or --fit without --measured or with
/// an option that does not go with it.
bool wants_fit(const options::variables_map& values);

/// Where the results of a fit go.
struct FitOutputs {
  std::optional<std::filesystem::path> pattern, plot, result;
};

/// Fits, prints the table and writes the files. `simulation` and `start` come from the options that the simulation has as well; with the
/// limits further phases are read. ExitCode::failure
/// after a fit that did not converge, whose results are written too and say so. Throws InputError naming the file and record.
ExitCode fit_measured(const options::variables_map& values, Runtime& runtime, const ChosenStructure& chosen, const xrd::SimulationOptions& simulation,
                      const std::optional<xrd::PeakShape>& start, const io::RecordLimits& limits, const FitOutputs& outputs);

}  // namespace xxact
