#include "pipeline/inference.hpp"

#include <chrono>
#include <cmath>
#include <limits>

#include "pipeline/sampling/subset.hpp"

namespace xxact::pipeline {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

/// `head` is [B, 2], or [B, 3] with the logit of a metal.
void append_regression(Predictions& out, std::size_t task, const torch::Tensor& head, const Standardisation& standardisation, const Batch& batch) {
  const auto host = head.to(torch::kCPU, torch::kFloat32).contiguous();
  const auto width = static_cast<std::size_t>(host.size(1));
  const auto* said = host.data_ptr<float>();
  for (std::size_t i = 0; i < batch.samples.size(); ++i, said += width) {
    const bool ok = batch.failure[i].empty();
    out.mean[task].push_back(ok ? static_cast<float>(said[0] * standardisation.scale[task] + standardisation.mean[task]) : kUnknown);
    out.std[task].push_back(ok ? static_cast<float>(std::exp(said[1]) * standardisation.scale[task]) : kUnknown);
    if (width == 3) out.metal_logit.push_back(ok ? said[2] : kUnknown);
  }
}

void append_logits(Predictions& out, std::size_t task, const torch::Tensor& head, const Batch& batch) {
  const auto host = head.to(torch::kCPU, torch::kFloat32).contiguous();  // [B, classes]
  const auto* value = host.data_ptr<float>();
  const auto classes = static_cast<std::size_t>(host.size(1));
  for (std::size_t i = 0; i < batch.samples.size(); ++i)
    for (std::size_t c = 0; c < classes; ++c) out.logits[task].push_back(batch.failure[i].empty() ? value[i * classes + c] : kUnknown);
}

}  // namespace

Loader load_rows(const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset, std::span<const std::int64_t> rows, const InferenceOptions& options, Hiding hiding) {
  std::vector<BatchBuilder> builders;
  for (int i = 0; i < options.loader.threads; ++i) builders.emplace_back(config, standardisation, Augmentation::off, hiding, options.showing);
  const auto total = std::ssize(rows);
  return Loader(std::move(builders), (total + options.batch - 1) / options.batch, options.loader, [&dataset, rows, total, size = options.batch](BatchBuilder& builder, std::int64_t ticket, Batch& batch) {
    std::vector<SampleRequest> samples;
    for (auto i = ticket * size; i < std::min(total, (ticket + 1) * size); ++i) {
      const auto row = rows[static_cast<std::size_t>(i)];
      samples.push_back({&dataset, nullptr, row, 0, static_cast<std::int64_t>(sampling::record_key(0, dataset.id(row)))});
    }
    builder.build(samples, batch);
  });
}

Predictions infer(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                  std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options) {
  const torch::InferenceMode guard;
  const auto start = std::chrono::steady_clock::now();
  net->eval();
  auto loader = load_rows(config, standardisation, dataset, rows, options);
  const auto precision = precision_on(device, config.training.precision);
  Predictions out;
  while (Batch* batch = loader.next()) {
    const auto input = to_device(batch->input, device);
    const auto output = [&] {
      const model::PrecisionScope scope(device, precision);
      return net->forward(input);
    }();
    for (const auto task : config.model.tasks) {
      const auto t = static_cast<std::size_t>(task);
      if (model::is_regression(task))
        append_regression(out, t, output.head[t], standardisation, *batch);
      else
        append_logits(out, t, output.head[t], *batch);
    }
    for (auto& failure : batch->failure) out.failure.push_back(std::move(failure));
    if (options.progress) options.progress(std::ssize(out.failure));
  }
  out.data_wait_s = loader.waited_s();
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace xxact::pipeline
