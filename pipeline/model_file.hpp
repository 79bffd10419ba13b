// A trained model in one file (RUN/best.h5, RUN/checkpoints/*.h5): weights, the configuration that it obeys, standardisation,
// calibration and provenance. The layout is in docs/data-format.md; io/checkpoint.hpp reads and writes the file itself.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "io/checkpoint.hpp"
#include "model/flat_parameters.hpp"
#include "model/xxact_model.hpp"
#include "pipeline/calibration.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/run_config.hpp"

namespace xxact::pipeline {

/// What a model file says besides its weights.
struct ModelDescription {
  RunConfig config;
  Standardisation standardisation;
  Calibration calibration;
  std::string dataset_hash, program_version;
  std::int64_t step = 0, consumed_samples = 0;
};

/// Flat buffers cut into named arrays in host memory, kept alive for writing: as copies, so that their owner can go on, or, where they
/// are in host memory already, as they are, if the owner leaves them alone meanwhile.
enum class Snapshot { copy, share };
class NamedArrays {
 public:
  explicit NamedArrays(Snapshot snapshot = Snapshot::copy) : snapshot_(snapshot) {}
  /// Adds `prefix/<parameter name>` for every parameter, values from `flat_buffer` ([N] float32, any device).
  void add(const std::string& prefix, const model::FlatParameters& flat, const torch::Tensor& flat_buffer);
  void add(const std::string& name, std::span<const double> values);
  const std::vector<io::CheckpointArray>& arrays() const { return arrays_; }

 private:
  Snapshot snapshot_;
  std::vector<torch::Tensor> kept_;
  std::vector<std::unique_ptr<std::vector<double>>> kept_values_;
  std::vector<io::CheckpointArray> arrays_;
};

/// Arrays, texts and integers of the description, added to `content` and `arrays`.
void describe_model(const ModelDescription& description, NamedArrays& arrays, io::CheckpointContent& content);
/// Reads them back; InputError naming the file and what is wrong.
ModelDescription read_description(const io::Checkpoint& file);

/// Fills `flat_buffer` from arrays `prefix/<parameter name>`; InputError when one is missing or has another shape.
void read_flat(const io::Checkpoint& file, const std::string& prefix, const model::FlatParameters& flat, const torch::Tensor& flat_buffer);

struct LoadedModel {
  model::XxactModel net{nullptr};
  ModelDescription description;
  std::string digest;          // names the model in results
  std::filesystem::path path;  // the file
};

/// `run` is a run folder (its best.h5) or a model file. Each rank reads for itself.
LoadedModel load_model(const std::filesystem::path& run, const torch::Device& device);
std::filesystem::path model_file_of(const std::filesystem::path& run);

}  // namespace xxact::pipeline
