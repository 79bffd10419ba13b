// Training and inference rate of a model on data in memory: what one rank computes, without reading, simulation and
// communication. One JSON object on standard output.
//
// usage: bench_train_step [--check] [--preset small|paper|crabnet] [--set key=value]... [--batch 128] [--threads 2]
//                         [--slots 6] [--seconds 3] [--device cpu|cuda] [--precision auto|fp32|bf16] [--profile]
// Counterpart: bench/peer/rates.py; bench/train runs both in turns.
#include <torch/csrc/autograd/profiler.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <iostream>
#include <stdexcept>
#include <string>

#include "model/flat_parameters.hpp"
#include "model/objectives.hpp"
#include "model/optimizer.hpp"
#include "model/xxact_model.hpp"
#include "pipeline/device.hpp"

using namespace xxact::model;

namespace {

struct Settings {
  ModelConfig config;
  std::int64_t batch = 128, slots = 6, rows = 1024;
  int threads = 2;
  double seconds = 3.0;
  bool check = false, profile = false;
  std::string device = "cpu", precision = "auto";
};

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) throw std::invalid_argument(option + " needs a value");
      return argv[i];
    };
    if (option == "--check") settings.check = true;
    else if (option == "--profile") settings.profile = true;
    else if (option == "--preset") settings.config = preset(value());
    else if (option == "--batch") settings.batch = std::stoll(value());
    else if (option == "--threads") settings.threads = std::stoi(value());
    else if (option == "--device") settings.device = value();
    else if (option == "--precision") settings.precision = value();
    else if (option == "--slots") settings.slots = std::stoll(value());
    else if (option == "--seconds") settings.seconds = std::stod(value());
    else if (option == "--set") {
      const auto pair = value();
      const auto equals = pair.find('=');
      if (equals == std::string::npos) throw std::invalid_argument("--set key=value, not " + pair);
      set_field(settings.config, pair.substr(0, equals), pair.substr(equals + 1));
    } else throw std::invalid_argument("unknown option " + option);
  }
  if (settings.check) settings.batch = 8, settings.seconds = 0.0, settings.rows = 64;
  return settings;
}

/// 3 to 5 elements in `slots` slots, patterns mostly zero, every label known.
struct Data {
  ModelInput input;
  Targets targets;
};

Data make_data(const Settings& s) {
  torch::manual_seed(1);
  Data data;
  const auto elements = torch::randint(3, std::min<std::int64_t>(5, s.slots) + 1, {s.rows, 1});
  const auto real = torch::arange(s.slots).unsqueeze(0) < elements;
  auto fraction = (torch::rand({s.rows, s.slots}) + 0.1) * real;
  data.input.fraction = std::get<0>((fraction / fraction.sum(1, true)).sort(1, true));
  data.input.element = torch::randint(1, 95, {s.rows, s.slots}) * real;
  data.input.pattern = torch::rand({s.rows, s.config.points}).pow(8);
  for (const auto task : s.config.tasks)
    data.targets.value[static_cast<std::size_t>(task)] = is_regression(task) ? torch::randn({s.rows}) : torch::randint(0, task_classes(task), {s.rows}, torch::kInt64);
  return data;
}

Data take(const Data& data, const torch::Tensor& rows) {
  Data part;
  part.input = {data.input.element.index_select(0, rows), data.input.fraction.index_select(0, rows), data.input.pattern.index_select(0, rows), rows, {}};
  for (std::size_t i = 0; i < kTasks.size(); ++i)
    if (data.targets.value[i].defined()) part.targets.value[i] = data.targets.value[i].index_select(0, rows);
  return part;
}

Data on_device(Data data, const torch::Device& device) {
  for (auto* tensor : {&data.input.element, &data.input.fraction, &data.input.pattern}) *tensor = tensor->to(device);
  for (auto& value : data.targets.value)
    if (value.defined()) value = value.to(device);
  return data;
}

struct Rate {
  double per_second = 0, per_cpu_second = 0;  // samples; the latter is what to look at on a machine with other work
};

/// Calls `work` to warm up, then for `seconds`, at least twice.
template <class Work>
Rate rate(const Settings& s, Work work) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < (s.check ? 1 : 5); ++i) work();
  const auto start = Clock::now();
  const auto cpu_start = std::clock();
  double elapsed = 0;
  std::int64_t steps = 0;
  for (; steps < 2 || elapsed < s.seconds; ++steps) {
    work();
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  const double cpu = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  return {static_cast<double>(steps * s.batch) / elapsed, static_cast<double>(steps * s.batch) / cpu};
}

template <class Work>
void profile(Work work) {
  namespace profiler = torch::autograd::profiler;
  profiler::RecordProfile guard(std::cerr);
  for (int i = 0; i < 5; ++i) work();
}

int run(const Settings& s) {
  const xxact::comm::Communicator self(MPI_COMM_SELF);
  const xxact::pipeline::Device device(xxact::pipeline::parse_device(s.device), self, 0, {s.threads, s.threads, 1, 0});
  xxact::pipeline::RunConfig run;
  xxact::pipeline::set_field(run, "precision", s.precision);
  const auto precision = xxact::pipeline::precision_on(device.torch(), run.training.precision);
  const auto wait = [&] { if (device.is_cuda()) torch::cuda::synchronize(device.torch().index()); };
  XxactModel model(s.config, mat2vec_table(), 1);
  model->to(device.torch());
  FlatParameters flat(*model);
  Optimizer optimizer(flat, {});
  const auto data = on_device(make_data(s), device.torch());
  const auto numbers = torch::dtype(torch::kFloat32).device(device.torch());
  const auto rate_of_learning = torch::full({}, 1e-3, numbers), nothing_skipped = torch::zeros({}, numbers);
  // Every label is known.
  const auto count = static_cast<double>(s.batch);
  const auto factor = loss_factors({}, {for_each_task(count)}).to(device.torch());
  double last_loss = 0;
  const auto train = [&] {
    const auto part = take(data, torch::randint(0, s.rows, {s.batch}, torch::dtype(torch::kInt64).device(device.torch())));
    flat.zero_gradient();
    torch::Tensor loss;
    {
      const PrecisionScope scope(device.torch(), precision);
      loss = objective(model->forward(part.input), part.targets, {}, factor).total;
    }
    loss.backward();
    optimizer.step({rate_of_learning, clip_divisor(optimizer.squared_gradient().sqrt(), 1.0), nothing_skipped});
    last_loss = loss.item<double>();
  };
  model->train();
  const Rate train_rate = rate(s, train);
  if (s.profile) profile(train);
  model->eval();
  torch::InferenceMode inference;
  const auto fixed = take(data, torch::arange(s.batch, torch::dtype(torch::kInt64).device(device.torch())));
  const Rate infer_rate = rate(s, [&] {
    const PrecisionScope scope(device.torch(), precision);
    model->forward(fixed.input);
    wait();
  });
  const auto mode = to_ini(s.config);
  std::cout << "{\"mode\": \"" << mode.substr(7, mode.find('\n') - 7) << "\", \"parameters\": " << flat.size() << ", \"batch\": " << s.batch
            << ", \"threads\": " << s.threads << ", \"train_sps\": " << train_rate.per_second << ", \"infer_sps\": " << infer_rate.per_second
            << ", \"train_per_cpu_s\": " << train_rate.per_cpu_second << ", \"infer_per_cpu_s\": " << infer_rate.per_cpu_second << "}" << std::endl;
  if (!std::isfinite(last_loss)) throw std::runtime_error("the loss is not finite");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int status = 1;
  try {
    status = run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "bench_train_step: " << error.what() << "\n";
  }
  MPI_Finalize();
  return status;
}
