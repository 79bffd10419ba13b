#include "pipeline/run_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "pipeline/xrd/artefacts.hpp"
#include "src/base/error.hpp"
#include "src/base/nearest_name.hpp"

namespace xxact::pipeline {
namespace {

/// A field of patterns or training; those of the model come from model::describe_fields.
struct Field {
  std::string key, description;
  std::function<std::string(const RunConfig&)> get;
  std::function<void(RunConfig&, std::string_view)> set;
};

template <class T>
T parse_number(std::string_view key, std::string_view text, T low, T high) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high))
    throw ConfigError("{} = '{}' is not a number from {} to {}", key, text, low, high);
  return value;
}

template <class T, class Member>
Field number(std::string key, std::string description, Member member, T low, T high) {
  return {key, description + fmt::format(" [{} to {}]", low, high),
          [member](const RunConfig& c) { return fmt::format("{}", member(const_cast<RunConfig&>(c))); },
          [=](RunConfig& c, std::string_view text) { member(c) = parse_number<T>(key, text, low, high); }};
}

template <class Member>
Field toggle(std::string key, std::string description, Member member) {
  return {key, description + " [on, off]",
          [member](const RunConfig& c) { return std::string(member(const_cast<RunConfig&>(c)) ? "on" : "off"); },
          [=](RunConfig& c, std::string_view text) {
            if (text != "on" && text != "off") throw ConfigError("{} = '{}' is neither on nor off", key, text);
            member(c) = text == "on";
          }};
}

/// One of several names, in the order of the enumeration's values.
template <class Enum, class Member>
Field choice(std::string key, std::string description, std::vector<std::string> names, Member member) {
  return {key, description + fmt::format(" [{}]", fmt::join(names, ", ")),
          [=](const RunConfig& c) { return names[static_cast<std::size_t>(member(const_cast<RunConfig&>(c)))]; },
          [=](RunConfig& c, std::string_view text) {
            const auto found = std::find(names.begin(), names.end(), text);
            if (found == names.end()) throw ConfigError("{} = '{}' is not one of {}", key, text, fmt::join(names, ", "));
            member(c) = static_cast<Enum>(found - names.begin());
          }};
}

std::vector<model::Part> parse_parts(std::string_view text) {
  std::vector<model::Part> parts;
  while (!text.empty() && text != "none") {
    const auto name = text.substr(0, text.find(','));
    const auto found = std::ranges::find_if(model::kParts, [&](model::Part part) { return model::part_name(part) == name; });
    if (found == model::kParts.end()) throw ConfigError("freeze names '{}', which is none of composition, xrd, fusion", name);
    parts.push_back(*found);
    text.remove_prefix(std::min(text.size(), name.size() + 1));
  }
  return parts;
}

std::vector<Field> pattern_fields() {
  std::vector<Field> fields;
  fields.push_back({"wavelength", "radiation of the patterns: a name (CuKa, MoKa, ...) or angstrom",
                    [](const RunConfig& c) { return fmt::format("{}", c.pattern.simulation.wavelength_angstrom); },
                    [](RunConfig& c, std::string_view text) {
                      const auto radiation = xrd::parse_radiation(text);
                      if (radiation.second_intensity > 0) throw ConfigError("wavelength '{}': a model's patterns have one wavelength; give its mean (Ka) or one of its lines", text);
                      c.pattern.simulation.wavelength_angstrom = radiation.wavelength_angstrom;
                    }});
  fields.push_back(number<double>("two-theta-min", "start of the pattern grid, degrees", [](RunConfig& c) -> double& { return c.pattern.grid.two_theta_min_deg; }, 0.1, 170.0));
  fields.push_back(number<double>("two-theta-max", "end of the pattern grid, degrees", [](RunConfig& c) -> double& { return c.pattern.grid.two_theta_max_deg; }, 1.0, 179.0));
  fields.push_back(number<double>("fwhm", "Gaussian full width at half maximum of the lines, degrees", [](RunConfig& c) -> double& { return c.pattern.fwhm_deg; }, 0.001, 10.0));
  fields.push_back(choice<xrd::FormFactors>("form-factors", "atomic form factors", {"it92", "pymatgen", "neutron", "waasmaier-kirfel"}, [](RunConfig& c) -> auto& { return c.pattern.simulation.form_factors; }));
  fields.push_back(toggle("dispersion", "anomalous dispersion f', f''", [](RunConfig& c) -> bool& { return c.pattern.simulation.dispersion; }));
  fields.push_back(choice<PatternContent>("pattern-content", "what a row's pattern tells, to see what the model makes of it: full; shuffled: that of another row of the same split; system: its crystal system alone", {"full", "shuffled", "system"}, [](RunConfig& c) -> auto& { return c.pattern_content; }));
  fields.push_back(toggle("square-root", "square root of the intensities, which lifts weak lines", [](RunConfig& c) -> bool& { return c.pattern.square_root; }));
  return fields;
}

/// "formation-energy", "crystal-system", ...
std::string weight_name(model::Task task) {
  if (task == model::Task::formation_energy_per_atom) return "formation-energy";
  std::string name(model::task_name(task));
  std::ranges::replace(name, '_', '-');
  return name;
}

std::vector<Field> training_fields() {
  using T = RunConfig;
  std::vector<Field> f;
  f.push_back(number<double>("epochs", "passes over the training rows", [](T& c) -> double& { return c.training.epochs; }, 1e-6, 1e6));
  f.push_back(number<std::int64_t>("global-batch", "samples an optimiser step, over all ranks", [](T& c) -> auto& { return c.training.global_batch; }, 1, 1 << 24));
  f.push_back(number<double>("batch-ramp", "share of the samples over which the batch grows, doubling, from batch-start to global-batch; 0: it is global-batch from the start", [](T& c) -> double& { return c.training.batch_ramp; }, 0.0, 1.0));
  f.push_back(number<std::int64_t>("batch-start", "samples an optimiser step at the start of batch-ramp", [](T& c) -> auto& { return c.training.batch_start; }, 1, 1 << 24));
  f.push_back(choice<RampRate>("ramp-rate", "learning rate while the batch grows: root: times the root of its share of global-batch; constant: as for the whole batch", {"root", "constant"}, [](T& c) -> auto& { return c.training.ramp_rate; }));
  f.push_back(number<std::int64_t>("micro-batch", "samples a forward pass on one rank; 0: the rank's share, or as much of it as fits its memory, on a CPU at most 1024", [](T& c) -> auto& { return c.training.micro_batch; }, 0, 1 << 20));
  f.push_back(choice<PrecisionChoice>("precision", "of the model's products: fp32; bf16 with weights and sums in fp32; auto: bf16 on GPUs, fp32 on CPUs", {"auto", "fp32", "bf16"}, [](T& c) -> auto& { return c.training.precision; }));
  f.push_back(choice<model::UpdateRule>("optimizer", "adamw; lamb: layer-wise step sizes for large batches", {"adamw", "lamb"}, [](T& c) -> auto& { return c.training.optimizer; }));
  f.push_back(number<double>("learning-rate", "peak learning rate", [](T& c) -> double& { return c.training.learning_rate; }, 0.0, 1.0));
  f.push_back(number<double>("warmup-fraction", "part of the samples with linearly rising learning rate", [](T& c) -> double& { return c.training.warmup_fraction; }, 0.0, 1.0));
  f.push_back(number<double>("weight-decay", "decoupled weight decay of the matrices", [](T& c) -> double& { return c.training.weight_decay; }, 0.0, 10.0));
  f.push_back(number<double>("layer-rate-decay", "factor of the learning rate for every layer between a parameter and the prediction, for models that start from others", [](T& c) -> double& { return c.training.layer_rate_decay; }, 0.01, 1.0));
  f.push_back({"freeze", "parts that stay as they are: composition, xrd, fusion, joined by commas, or none",
               [](const T& c) {
                 std::vector<std::string_view> names;
                 for (const auto part : c.training.frozen) names.push_back(model::part_name(part));
                 return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ","));
               },
               [](T& c, std::string_view text) { c.training.frozen = parse_parts(text); }});
  f.push_back(number<double>("gradient-clip", "largest global gradient norm; 0: no clipping", [](T& c) -> double& { return c.training.gradient_clip; }, 0.0, 1e9));
  f.push_back(number<double>("spike-factor", "an update is skipped when its gradient norm is more than this many times the usual one; 0: only when it is not finite", [](T& c) -> double& { return c.training.spike_factor; }, 0.0, 1e9));
  f.push_back(number<std::int64_t>("skipped-in-a-row", "updates that may be skipped one behind the other before the run ends with an error", [](T& c) -> auto& { return c.training.skipped_in_a_row; }, 0, 1 << 20));
  f.push_back(number<double>("average-decay", "decay of the averaged weights that are validated and kept; 0: no averaging", [](T& c) -> double& { return c.training.average_decay; }, 0.0, 0.999999));
  f.push_back(number<double>("strain", "isotropic strain of training patterns, uniform in +- this", [](T& c) -> double& { return c.training.strain; }, 0.0, 0.2));
  f.push_back(number<double>("artefacts", "strength of the artefacts of a real measurement in training patterns (docs/physics.md), 0 to 1; 0: clean", [](T& c) -> double& { return c.training.artefacts; }, 0.0, 1.0));
  f.push_back(number<double>("artefact-ramp", "share of the samples over which the artefacts grow from nothing to their strength", [](T& c) -> double& { return c.training.artefact_ramp; }, 0.0, 1.0));
  f.push_back(number<double>("fraction-jitter", "relative standard deviation of training compositions (CrabNet: 0.02)", [](T& c) -> double& { return c.training.fraction_jitter; }, 0.0, 0.2));
  f.push_back(number<double>("drop-composition", "share of training samples whose composition the model is not shown, so that it can do without", [](T& c) -> double& { return c.training.drop_composition; }, 0.0, 1.0));
  f.push_back(number<double>("drop-pattern", "share of training samples whose pattern the model is not shown, none of those without composition; rows without a structure can be given to it then", [](T& c) -> double& { return c.training.drop_pattern; }, 0.0, 1.0));
  f.push_back(number<double>("mask-ratio", "share of a pattern's tokens that masked modelling hides; at least one", [](T& c) -> double& { return c.training.mask_ratio; }, 0.0, 0.99));
  f.push_back(number<std::int64_t>("mask-run", "neighbouring tokens that are hidden together", [](T& c) -> auto& { return c.training.mask_run; }, 1, 1 << 20));
  f.push_back(choice<MaskedTarget>("masked-target", "what hidden tokens are to be rebuilt as: the clean pattern, or the one that is seen, artefacts and strain included", {"clean", "seen"}, [](T& c) -> auto& { return c.training.masked_target; }));
  f.push_back(number<std::int64_t>("seed", "of weights, order and augmentation", [](T& c) -> auto& { return c.training.seed; }, 0, INT64_MAX));
  f.push_back(number<double>("train-fraction", "share of the training rows to learn from; subsets of one subset-seed are nested and hold known labels and crystal systems in proportion", [](T& c) -> double& { return c.training.train_fraction; }, 1e-9, 1.0));
  f.push_back(number<double>("validation-fraction", "share of the validation rows to validate on, taken likewise; a streamed run holds them in memory", [](T& c) -> double& { return c.training.validation_fraction; }, 1e-9, 1.0));
  f.push_back(number<std::int64_t>("subset-seed", "which rows train-fraction and validation-fraction take, apart from seed", [](T& c) -> auto& { return c.training.subset_seed; }, 0, INT64_MAX));
  f.push_back(choice<sampling::Stratification>("stratify", "labels: every batch holds known labels and crystal systems in proportion", {"none", "labels"}, [](T& c) -> auto& { return c.training.stratify; }));
  f.push_back(number<std::int64_t>("window-rows", "stream a dataset larger than memory: rows of the file a window, of which two lie in memory; shuffled within; 0: hold all", [](T& c) -> auto& { return c.training.window_rows; }, 0, INT64_C(1) << 40));
  f.push_back(number<std::int64_t>("window-block", "consecutive rows of the file that windows are drawn by", [](T& c) -> auto& { return c.training.window_block; }, 1, 1 << 16));
  f.push_back(number<double>("validate-epochs", "epochs between validations; 0: a tenth of the run", [](T& c) -> double& { return c.training.validate_epochs; }, 0.0, 1e6));
  f.push_back(number<double>("checkpoint-epochs", "epochs between checkpoints; 0: a quarter of the run", [](T& c) -> double& { return c.training.checkpoint_epochs; }, 0.0, 1e6));
  f.push_back(choice<model::RegressionLoss>("regression-loss", "robust_l1: Laplace likelihood; l1: absolute error, log-scale learned apart", {"robust_l1", "l1"}, [](T& c) -> auto& { return c.training.objective.regression; }));
  f.push_back(number<double>("label-smoothing", "of classes", [](T& c) -> double& { return c.training.objective.label_smoothing; }, 0.0, 0.9));
  for (const auto task : model::kTasks) {
    const auto index = static_cast<std::size_t>(task);
    f.push_back(number<double>(fmt::format("weight-{}", weight_name(task)), "of this task in the loss",
                               [index](T& c) -> double& { return c.training.objective.weight[index]; }, 0.0, 1e6));
  }
  f.push_back(number<double>("weight-masked", "of masked modelling in the loss; its squared errors are of the order of a hundredth", [](T& c) -> double& { return c.training.objective.masked_weight; }, 0.0, 1e6));
  f.push_back(number<double>("weight-contrastive", "of contrastive learning in the loss", [](T& c) -> double& { return c.training.objective.contrastive_weight; }, 0.0, 1e6));
  return f;
}

const std::vector<Field>& own_fields() {
  static const std::vector<Field> fields = [] {
    auto all = pattern_fields();
    for (auto& field : training_fields()) all.push_back(std::move(field));
    return all;
  }();
  return fields;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

RunConfig preset_run(std::string_view name) {
  RunConfig config;
  config.model = model::preset(name);
  return config;
}

RunConfig for_pretraining(RunConfig config) {
  constexpr std::int64_t kTokens = 64;
  config.model.tasks.clear();
  config.model.objectives = {model::Objective::masked};
  if (config.model.mode == model::Mode::bimodal) config.model.objectives.push_back(model::Objective::contrastive);
  config.model.composition_skip = false;
  if (config.model.uses_xrd() && config.model.tokens() < kTokens && config.model.points % kTokens == 0) config.model.patch = config.model.points / kTokens;
  return config;
}

RunConfig shaped_as(RunConfig config, const RunConfig& other) {
  const auto kept = config.model;
  config.model = other.model;
  config.model.mode = kept.mode;
  config.model.tasks = kept.tasks;
  config.model.objectives = kept.objectives;
  config.model.composition_skip = kept.composition_skip;
  config.pattern = other.pattern;
  return config;
}

std::vector<ConfigField> config_fields(const RunConfig& defaults) {
  std::vector<ConfigField> fields;
  for (const auto& field : model::describe_fields(defaults.model)) fields.push_back({field.key, field.description, field.value});
  for (const auto& field : own_fields()) fields.push_back({field.key, field.description, field.get(defaults)});
  return fields;
}

void set_field(RunConfig& config, std::string_view key, std::string_view value) {
  for (const auto& field : own_fields())
    if (field.key == key) return field.set(config, value);
  std::vector<std::string> known;
  for (const auto& field : config_fields(config)) known.push_back(field.key);
  if (std::find(known.begin(), known.end(), key) == known.end()) throw ConfigError("unknown configuration key '{}'{}", key, suggestion(key, known));
  model::set_field(config.model, key, value);
}

constexpr double kWidestLineWithArtefacts = 1;  // degrees; two thirds of SNIP's window, see xrd::SnipOptions

void validate_artefacts(const RunConfig& config) {
  if (config.pattern_content == PatternContent::system) throw ConfigError("pattern-content = system with artefacts: what stands for the crystal system is no pattern that is measured");
  check(xrd::ArtefactRanges{}, config.pattern.grid);
  if (config.pattern.fwhm_deg > kWidestLineWithArtefacts)
    throw ConfigError("fwhm = {} with artefacts: the background that is taken off such patterns would take lines wider than {} degrees with it", config.pattern.fwhm_deg, kWidestLineWithArtefacts);
}

void validate(const RunConfig& config) {
  model::validate(config.model);
  const auto& grid = config.pattern.grid;
  if (grid.two_theta_max_deg <= grid.two_theta_min_deg)
    throw ConfigError("two-theta-max = {} must be larger than two-theta-min = {}", grid.two_theta_max_deg, grid.two_theta_min_deg);
  if (config.training.artefacts > 0) validate_artefacts(config);
  if (config.training.batch_ramp > 0 && config.training.batch_start > config.training.global_batch)
    throw ConfigError("batch-start = {} is more than global-batch = {}", config.training.batch_start, config.training.global_batch);
  if (config.training.window_rows > 0 && config.training.window_rows < config.training.window_block)
    throw ConfigError("window-rows = {} is less than a block of {} rows (window-block)", config.training.window_rows, config.training.window_block);
  if (config.training.drop_composition + config.training.drop_pattern > 0 && config.model.mode != model::Mode::bimodal)
    throw ConfigError("drop-composition and drop-pattern leave one of two inputs: they need mode = bimodal");
  if (config.training.drop_composition + config.training.drop_pattern > 0 && !config.model.objectives.empty())
    throw ConfigError("drop-composition and drop-pattern cannot be had with objectives, which need both inputs");
  if (config.training.drop_composition + config.training.drop_pattern > 1)
    throw ConfigError("drop-composition = {} and drop-pattern = {}: no sample can lack both", config.training.drop_composition, config.training.drop_pattern);
  if (config.training.window_rows > 0 && config.pattern_content == PatternContent::shuffled)
    throw ConfigError("pattern-content = shuffled takes patterns of the whole split: it cannot be had with window-rows = {}", config.training.window_rows);
  if (config.training.window_rows > 0 && config.training.stratify != sampling::Stratification::none)
    throw ConfigError("stratify = labels cannot be had with window-rows = {}: windows are shuffled whole", config.training.window_rows);
  if (config.training.artefacts > 0 && config.training.strain > 0)
    throw ConfigError("strain = {} and artefacts = {}: the artefacts bring a strain of their own, so leave strain at 0", config.training.strain, config.training.artefacts);
}

std::string to_ini(const RunConfig& config) {
  std::string text = model::to_ini(config.model);
  for (const auto& field : own_fields()) text += fmt::format("{} = {}\n", field.key, field.get(config));
  return text;
}

RunConfig parse_run_config(std::string_view ini, std::string_view where) {
  RunConfig config;
  std::istringstream lines{std::string(ini)};
  for (std::string line; std::getline(lines, line);) {
    const auto text = trim(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) throw ConfigError("{}: '{}' is not 'key = value'", where, text);
    set_field(config, trim(text.substr(0, equals)), trim(text.substr(equals + 1)));
  }
  config.pattern.grid.points = static_cast<int>(config.model.points);
  config.model.two_theta_min_deg = config.pattern.grid.two_theta_min_deg;
  config.model.two_theta_max_deg = config.pattern.grid.two_theta_max_deg;
  config.pattern.simulation.two_theta_min_deg = config.pattern.grid.two_theta_min_deg;
  config.pattern.simulation.two_theta_max_deg = config.pattern.grid.two_theta_max_deg;
  validate(config);
  return config;
}

}  // namespace xxact::pipeline
