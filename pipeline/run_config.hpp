// Everything that defines a run: model, patterns, training. One table of fields serves the command line, --config files,
// RUN/config.ini, checkpoints and docs/configuration.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.hpp"
#include "model/objectives.hpp"
#include "model/optimizer.hpp"
#include "pipeline/sampling/strata.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::pipeline {

/// What the model computes with: automatic is bf16 on GPUs, fp32 on CPUs.
enum class PrecisionChoice { automatic, fp32, bf16 };

/// How the learning rate goes with a batch that still grows: by the root of its share of the global batch, as AdamW's noise asks for
/// (Malladi et al., arXiv 2205.10287), or not at all.
enum class RampRate { root, constant };

/// What hidden tokens are to be rebuilt as: the pattern of the ideal measurement, or the one that the model sees.
enum class MaskedTarget { clean, seen };

/// What the pattern of a row tells: all; that of another row of the same split (what chance and the model's size give); its crystal system alone.
enum class PatternContent { full, shuffled, system };

struct TrainingConfig {
  double epochs = 40;                // passes over the training rows; the stream may end within one
  std::int64_t global_batch = 128;   // samples an optimiser step, a property of the run, not of the machine
  double batch_ramp = 0;             // share of the samples over which the batch doubles its way up from batch_start; 0: none
  std::int64_t batch_start = 128;    // samples a step at the start of the ramp
  RampRate ramp_rate = RampRate::root;
  std::int64_t micro_batch = 0;      // samples a forward pass on one rank; 0: as much of its share as fits, see micro_batch.hpp
  PrecisionChoice precision = PrecisionChoice::automatic;
  model::UpdateRule optimizer = model::UpdateRule::adamw;
  double learning_rate = 3e-3;       // peak
  double warmup_fraction = 0.1;      // of the samples, linear
  double weight_decay = 0.02;
  double layer_rate_decay = 1;       // of the learning rate, a layer away from the prediction
  std::vector<model::Part> frozen;   // parts that stay as they are
  double gradient_clip = 1.0;        // global norm; 0: off
  double spike_factor = 20;          // times the usual gradient norm, above which an update is skipped; 0: never
  std::int64_t skipped_in_a_row = 10;  // updates that may be skipped, one behind the other
  double average_decay = 0.99;       // of the averaged weights that are validated and kept as best; 0: off
  double strain = 0.0;               // isotropic lattice strain of training patterns, uniform in +- this
  double artefacts = 0;              // strength of the artefacts of a measurement in training patterns, 0 to 1
  double artefact_ramp = 0.5;        // the share of the samples over which the strength grows to that
  double fraction_jitter = 0.02;     // relative, standard deviation, of training compositions
  double drop_composition = 0;       // share of training samples whose composition the model is not shown
  double drop_pattern = 0;           // likewise of patterns, of other samples
  double mask_ratio = 0.05;          // of a pattern's tokens that masked modelling hides
  std::int64_t mask_run = 1;         // neighbours that are hidden together
  MaskedTarget masked_target = MaskedTarget::clean;
  std::int64_t seed = 0;
  double train_fraction = 1;         // of the training rows; smaller subsets lie within larger ones
  double validation_fraction = 1;    // likewise of the validation rows
  std::int64_t subset_seed = 0;      // which subsets
  sampling::Stratification stratify = sampling::Stratification::none;
  std::int64_t window_rows = 0;      // of a streamed dataset, shuffled among themselves; 0: the dataset is held whole
  std::int64_t window_block = 4096;  // consecutive rows that windows are made of
  double validate_epochs = 0;        // between validations; 0: a tenth of the run
  double checkpoint_epochs = 0;      // between checkpoints; 0: a quarter of the run
  model::ObjectiveConfig objective;
};

struct RunConfig {
  model::ModelConfig model;
  xrd::PatternOptions pattern;
  PatternContent pattern_content = PatternContent::full;
  TrainingConfig training;
};

/// One named, validated value of a RunConfig.
struct ConfigField {
  std::string key, description, value;
};

/// Preset of model and patterns with training defaults. ConfigError for an unknown name.
RunConfig preset_run(std::string_view name);
/// The same model with objectives in place of tasks, and enough tokens a pattern for them.
RunConfig for_pretraining(RunConfig config);
/// `config` with sizes, form and patterns of another model, so that its weights fit: all but what the model reads and learns.
RunConfig shaped_as(RunConfig config, const RunConfig& other);
/// All fields in order of documentation, with these values.
std::vector<ConfigField> config_fields(const RunConfig& defaults);
/// Sets one field; ConfigError naming key, value, range and an example otherwise.
void set_field(RunConfig& config, std::string_view key, std::string_view value);
/// Checks what single fields cannot: model and pattern agree, the wavelength reaches the range.
void validate(const RunConfig& config);
/// ConfigError where patterns of this configuration cannot have the artefacts of a measurement.
void validate_artefacts(const RunConfig& config);
/// "key = value" lines, complete; parse_run_config reads it back exactly.
std::string to_ini(const RunConfig& config);
RunConfig parse_run_config(std::string_view ini, std::string_view where);

}  // namespace xxact::pipeline
