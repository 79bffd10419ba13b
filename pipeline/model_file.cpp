#include "pipeline/model_file.hpp"

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr char kConfiguration[] = "configuration";
constexpr char kDatasetHash[] = "dataset_hash";
constexpr char kVersion[] = "program_version";
constexpr char kGapMixture[] = "calibration/gap_mixture";  // metal_temperature, gap_eccentricity

std::span<const double> read_values(const io::Checkpoint& file, const std::string& name, std::size_t count) {
  const auto* array = file.find(name);
  const auto* values = array != nullptr ? std::get_if<std::span<const double>>(&array->data) : nullptr;
  if (values == nullptr || values->size() != count) throw InputError("{}: the array '{}' of {} float64 is missing: not a model of this version of the program", file.path().string(), name, count);
  return *values;
}

model::PerTask<double> read_per_task(const io::Checkpoint& file, const std::string& name) {
  model::PerTask<double> all;
  std::ranges::copy(read_values(file, name, all.size()), all.begin());
  return all;
}

}  // namespace

void NamedArrays::add(const std::string& prefix, const model::FlatParameters& flat, const torch::Tensor& flat_buffer) {
  kept_.push_back(flat_buffer.detach().to(torch::TensorOptions(torch::kCPU).dtype(torch::kFloat32), /*non_blocking=*/false, /*copy=*/snapshot_ == Snapshot::copy));
  const auto* values = kept_.back().data_ptr<float>();
  for (const auto& parameter : flat.parameters())
    arrays_.push_back({prefix + "/" + parameter.name, parameter.shape, std::span<const float>(values + parameter.offset, static_cast<std::size_t>(parameter.size))});
}

void NamedArrays::add(const std::string& name, std::span<const double> values) {
  kept_values_.push_back(std::make_unique<std::vector<double>>(values.begin(), values.end()));
  arrays_.push_back({name, {std::ssize(values)}, std::span<const double>(*kept_values_.back())});
}

void describe_model(const ModelDescription& description, NamedArrays& arrays, io::CheckpointContent& content) {
  arrays.add("standardisation/mean", description.standardisation.mean);
  arrays.add("standardisation/scale", description.standardisation.scale);
  arrays.add("calibration/std_factor", description.calibration.std_factor);
  arrays.add("calibration/interval90", description.calibration.interval90);
  arrays.add("calibration/temperature", description.calibration.temperature);
  if (description.config.model.is_mixture(model::Task::band_gap)) arrays.add(kGapMixture, std::array{description.calibration.metal_temperature, description.calibration.gap_eccentricity});
  content.texts[kConfiguration] = to_ini(description.config);
  content.texts[kDatasetHash] = description.dataset_hash;
  content.texts[kVersion] = description.program_version;
  content.integers["step"] = description.step;
  content.integers["consumed_samples"] = description.consumed_samples;
}

ModelDescription read_description(const io::Checkpoint& file) {
  ModelDescription description;
  try {
    description.config = parse_run_config(file.text(kConfiguration), file.path().string());
  } catch (const ConfigError& error) {
    throw InputError("{}: its configuration cannot be used: {}", file.path().string(), error.what());
  }
  description.standardisation = {read_per_task(file, "standardisation/mean"), read_per_task(file, "standardisation/scale")};
  description.calibration.std_factor = read_per_task(file, "calibration/std_factor");
  description.calibration.interval90 = read_per_task(file, "calibration/interval90");
  description.calibration.temperature = read_per_task(file, "calibration/temperature");
  if (description.config.model.is_mixture(model::Task::band_gap)) {
    const auto values = read_values(file, kGapMixture, 2);
    description.calibration.metal_temperature = values[0];
    description.calibration.gap_eccentricity = values[1];
  }
  description.dataset_hash = file.text(kDatasetHash);
  description.program_version = file.text(kVersion);
  description.step = file.integer("step");
  description.consumed_samples = file.integer("consumed_samples");
  return description;
}

void read_flat(const io::Checkpoint& file, const std::string& prefix, const model::FlatParameters& flat, const torch::Tensor& flat_buffer) {
  const torch::NoGradGuard guard;
  auto host = torch::empty({flat.size()}, torch::kFloat32);
  for (const auto& parameter : flat.parameters()) {
    const auto values = file.floats(prefix + "/" + parameter.name, parameter.shape);
    std::copy(values.begin(), values.end(), host.data_ptr<float>() + parameter.offset);
  }
  flat_buffer.copy_(host);
}

std::filesystem::path model_file_of(const std::filesystem::path& run) {
  const auto file = std::filesystem::is_directory(run) ? run / "best.h5" : run;
  if (!std::filesystem::exists(file)) throw InputError("{}: there is no model: give a run folder with a best.h5, or a model file", run.string());
  return file;
}

LoadedModel load_model(const std::filesystem::path& run, const torch::Device& device) {
  LoadedModel loaded;
  loaded.path = model_file_of(run);
  const auto file = io::read_checkpoint(loaded.path);
  loaded.description = read_description(file);
  loaded.digest = file.digest();
  loaded.net = model::XxactModel(loaded.description.config.model, model::mat2vec_table(), 0);
  loaded.net->to(device);
  const model::FlatParameters flat(*loaded.net);
  read_flat(file, "weights", flat, flat.weights());
  return loaded;
}

}  // namespace xxact::pipeline
