// What a model is made of. A plain value: no Torch here, so configuration and checkpoints can speak of models cheaply.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xxact::model {

enum class Mode { composition, xrd, bimodal };
/// lattice_a, _b, _c: lengths of the three shortest independent translations; lattice_volume: of the primitive cell.
enum class Task { formation_energy_per_atom, band_gap, crystal_system, space_group, lattice_a, lattice_b, lattice_c, lattice_volume };
/// What a model learns without labels: the hidden tokens of a pattern, or which pattern belongs to which composition.
enum class Objective { masked, contrastive };
/// Parts of a model that another can bring.
enum class Part { composition, xrd, fusion };
enum class XrdEncoderKind { transformer, convolution };
enum class NormPlacement { post, pre };
enum class Activation { relu, gelu };
/// How the two fraction codes are scaled: CrabNet's 2^((1-s)^2) (gradient zero at its start) or a trainable exponent 2^s.
enum class PositionScaler { crabnet, exponent };
/// What is said of a band gap: a value, or the probability that there is none and the distribution of the others.
enum class GapHead { value, mixture };

inline constexpr std::array<Part, 3> kParts = {Part::composition, Part::xrd, Part::fusion};
inline constexpr std::array<Objective, 2> kObjectives = {Objective::masked, Objective::contrastive};
inline constexpr std::array<Task, 8> kTasks = {Task::formation_energy_per_atom, Task::band_gap, Task::crystal_system, Task::space_group,
                                               Task::lattice_a, Task::lattice_b, Task::lattice_c, Task::lattice_volume};

/// One value a task, in the order of kTasks.
template <class T>
using PerTask = std::array<T, kTasks.size()>;
template <class T>
constexpr PerTask<T> for_each_task(T value) {
  PerTask<T> all;
  all.fill(value);
  return all;
}

/// The label's name in dataset and result files: "formation_energy_per_atom", "band_gap", "crystal_system", "space_group", "lattice_a", ...
std::string_view task_name(Task task);
/// "masked" or "contrastive".
std::string_view objective_name(Objective objective);
/// "composition", "xrd" or "fusion": how the names of its parameters begin.
std::string_view part_name(Part part);
/// "composition", "xrd" or "bimodal".
std::string_view mode_name(Mode mode);
/// 7 crystal systems, 230 space groups; 0: a regression.
int task_classes(Task task);
inline bool is_regression(Task task) { return task_classes(task) == 0; }
/// Whether the label is computed from a row's structure, so that no column of the dataset has it.
inline bool follows_from_structure(Task task) { return task >= Task::crystal_system; }

struct ModelConfig {
  Mode mode = Mode::bimodal;
  std::vector<Task> tasks = {Task::formation_energy_per_atom};  // may be empty with objectives
  std::vector<Objective> objectives;              // beside the tasks
  std::int64_t width = 64;                        // d_model of every part
  std::int64_t heads = 4;
  std::int64_t feed_forward = 4;                  // hidden width of the feed-forward blocks / width
  std::int64_t composition_layers = 2;
  std::int64_t xrd_layers = 2;
  std::int64_t fusion_layers = 2;
  std::int64_t points = 1024;                     // points of a pattern
  std::int64_t patch = 64;                        // points a token
  XrdEncoderKind xrd_encoder = XrdEncoderKind::transformer;
  bool sine_squared = false;                      // patterns come with sin^2(theta) as a second channel
  double two_theta_min_deg = 5, two_theta_max_deg = 90;  // of the points; run configurations take them from the pattern's grid, to_ini() leaves them out
  std::vector<std::int64_t> head_widths = {128, 64};
  double dropout = 0.0;                           // residual branches and feed-forward hidden layer
  bool composition_skip = false;                  // add the composition-only prediction to the fused one
  NormPlacement norm = NormPlacement::pre;
  Activation activation = Activation::gelu;
  PositionScaler scaler = PositionScaler::exponent;
  GapHead gap_head = GapHead::value;
  std::int64_t projection = 128;                  // width of the space in which patterns and compositions are compared

  std::int64_t tokens() const { return points / patch; }
  bool uses_composition() const { return mode != Mode::xrd; }
  bool uses_xrd() const { return mode != Mode::composition; }
  bool learns(Objective objective) const { return std::find(objectives.begin(), objectives.end(), objective) != objectives.end(); }
  /// Outputs of a task's head: (mean, log-scale) of regressions, and the logit of a metal of a band gap as a mixture; logits of classes.
  int outputs(Task task) const { return is_regression(task) ? (is_mixture(task) ? 3 : 2) : task_classes(task); }
  bool is_mixture(Task task) const { return task == Task::band_gap && gap_head == GapHead::mixture; }
  /// Whether anything is said of fused tokens; contrastive learning alone concerns the encoders.
  bool uses_fusion() const { return mode == Mode::bimodal && (!tasks.empty() || learns(Objective::masked)); }
};

/// "small" (two CPU cores), "paper" (82 M parameters, GPU), "crabnet" (the published composition model). ConfigError for another name.
ModelConfig preset(std::string_view name);
/// Throws ConfigError naming the field when the configuration cannot be built (points not a multiple of patch, ...).
void validate(const ModelConfig& config);

/// One "key = value" a line, the form stored in run folders and checkpoints; read back by parse_model_config.
std::string to_ini(const ModelConfig& config);
/// Sets one field by its key ("width", "head-widths" as "128,64", "tasks" as names joined by commas, "mode", ...).
/// ConfigError for an unknown key or a value out of range, with the allowed values.
void set_field(ModelConfig& config, std::string_view key, std::string_view value);
/// All keys in the order of to_ini, for options and documentation: key, description, default of preset small.
struct FieldDescription { std::string key, description, value; };
std::vector<FieldDescription> describe_fields(const ModelConfig& defaults);
ModelConfig parse_model_config(std::string_view ini);

}  // namespace xxact::model
