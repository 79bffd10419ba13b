// A model over rows of a dataset on one rank: raw predictions in the labels' units. Not here: dealing rows to ranks,
// calibration (calibration.hpp), files.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "model/xxact_model.hpp"
#include "pipeline/batch_builder.hpp"
#include "pipeline/device.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/loader_plan.hpp"
#include "pipeline/run_config.hpp"

namespace xxact::pipeline {

struct InferenceOptions {
  LoaderPlan loader;
  std::int64_t batch = 256;
  std::function<void(std::int64_t)> progress;  // rows done so far; may be empty
  Shown shown = Shown::all;
};

/// N rows in the order given.
struct Predictions {
  std::array<std::vector<float>, 3> mean, std;  // by task, [N] in the label's unit; std is not calibrated; NaN where failed
  std::vector<float> logits;                    // [N, 7] of the crystal system, or empty; NaN where failed
  std::vector<std::string> failure;             // [N]: why a row has no prediction, empty where it has
  double data_wait_s = 0, seconds = 0;
  std::size_t size() const { return failure.size(); }
};

/// Leaves the model in evaluation mode. Not collective.
Predictions infer(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                  std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options);

}  // namespace xxact::pipeline
