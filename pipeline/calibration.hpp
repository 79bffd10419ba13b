// Makes the model's uncertainties mean what they say, on validation rows: a factor on standard deviations, split-conformal
// 90 % intervals (Lei et al. 2018, doi:10.1080/01621459.2017.1307116, normalised scores) and a temperature for the classes
// (Guo et al. 2017, arXiv 1706.04599).
#pragma once

#include <array>
#include <span>

#include "pipeline/inference.hpp"
#include "pipeline/labels.hpp"

namespace xxact::pipeline {

struct Calibration {
  std::array<double, 3> std_factor = {1, 1, 1};     // reported std = factor * raw std; mean squared z-score 1 on validation
  std::array<double, 3> interval90 = {1.645, 1.645, 1.645};  // [lo90, hi90] = value -+ this * raw std
  double temperature = 1;                           // class probabilities = softmax(logits / temperature)
};

/// Truth of rows for calibration and metrics, gathered beside the predictions of the same rows.
struct Truth {
  std::array<std::vector<float>, 3> value;  // by regression task, NaN where unknown
  std::vector<int> crystal_system;          // -1 where unknown
};
Truth truth_of(const Labels& labels, std::span<const std::int64_t> rows);

/// A task without known rows keeps the defaults.
Calibration calibrate(const Predictions& predictions, const Truth& truth);

/// softmax(logits / temperature), [N, 7]; NaN rows stay NaN.
std::vector<float> class_probabilities(std::span<const float> logits, double temperature);

}  // namespace xxact::pipeline
