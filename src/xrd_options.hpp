// Options of xxact xrd that say what is simulated. Not here: which structures (xrd_structures.hpp) and what is written of them (xrd.cpp).
#pragma once

#include <optional>
#include <string>

#include "io/record_checks.hpp"
#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/peak_shape.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/command.hpp"

namespace xxact {

void describe_simulation(options::options_description& description);

bool parse_switch(const std::string& name, const std::string& text);

/// Throws ConfigError that names the option. The range of lines is that of the grid.
xrd::PatternOptions read_options(const options::variables_map& values);

/// What is read of the file beside its atoms' elements, places and occupancies.
io::RecordLimits read_limits(const options::variables_map& values);

struct Measurement {
  std::optional<xrd::PeakShape> shape;  // nothing for the shape "model"
  xrd::Artefacts artefacts;
};

Measurement read_measurement(const options::variables_map& values, const xrd::Grid& grid);

}  // namespace xxact
