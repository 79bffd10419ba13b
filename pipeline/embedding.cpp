#include "pipeline/embedding.hpp"

#include <algorithm>
#include <limits>

#include "io/results_table.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

using nlohmann::json;

constexpr std::int64_t kShownComponents = 10;

struct EmbeddedRows {
  std::map<std::string, torch::Tensor> embeddings;  // [N, D] float32 on the host; rows without one are NaN
  std::vector<std::string> failure;                 // [N]
};

EmbeddedRows embed_rows(LoadedModel& loaded, const io::Dataset& dataset, std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options) {
  const torch::InferenceMode guard;
  const auto& config = loaded.description.config;
  loaded.net->eval();
  auto loader = load_rows(config, loaded.description.standardisation, dataset, rows, options);
  const auto precision = precision_on(device, config.training.precision);
  std::map<std::string, std::vector<torch::Tensor>> parts;
  if (config.model.uses_composition()) parts["composition"] = {torch::empty({0, config.model.width})};
  if (config.model.uses_xrd()) parts["xrd"] = {torch::empty({0, config.model.width})};
  if (config.model.uses_fusion()) parts["fused"] = {torch::empty({0, config.model.width})};
  EmbeddedRows out;
  while (Batch* batch = loader.next()) {
    const auto input = to_device(batch->input, device);
    const auto embeddings = [&] {
      const model::PrecisionScope scope(device, precision);
      return loaded.net->embed(input);
    }();
    for (const auto& [name, tensor] : {std::pair("composition", embeddings.composition), std::pair("xrd", embeddings.xrd), std::pair("fused", embeddings.fused)}) {
      if (!tensor.defined()) continue;
      auto host = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
      for (std::size_t i = 0; i < batch->failure.size(); ++i)
        if (!batch->failure[i].empty()) host[static_cast<std::int64_t>(i)].fill_(std::numeric_limits<float>::quiet_NaN());
      parts[name].push_back(host);
    }
    for (auto& failure : batch->failure) out.failure.push_back(std::move(failure));
    if (options.progress) options.progress(std::ssize(out.failure));
  }
  for (const auto& [name, tensors] : parts) out.embeddings[name] = torch::cat(tensors);
  return out;
}

io::ResultRows result_rows(const EmbeddedRows& embedded, const io::Dataset& dataset, std::span<const std::int64_t> rows) {
  io::ResultRows out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.id.emplace_back(dataset.id(rows[i]));
    out.source.emplace_back(dataset.path().string());
    out.formula.emplace_back(dataset.formula(rows[i]));
    out.reason.push_back(embedded.failure[i]);
    out.status.push_back(static_cast<std::uint8_t>(embedded.failure[i].empty() ? RowStatus::ok : RowStatus::not_predictable));
  }
  for (const auto& [name, tensor] : embedded.embeddings) out.embeddings[name].assign(tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel());
  return out;
}

/// Every rank's rows on every rank.
torch::Tensor gathered(const torch::Tensor& own, const comm::Communicator& comm) {
  const auto rows = own.contiguous();
  const auto all = comm.all_gather(std::span<const float>(rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())), "gathering embeddings");
  return torch::tensor(all).view({-1, own.size(1)});
}

/// JSON has no numbers that are not finite.
json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json describe_embedding(const torch::Tensor& own, const torch::Tensor& own_shown, std::span<const int> shown_system, const comm::Communicator& comm) {
  const auto components = principal_components(own.index_select(0, own.isnan().any(1).logical_not().nonzero().flatten()), comm);
  const auto shown = gathered(own_shown, comm).to(torch::kFloat64);
  const auto plane = at::matmul(shown - components.mean, components.axes.narrow(1, 0, std::min<std::int64_t>(2, components.axes.size(1))));
  std::vector<int> system(shown_system.begin(), shown_system.end());
  const auto known = shown.isnan().any(1).logical_not();
  for (std::size_t i = 0; i < system.size(); ++i)
    if (!known[static_cast<std::int64_t>(i)].item<bool>()) system[i] = -1;
  const auto whole = separation(shown, system), flat = separation(plane, system);
  json shares = json::array(), points = json::array();
  for (std::int64_t k = 0; k < std::min(kShownComponents, components.share.size(0)); ++k) shares.push_back(components.share[k].item<double>());
  for (std::size_t i = 0; i < system.size(); ++i) {
    const auto row = plane[static_cast<std::int64_t>(i)];
    if (system[i] >= 0) points.push_back({row[0].item<double>(), row.size(0) > 1 ? row[1].item<double>() : 0.0, system[i]});
  }
  return {{"variance", shares}, {"silhouette", number(whole.silhouette)}, {"between", number(whole.between)}, {"plane_silhouette", number(flat.silhouette)}, {"plane_between", number(flat.between)}, {"points", points}};
}

}  // namespace

PrincipalComponents principal_components(const torch::Tensor& rows, const comm::Communicator& comm) {
  const auto x = rows.to(torch::kFloat64);
  const auto width = x.size(1);
  auto sums = torch::cat({torch::full({1}, static_cast<double>(x.size(0)), torch::kFloat64), x.sum(0)});
  comm.sum(std::span<double>(sums.data_ptr<double>(), static_cast<std::size_t>(sums.numel())), "sums of embeddings");
  const double count = sums[0].item<double>();
  if (count < 2) throw InputError("principal components need at least two rows, there are {:.0f}", count);
  const auto mean = sums.narrow(0, 1, width) / count;
  const auto centred = x - mean;
  auto products = at::matmul(centred.t(), centred).contiguous();
  comm.sum(std::span<double>(products.data_ptr<double>(), static_cast<std::size_t>(products.numel())), "covariance of embeddings");
  auto [values, axes] = at::linalg_eigh(products / (count - 1));
  values = values.flip(0).clamp_min(0);
  axes = axes.flip(1);
  const auto largest = axes.gather(0, axes.abs().argmax(0, true));
  return {mean, axes * largest.sign(), values / values.sum().clamp_min(std::numeric_limits<double>::min())};
}

Separation separation(const torch::Tensor& rows, std::span<const int> group) {
  std::vector<std::int64_t> known;
  std::vector<std::int64_t> label;
  for (std::size_t i = 0; i < group.size(); ++i)
    if (group[i] >= 0) {
      known.push_back(static_cast<std::int64_t>(i));
      label.push_back(group[i]);
    }
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const auto x = rows.to(torch::kFloat64).index_select(0, torch::tensor(known, torch::kInt64));
  const auto groups = label.empty() ? 0 : *std::ranges::max_element(label) + 1;
  const auto member = torch::zeros({x.size(0), std::max<std::int64_t>(groups, 1)}, torch::kFloat64);  // [N, groups]
  if (groups > 0) member.scatter_(1, torch::tensor(label, torch::kInt64).unsqueeze(1), 1);
  const auto size = member.sum(0);
  if (size.gt(0).sum().item<std::int64_t>() < 2) return {kUnknown, kUnknown};
  const auto own = member.gt(0);
  // Mean distances to every group; to the own one without the row itself.
  const auto sums = at::matmul(at::cdist(x, x), member);
  const auto own_sums = sums.masked_select(own), own_size = size.expand_as(sums).masked_select(own);
  const auto a = own_sums / (own_size - 1).clamp_min(1);
  const auto b = (sums / size.clamp_min(1)).masked_fill(own.logical_or(size.eq(0)), std::numeric_limits<double>::infinity()).amin(1);
  const auto silhouette = ((b - a) / at::maximum(a, b).clamp_min(std::numeric_limits<double>::min())).masked_fill(own_size.eq(1), 0);
  const auto mean = x.mean(0), means = at::matmul(member.t(), x) / size.clamp_min(1).unsqueeze(1);
  const auto between = (size.unsqueeze(1) * (means - mean).square()).sum(), all = (x - mean).square().sum();
  return {silhouette.mean().item<double>(), (between / all).item<double>()};
}

json embed(LoadedModel& model, const io::Dataset& dataset, const EmbeddingOptions& options, const torch::Device& device, const comm::Communicator& comm) {
  const Labels labels(dataset, {model::Task::crystal_system}, false);
  const auto rows = select_rows(dataset, options.subset, labels, {}, false).list();
  if (rows.empty()) throw InputError("{}: the chosen split has no rows; data without a split of its own is embedded with --split all", dataset.path().string());
  const auto total = std::ssize(rows), shown = std::min(total, kShownRows);
  const auto share = comm::share_of(total, comm.rank(), comm.size());
  const auto own = std::span(rows).subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count()));
  const auto embedded = embed_rows(model, dataset, own, device, options.inference);

  std::vector<std::int64_t> shown_here;  // places among the own rows
  std::vector<int> shown_system;
  const auto truth = truth_of(labels, rows);
  for (std::int64_t i = 0; i < shown; ++i) {
    const auto place = i * total / shown;
    shown_system.push_back(truth.classes[static_cast<std::size_t>(model::Task::crystal_system)][static_cast<std::size_t>(place)]);
    if (place >= share.first && place < share.last) shown_here.push_back(place - share.first);
  }
  json summary = {{"rows", total}, {"data", dataset.path().string()}, {"dataset_hash", dataset.content_hash()}, {"model", model.path.string()}, {"program_version", options.program_version}, {"shown", shown}};
  std::vector<std::string> classes;
  for (int c = 0; c < kCrystalSystems; ++c) classes.emplace_back(crystal_system_name(c));
  summary["classes"] = classes;
  io::ResultDescription description;
  description.attributes = {{"model_hash", model.digest}, {"dataset_hash", dataset.content_hash()}, {"program_version", options.program_version}};
  for (const auto& [name, tensor] : embedded.embeddings) {
    description.embedding_widths[name] = tensor.size(1);
    summary["embeddings"][name] = describe_embedding(tensor, tensor.index_select(0, torch::tensor(shown_here, torch::kInt64)), shown_system, comm);
  }
  std::array<double, 1> failed = {static_cast<double>(std::ranges::count_if(embedded.failure, [](const auto& text) { return !text.empty(); }))};
  comm.sum(failed, "counting rows without embedding");
  summary["not_embedded"] = static_cast<std::int64_t>(failed[0]);
  std::filesystem::create_directories(options.output);
  io::write_results(comm.handle(), options.output / "embeddings.h5", result_rows(embedded, dataset, own), description);
  return summary;
}

}  // namespace xxact::pipeline
