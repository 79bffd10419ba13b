// Makes the model's uncertainties mean what they say, on validation rows: a factor on standard deviations, split-conformal
// 90 % intervals (Lei et al. 2018, doi:10.1080/01621459.2017.1307116, normalised scores) and a temperature for the classes
// (Guo et al. 2017, arXiv 1706.04599). Of a band gap as a mixture: a temperature for metals, a factor for the gaps of the others, and intervals between its quantiles.
#pragma once

#include <array>
#include <span>

#include "pipeline/gap_mixture.hpp"
#include "pipeline/inference.hpp"
#include "pipeline/labels.hpp"

namespace xxact::pipeline {

struct Calibration {
  model::PerTask<double> std_factor = model::for_each_task(1.0);     // reported std = factor * raw std; mean squared z-score 1 on validation
  model::PerTask<double> interval90 = model::for_each_task(1.645);   // [lo90, hi90] = value -+ this * raw std
  model::PerTask<double> temperature = model::for_each_task(1.0);    // class probabilities = softmax(logits / temperature)
  double metal_temperature = 1;                                      // of a band gap as a mixture: probability of a metal = sigmoid(logit / this)
  double gap_eccentricity = 0.45;                                    // and [lo90, hi90] = the quantiles of 1/2 -+ this
};

/// Truth of rows for calibration and metrics, gathered beside the predictions of the same rows.
struct Truth {
  model::PerTask<std::vector<float>> value;  // of regressions, NaN where unknown
  model::PerTask<std::vector<int>> classes;  // of classes, -1 where unknown
};
/// Of the tasks that `labels` was made for; NaN or -1 for the others.
Truth truth_of(const Labels& labels, std::span<const std::int64_t> rows);

/// A task without known rows keeps the defaults.
Calibration calibrate(const Predictions& predictions, const Truth& truth);

/// The distribution of row's band gap, of predictions of a mixture; NaN where the row failed.
GapMixture calibrated_gap(const Predictions& predictions, std::size_t row, const Calibration& calibration);

/// softmax(logits / temperature), [N, classes]; NaN rows stay NaN.
std::vector<float> class_probabilities(std::span<const float> logits, int classes, double temperature);

}  // namespace xxact::pipeline
