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
#include "pipeline/loader.hpp"
#include "pipeline/run_config.hpp"

namespace xxact::pipeline {

struct InferenceOptions {
  LoaderPlan loader;
  std::int64_t batch = 256;
  std::function<void(std::int64_t)> progress;  // rows done so far; may be empty
  Showing showing;
};

/// Builds batches of `options.batch` of these rows in their order, the last one smaller, for a model that is not trained on them: without targets, each row a sample by its id. References and `rows` must outlive it.
Loader load_rows(const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset, std::span<const std::int64_t> rows, const InferenceOptions& options, Hiding hiding = Hiding::off);

/// N rows in the order given.
struct Predictions {
  /// By task, [N] in the label's unit, NaN where failed; not calibrated. Of a band gap as a mixture they are those of the gaps that are not zero.
  model::PerTask<std::vector<float>> mean, std;
  model::PerTask<std::vector<float>> logits;     // [N, classes], empty for regressions; NaN where failed
  std::vector<float> metal_logit;                // [N] of a band gap as a mixture, or empty; NaN where failed
  std::vector<std::string> failure;              // [N]: why a row has no prediction, empty where it has
  double data_wait_s = 0, seconds = 0;
  std::size_t size() const { return failure.size(); }
};

/// Leaves the model in evaluation mode. Not collective.
Predictions infer(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                  std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options);

}  // namespace xxact::pipeline
