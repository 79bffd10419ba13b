#include "tests/model/reference_case.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace xxact::model {
namespace {

std::vector<ReferenceCase> read_cases() {
  const std::string folder = XXACT_SOURCE_DIR "/tests/model/data/";
  std::ifstream text(folder + "reference.json"), binary(folder + "reference.bin", std::ios::binary);
  if (!text || !binary) throw std::runtime_error("cannot read the reference in " + folder);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(binary), {}};
  std::vector<ReferenceCase> cases;
  for (const auto& entry : nlohmann::json::parse(text)) {
    ReferenceCase reference{entry.at("name"), parse_model_config(entry.at("config").get<std::string>()), {}};
    for (const auto& tensor : entry.at("tensors")) {
      const auto shape = tensor.at("shape").get<std::vector<std::int64_t>>();
      auto value = torch::empty(shape, torch::kFloat32);
      const auto first = tensor.at("first").get<std::size_t>() * 4, count = static_cast<std::size_t>(value.numel()) * 4;
      if (first + count > bytes.size()) throw std::runtime_error("reference.bin is too short");
      std::memcpy(value.data_ptr(), bytes.data() + first, count);
      reference.tensors[tensor.at("name")] = value;
    }
    cases.push_back(std::move(reference));
  }
  return cases;
}

}  // namespace

const std::vector<ReferenceCase>& reference_cases() {
  static const auto cases = read_cases();
  return cases;
}

const ReferenceCase& reference_case(const std::string& name) {
  for (const auto& reference : reference_cases())
    if (reference.name == name) return reference;
  throw std::runtime_error("no reference case " + name);
}

ModelInput ReferenceCase::input() const {
  return {(*this)["element"].to(torch::kInt64), (*this)["fraction"], (*this)["pattern"], {}};
}

XxactModel ReferenceCase::build() const {
  XxactModel model(config, (*this)["table"], 1);
  torch::NoGradGuard no_grad;
  std::size_t loaded = 0;
  for (auto& item : model->named_parameters()) {
    const auto& weight = tensors.at("weight/" + item.key());
    if (weight.sizes() != item.value().sizes()) throw std::runtime_error(item.key() + " has another shape in the reference");
    item.value().copy_(weight);
    ++loaded;
  }
  const auto expected = std::count_if(tensors.begin(), tensors.end(), [](const auto& t) { return t.first.starts_with("weight/"); });
  if (static_cast<std::size_t>(expected) != loaded) throw std::runtime_error("the reference has weights that the model lacks: " + name);
  return model;
}

torch::Tensor joint_output(const ModelConfig& config, const ModelOutput& output) {
  std::vector<torch::Tensor> parts;
  for (const Task task : config.tasks) parts.push_back(output.head[static_cast<std::size_t>(task)]);
  return torch::cat(parts, 1);
}

double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>() / std::max(1.0, b.abs().max().item<double>());
}

}  // namespace xxact::model
