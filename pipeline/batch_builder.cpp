#include "pipeline/batch_builder.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pipeline/hidden_tokens.hpp"
#include "pipeline/sampling/subset.hpp"
#include "src/base/counter_random.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

struct Share {
  std::int64_t element;
  float fraction;
};

/// Elements by falling fraction, equal ones by atomic number, as the composition encoder wants them.
void sort_composition(const io::CompositionView& composition, std::vector<Share>& shares) {
  shares.clear();
  for (std::size_t i = 0; i < composition.atomic_number.size(); ++i) shares.push_back({composition.atomic_number[i], composition.fraction[i]});
  std::stable_sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) { return a.fraction > b.fraction; });
}

/// Relative Gaussian noise on the fractions, floored well above zero so that no element vanishes; sums to 1 again.
void jitter(std::vector<Share>& shares, double strength, CounterRandom random) {
  constexpr float kSmallestFactor = 0.1F;
  float sum = 0;
  for (auto& share : shares) {
    share.fraction *= std::max(kSmallestFactor, 1.0F + static_cast<float>(strength) * random.normal());
    sum += share.fraction;
  }
  for (auto& share : shares) share.fraction /= sum;
}

/// A tensor of this shape in memory that is taken anew only where there is too little of it.
template <class T>
torch::Tensor tensor_in(torch::Tensor& memory, const std::vector<std::int64_t>& shape, bool pinned) {
  std::int64_t count = 1;
  for (const auto extent : shape) count *= extent;
  if (!memory.defined() || memory.numel() < count) memory = torch::empty({count}, torch::dtype(c10::CppTypeToScalarType<T>::value).pinned_memory(pinned));
  return memory.narrow(0, 0, count).view(shape);
}

torch::Tensor move(const torch::Tensor& tensor, const torch::Device& device) {
  return tensor.defined() ? tensor.to(device, /*non_blocking=*/true) : tensor;
}

}  // namespace

void Batch::weigh(const model::ObjectiveConfig& objective, const model::Counts& counts) {
  loss_factor = tensor_in<float>(memory.loss_factor, {model::kFactors}, pinned);
  loss_factor.copy_(model::loss_factors(objective, counts));
}

BatchBuilder::BatchBuilder(const RunConfig& config, const Standardisation& standardisation, Augmentation augmentation, Hiding hiding, const Showing& showing)
    : config_(config), standardisation_(standardisation), augmentation_(augmentation), hiding_(config.model.learns(model::Objective::masked) ? hiding : Hiding::off), showing_(showing),
      simulator_(config.model.uses_xrd() ? std::make_unique<xrd::Simulator>(config.pattern) : nullptr) {
  if (simulator_ == nullptr || (augmentation == Augmentation::on ? config.training.artefacts : showing.artefacts) == 0) return;
  xrd::PatternOptions linear = config.pattern;
  linear.square_root = false;
  // Without artefacts its patterns are those of the model's: peaks of equal width.
  xrd::PeakShape clean;
  clean.caglioti_w_deg2 = config.pattern.fwhm_deg * config.pattern.fwhm_deg;
  realistic_ = std::make_unique<xrd::RealisticSimulator>(config.pattern, clean, xrd::RealisticSimulator::Background::remove);
  impurity_simulator_ = std::make_unique<xrd::Simulator>(linear);
  impurity_.resize(static_cast<std::size_t>(config.pattern.grid.points));
  measured_.resize(impurity_.size());
}
BatchBuilder::~BatchBuilder() = default;
BatchBuilder::BatchBuilder(BatchBuilder&&) noexcept = default;

Batch BatchBuilder::build(std::span<const SampleRequest> samples) {
  Batch batch;
  build(samples, batch);
  return batch;
}

void BatchBuilder::build(std::span<const SampleRequest> samples, Batch& batch) {
  batch.samples.assign(samples.begin(), samples.end());
  batch.failure.resize(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) batch.failure[i] = unusable_reason(*samples[i].dataset, samples[i].row, config_, shown_of(samples[i]));
  if (config_.model.uses_composition()) fill_composition(batch);
  if (config_.model.uses_xrd()) fill_patterns(batch);
  if (hiding_ == Hiding::on) hide_tokens(batch);
  if (config_.model.learns(model::Objective::contrastive)) fill_formulas(batch);
  if (!samples.empty() && samples.front().labels != nullptr) fill_targets(batch);
  if (augmentation_ == Augmentation::on && config_.model.dropout > 0) {
    batch.input.sample_key = tensor_in<std::int64_t>(batch.memory.sample_key, {std::ssize(samples)}, batch.pinned);
    auto* keys = batch.input.sample_key.data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      CounterRandom random(static_cast<std::uint64_t>(config_.training.seed), Purpose::dropout, static_cast<std::uint64_t>(samples[i].epoch), static_cast<std::uint64_t>(samples[i].sample));
      keys[i] = static_cast<std::int64_t>(random.next_u64() >> 1);
    }
  }
}

void BatchBuilder::fill_composition(Batch& batch) const {
  std::size_t slots = 1;
  for (const auto& sample : batch.samples) slots = std::max(slots, sample.dataset->composition(sample.row).atomic_number.size());
  // Few different shapes, of which a GPU records one step each, and rows of the mask that its attention kernels can take as they are.
  constexpr std::size_t kSlotsOnDevice = 8;
  if (batch.pinned) slots = (slots + kSlotsOnDevice - 1) / kSlotsOnDevice * kSlotsOnDevice;
  const auto rows = std::ssize(batch.samples);
  batch.input.element = tensor_in<std::int64_t>(batch.memory.element, {rows, static_cast<std::int64_t>(slots)}, batch.pinned);
  batch.input.fraction = tensor_in<float>(batch.memory.fraction, {rows, static_cast<std::int64_t>(slots)}, batch.pinned);
  auto* element = batch.input.element.data_ptr<std::int64_t>();
  auto* fraction = batch.input.fraction.data_ptr<float>();
  std::fill_n(element, batch.input.element.numel(), 0);
  std::fill_n(fraction, batch.input.fraction.numel(), 0.0F);
  std::vector<Share> shares;
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    const auto& sample = batch.samples[i];
    sort_composition(sample.dataset->composition(sample.row), shares);
    if (shown_of(sample) == Shown::pattern) shares = {{0, 1.0F}};
    if (shares.empty()) shares.push_back({1, 1.0F});  // never predicted: the row has a failure
    if (augmentation_ == Augmentation::on && config_.training.fraction_jitter > 0)
      jitter(shares, config_.training.fraction_jitter,
             {static_cast<std::uint64_t>(config_.training.seed), Purpose::fraction_jitter, static_cast<std::uint64_t>(sample.epoch), static_cast<std::uint64_t>(sample.sample)});
    for (std::size_t j = 0; j < shares.size(); ++j) {
      element[i * slots + j] = shares[j].element;
      fraction[i * slots + j] = shares[j].fraction;
    }
  }
}

void BatchBuilder::fill_patterns(Batch& batch) {
  const auto points = static_cast<std::size_t>(config_.model.points);
  batch.input.pattern = tensor_in<float>(batch.memory.pattern, {std::ssize(batch.samples), config_.model.points}, batch.pinned);
  auto* pattern = batch.input.pattern.data_ptr<float>();
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    const auto& sample = batch.samples[i];
    const std::span<float> out(pattern + i * points, points);
    std::fill(out.begin(), out.end(), 0.0F);
    if (!batch.failure[i].empty() || shown_of(sample) == Shown::composition) continue;
    try {
      simulate(sample, out);
    } catch (const InputError& error) {
      batch.failure[i] = error.what();
      std::fill(out.begin(), out.end(), 0.0F);
    }
  }
}

void BatchBuilder::hide_tokens(Batch& batch) {
  const auto rows = std::ssize(batch.samples), patch = config_.model.patch, points = config_.model.points, tokens = config_.model.tokens();
  const auto count = hidden_count(config_.training.mask_ratio, tokens);
  batch.input.hidden = tensor_in<std::int64_t>(batch.memory.hidden, {rows, count}, batch.pinned);
  batch.targets.hidden_points = tensor_in<float>(batch.memory.hidden_points, {rows, count, patch}, batch.pinned);
  clean_.resize(static_cast<std::size_t>(points));
  auto* target = batch.targets.hidden_points.data_ptr<float>();
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto& sample = batch.samples[static_cast<std::size_t>(i)];
    const std::span<std::int64_t> hidden(batch.input.hidden.data_ptr<std::int64_t>() + i * count, static_cast<std::size_t>(count));
    choose_hidden(tokens, config_.training.mask_run, {static_cast<std::uint64_t>(config_.training.seed), Purpose::mask, static_cast<std::uint64_t>(sample.epoch), static_cast<std::uint64_t>(sample.sample)}, hidden);
    const float* pattern = batch.input.pattern.data_ptr<float>() + i * points;
    if (batch.failure[static_cast<std::size_t>(i)].empty() && config_.training.masked_target == MaskedTarget::clean && artefact_strength(sample) > 0) {
      clean_pattern(sample, 0, clean_);
      pattern = clean_.data();
    }
    for (const auto token : hidden) target = std::copy_n(pattern + token * patch, patch, target);
  }
}

double BatchBuilder::artefact_strength(const SampleRequest& sample) const {
  if (realistic_ == nullptr) return 0;
  return augmentation_ == Augmentation::off ? showing_.artefacts : config_.training.artefacts * xrd::curriculum_strength(sample.progress, 0, config_.training.artefact_ramp);
}

void BatchBuilder::simulate(const SampleRequest& sample, std::span<float> out) {
  if (const double strength = artefact_strength(sample); strength > 0) {
    simulate_measured(sample, strength, out);
    return;
  }
  clean_pattern(sample, strain_of(sample), out);
}

double BatchBuilder::strain_of(const SampleRequest& sample) const {
  if (augmentation_ == Augmentation::off || config_.training.strain == 0 || artefact_strength(sample) > 0 || config_.pattern_content == PatternContent::system) return 0;
  CounterRandom random(static_cast<std::uint64_t>(config_.training.seed), Purpose::strain, static_cast<std::uint64_t>(sample.epoch), static_cast<std::uint64_t>(sample.sample));
  return config_.training.strain * (2.0 * random.uniform() - 1.0);
}

Shown BatchBuilder::shown_of(const SampleRequest& sample) const {
  if (showing_.inputs != Shown::all) return showing_.inputs;
  const auto& [composition, pattern] = std::pair(config_.training.drop_composition, config_.training.drop_pattern);
  if (pattern > 0 && !sample.dataset->has_structure(sample.row)) return Shown::composition;
  if (augmentation_ == Augmentation::off || composition + pattern == 0) return Shown::all;
  const double drawn = static_cast<double>(
      CounterRandom(static_cast<std::uint64_t>(config_.training.seed), Purpose::absent_input, static_cast<std::uint64_t>(sample.epoch), static_cast<std::uint64_t>(sample.sample)).uniform());
  return drawn < composition ? Shown::pattern : drawn < composition + pattern ? Shown::composition : Shown::all;
}

std::int64_t BatchBuilder::pattern_row(const SampleRequest& sample) const {
  if (config_.pattern_content != PatternContent::shuffled) return sample.row;
  const auto& dataset = *sample.dataset;
  const auto rows = dataset.size();
  const auto split = dataset.split()[static_cast<std::size_t>(sample.row)];
  // From a place on that hangs on the record alone: the next row that can be simulated.
  const auto start = static_cast<std::int64_t>(sampling::record_key(static_cast<std::uint64_t>(Purpose::partner), dataset.id(sample.row)) % static_cast<std::uint64_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto row = (start + i) % rows;
    if (row != sample.row && dataset.split()[static_cast<std::size_t>(row)] == split && dataset.has_structure(row) && !simulator_->refusal(dataset.structure(row))) return row;
  }
  throw InputError("no other row of its split has a pattern that could stand in for its own");
}

void BatchBuilder::clean_pattern(const SampleRequest& sample, double strain, std::span<float> out) {
  if (config_.pattern_content != PatternContent::system) return simulator_->pattern(sample.dataset->structure(pattern_row(sample)), strain, out);
  // The middle half of one of seven parts of the pattern.
  std::fill(out.begin(), out.end(), 0.0F);
  const auto row = static_cast<std::size_t>(sample.row);
  const int given = sample.dataset->space_group()[row], system = crystal_system_of(given > 0 ? given : sample.dataset->space_group_spglib()[row]);
  if (system < 0) return;
  const auto part = out.size() / kCrystalSystems;
  std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(system) * part + part / 4), part / 2, 1.0F);
}

void BatchBuilder::simulate_measured(const SampleRequest& sample, double strength, std::span<float> out) {
  const auto& dataset = *sample.dataset;
  xrd::ArtefactRanges ranges;
  ranges.impurity_partners = dataset.size();
  const auto seed = augmentation_ == Augmentation::on ? static_cast<std::uint64_t>(config_.training.seed) : 0;
  xrd::Artefacts artefacts = draw_artefacts(ranges, seed, static_cast<std::uint64_t>(sample.epoch), static_cast<std::uint64_t>(sample.sample), strength);
  // Only what may be trained on: a pattern of the test set, even as an impurity, would have been seen.
  std::span<const float> impurity;
  const auto partner = static_cast<std::size_t>(std::max<std::int64_t>(artefacts.impurity_partner, 0));
  if (artefacts.impurity_fraction > 0 && dataset.split()[partner] == static_cast<std::uint8_t>(io::Split::train) && dataset.has_structure(artefacts.impurity_partner)) {
    try {
      impurity_simulator_->pattern(dataset.structure(artefacts.impurity_partner), 0, impurity_);
      impurity = impurity_;
    } catch (const InputError&) {
      // A partner that cannot be simulated is no impurity; as a sample it is reported where it is one.
    }
  }
  const auto own_row = pattern_row(sample);
  const auto row = static_cast<std::size_t>(own_row);
  const int given = dataset.space_group()[row], group = given > 0 ? given : dataset.space_group_spglib()[row];
  realistic_->pattern(dataset.structure(own_row), crystal_system_of(group), artefacts, impurity, out, measured_);
}

void BatchBuilder::fill_targets(Batch& batch) const {
  const auto rows = std::ssize(batch.samples);
  for (const auto task : config_.model.tasks) {
    const auto t = static_cast<std::size_t>(task);
    auto& memory = batch.memory.target[t];
    batch.targets.value[t] = model::is_regression(task) ? tensor_in<float>(memory, {rows}, batch.pinned) : tensor_in<std::int64_t>(memory, {rows}, batch.pinned);
  }
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    const auto& sample = batch.samples[i];
    RowLabels labels(*sample.labels, sample.row);
    const double strain = config_.model.uses_xrd() && shown_of(sample) != Shown::composition ? strain_of(sample) : 0;
    for (const auto task : config_.model.tasks) {
      auto& target = batch.targets.value[static_cast<std::size_t>(task)];
      if (model::is_regression(task))
        target.data_ptr<float>()[i] = target_of(task, labels.value(task) * strained(task, strain));
      else
        target.data_ptr<std::int64_t>()[i] = labels.class_of(task);
    }
  }
}

float BatchBuilder::target_of(model::Task task, double value) const {
  const auto t = static_cast<std::size_t>(task);
  if (config_.model.is_mixture(task) && value <= 0) return -std::numeric_limits<float>::infinity();
  return static_cast<float>((value - standardisation_.mean[t]) / standardisation_.scale[t]);
}

void BatchBuilder::fill_formulas(Batch& batch) const {
  batch.formula.clear();
  for (const auto& sample : batch.samples) batch.formula.push_back(formula_key(sample.dataset->composition(sample.row)));
}

std::string_view shown_name(Shown shown) {
  constexpr std::array<std::string_view, 3> kNames = {"all", "composition", "pattern"};
  return kNames[static_cast<std::size_t>(shown)];
}

std::int64_t formula_key(const io::CompositionView& composition) {
  std::vector<std::pair<std::uint8_t, float>> shares;
  for (std::size_t i = 0; i < composition.atomic_number.size(); ++i) shares.emplace_back(composition.atomic_number[i], composition.fraction[i]);
  std::sort(shares.begin(), shares.end());
  std::string bytes;
  for (const auto& [element, fraction] : shares) {
    bytes += static_cast<char>(element);
    bytes.append(reinterpret_cast<const char*>(&fraction), sizeof(fraction));
  }
  return static_cast<std::int64_t>(sampling::record_key(0, bytes));
}

double strained(model::Task task, double strain) {
  switch (task) {
    case model::Task::lattice_a:
    case model::Task::lattice_b:
    case model::Task::lattice_c: return 1 + strain;
    case model::Task::lattice_volume: return std::pow(1 + strain, 3);
    default: return 1;
  }
}

model::ModelInput to_device(const model::ModelInput& input, const torch::Device& device) {
  return {move(input.element, device), move(input.fraction, device), move(input.pattern, device), move(input.sample_key, device), move(input.hidden, device)};
}

model::Targets to_device(const model::Targets& targets, const torch::Device& device) {
  model::Targets there;
  for (std::size_t t = 0; t < there.value.size(); ++t) there.value[t] = move(targets.value[t], device);
  there.hidden_points = move(targets.hidden_points, device);
  return there;
}

std::string unusable_reason(const io::Dataset& dataset, std::int64_t row, const RunConfig& config, Shown shown) {
  const bool needs_pattern = config.model.uses_xrd() && shown != Shown::composition && config.training.drop_pattern == 0;
  if ((needs_pattern || shown == Shown::pattern) && !dataset.has_structure(row)) return "no structure, so no diffraction pattern";
  if (config.model.uses_composition() && shown != Shown::pattern && dataset.composition(row).atomic_number.empty()) return "no composition";
  return {};
}

}  // namespace xxact::pipeline
