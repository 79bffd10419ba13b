// Turns rows of a dataset into the tensors that the model takes: composition tokens, simulated patterns, labels.
// One a thread. Not here: which rows (sampling/), threads (loader.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "model/objectives.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/run_config.hpp"
#include "pipeline/xrd/realistic.hpp"

namespace xxact::pipeline {

/// One sample of a batch; `epoch` and `sample` key its augmentation.
struct SampleRequest {
  const io::Dataset* dataset = nullptr;
  const Labels* labels = nullptr;  // of the dataset; null: no targets
  std::int64_t row = 0, epoch = 0, sample = 0;
  double progress = 0;  // share of the training that is behind it, for what changes in its course
};

/// The memory of a batch is used again for the next one that is built into it.
struct Batch {
  explicit Batch(bool pinned_memory = false) : pinned(pinned_memory) {}

  std::vector<SampleRequest> samples;
  model::ModelInput input;      // on the host
  model::Targets targets;       // on the host; undefined without labels
  std::vector<std::int64_t> formula;  // [samples]: equal for equal compositions; empty unless the model learns to compare
  std::vector<std::string> failure;  // [samples]: why this one cannot be predicted, empty if it can; else its pattern is zero
  torch::Tensor loss_factor;    // [model::kFactors], see loss_factors(); undefined until weigh()
  bool pinned;                       // whether its memory is pinned for copies to a GPU

  /// Sets loss_factor for the counts of the whole global batch.
  void weigh(const model::ObjectiveConfig& objective, const model::Counts& counts);

  /// What lies behind the tensors above; at least as large as they are.
  struct Memory {
    torch::Tensor element, fraction, pattern, sample_key, hidden, hidden_points, loss_factor;
    model::PerTask<torch::Tensor> target;
  } memory;
};

enum class Augmentation { off, on };
/// Whether tokens of patterns are hidden, for models that learn to rebuild them.
enum class Hiding { off, on };

/// What a model is shown of a row.
enum class Shown { all, composition, pattern };
/// "all", "composition", "pattern"
std::string_view shown_name(Shown shown);

/// How rows are shown that a model is not trained on.
struct Showing {
  Shown inputs = Shown::all;
  double artefacts = 0;  // strength, 0 to 1, of a measurement's artefacts in their patterns; drawn by SampleRequest::sample, the same for all models
};

class BatchBuilder {
 public:
  /// References must outlive it. With augmentation the configuration says how rows are shown.
  BatchBuilder(const RunConfig& config, const Standardisation& standardisation, Augmentation augmentation, Hiding hiding = Hiding::off, const Showing& showing = {});
  ~BatchBuilder();
  BatchBuilder(BatchBuilder&&) noexcept;

  /// Rows that cannot be simulated get a reason in `failure`, never an exception. Targets are filled if the first sample has labels: all or none have.
  void build(std::span<const SampleRequest> samples, Batch& batch);
  Batch build(std::span<const SampleRequest> samples);

 private:
  void fill_composition(Batch& batch) const;
  void fill_patterns(Batch& batch);
  void hide_tokens(Batch& batch);
  Shown shown_of(const SampleRequest& sample) const;
  /// The row whose pattern the sample has.
  std::int64_t pattern_row(const SampleRequest& sample) const;
  /// Without artefacts.
  void clean_pattern(const SampleRequest& sample, double strain, std::span<float> out);
  void simulate(const SampleRequest& sample, std::span<float> out);
  double artefact_strength(const SampleRequest& sample) const;
  /// Of the lattice of a training pattern, where artefacts bring none of their own.
  double strain_of(const SampleRequest& sample) const;
  void simulate_measured(const SampleRequest& sample, double strength, std::span<float> out);
  void fill_targets(Batch& batch) const;
  /// What a label is to the loss: standardised, NaN where unknown, -infinity for a metal of a mixture.
  float target_of(model::Task task, double value) const;
  void fill_formulas(Batch& batch) const;

  const RunConfig& config_;
  const Standardisation& standardisation_;
  Augmentation augmentation_;
  Hiding hiding_;
  Showing showing_;
  std::vector<float> clean_;                              // [points]
  std::unique_ptr<xrd::Simulator> simulator_;             // null for models without patterns
  std::unique_ptr<xrd::RealisticSimulator> realistic_;    // null without artefacts
  std::unique_ptr<xrd::Simulator> impurity_simulator_;    // intensities without the square root; null without artefacts
  std::vector<float> impurity_;                           // [points]
  std::vector<std::uint8_t> measured_;                    // [points]
};

/// A number that is the same for all rows of one reduced formula.
std::int64_t formula_key(const io::CompositionView& composition);

/// What a label is multiplied by where the lattice is strained alike in all directions: lengths 1 + strain, volumes its cube, others 1.
double strained(model::Task task, double strain);

/// The same input on the device; host tensors that are already there are not copied.
model::ModelInput to_device(const model::ModelInput& input, const torch::Device& device);
model::Targets to_device(const model::Targets& targets, const torch::Device& device);

/// Why a row cannot be given to this model (no structure, no composition), or empty. Cheap: simulates nothing.
std::string unusable_reason(const io::Dataset& dataset, std::int64_t row, const RunConfig& config, Shown shown = Shown::all);

}  // namespace xxact::pipeline
