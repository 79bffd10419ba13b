#include "pipeline/device.hpp"

#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <string_view>

#include "model/host_memory.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kDepthPerThread = 4;  // batches
constexpr char kLibrary[] = "libxxact_device.so";
constexpr char kEntry[] = "xxact_device_library";

struct Loaded {
  DeviceLibrary* library = nullptr;
  std::string problem;
};

/// From beside the program, or from where the loader looks.
Loaded load_device_library() {
  std::error_code ignored;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / kLibrary;
  void* handle = dlopen(beside.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) handle = dlopen(kLibrary, RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) return {nullptr, fmt::format("the device library cannot be loaded: {}", dlerror())};
  using Entry = DeviceLibrary* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, kEntry));
  if (entry == nullptr) return {nullptr, fmt::format("the device library has no {}: it belongs to another version", kEntry)};
  return {entry(), {}};
}

/// Dense peaks, TFLOP/s, from NVIDIA's data sheets: bf16 on tensor cores, and fp32 as LibTorch computes it (no TF32).
struct Peak {
  std::string_view name;
  double bf16, fp32;
};
constexpr Peak kPeaks[] = {{"H100 PCIe", 756, 51}, {"H100 NVL", 835, 60}, {"H100", 989, 67}, {"H200", 989, 67}, {"GH200", 989, 67}, {"H800", 989, 67},
                           {"A100", 312, 19.5}, {"A800", 312, 19.5}, {"B200", 2250, 75}};

bool gpu_present() { return std::filesystem::exists("/dev/nvidia0") || std::filesystem::exists("/dev/nvidiactl"); }

}  // namespace

DeviceChoice parse_device(const std::string& name) {
  if (name == "auto") return DeviceChoice::automatic;
  if (name == "cpu") return DeviceChoice::cpu;
  if (name == "cuda") return DeviceChoice::cuda;
  throw ConfigError("--device '{}' is not one of auto, cpu, cuda", name);
}

LoaderAffinity parse_loader_affinity(const std::string& name) {
  if (name == "auto") return LoaderAffinity::automatic;
  if (name == "none") return LoaderAffinity::none;
  if (name == "cores") return LoaderAffinity::cores;
  throw ConfigError("--loader-affinity '{}' is not one of auto, none, cores", name);
}

ThreadPlan plan_threads(const ThreadRequest& request, bool on_gpu) {
  const int cores = request.cores_per_rank;
  ThreadPlan plan;
  plan.loader.threads = request.loader > 0 ? request.loader : std::max(1, on_gpu ? cores - 1 : cores / 4);
  plan.compute = request.compute > 0 ? request.compute : on_gpu ? 1 : std::max(1, cores < 4 ? cores : cores - plan.loader.threads);
  plan.loader.depth = request.loader_depth > 0 ? request.loader_depth : kDepthPerThread * plan.loader.threads;
  plan.loader.pinned = on_gpu;
  // A rank that shares its cores with others would bind its threads to theirs.
  const bool own_cores = static_cast<int>(request.cores.size()) == cores && cores > 1;
  const bool bind = request.affinity == LoaderAffinity::cores || (request.affinity == LoaderAffinity::automatic && on_gpu && own_cores);
  for (std::size_t i = request.cores.size(); bind && i > (request.cores.size() > 1 ? 1U : 0U); --i) plan.loader.cores.push_back(request.cores[i - 1]);
  return plan;
}

model::Precision precision_on(const torch::Device& device, PrecisionChoice choice) {
  if (choice == PrecisionChoice::automatic) return device.is_cuda() ? model::Precision::bf16 : model::Precision::fp32;
  if (choice == PrecisionChoice::fp32) return model::Precision::fp32;
  if (!device.is_cpu() || model::host_multiplies_bf16()) return model::Precision::bf16;
  static std::once_flag said;
  std::call_once(said, [] { log::warn("precision = bf16: this processor has no products of bfloat16 (AVX-512 BF16); fp32 in its place"); });
  return model::Precision::fp32;
}

Device::Device(DeviceChoice choice, const comm::Communicator& comm, int local_rank, const ThreadRequest& threads) : device_(torch::kCPU) {
  if (choice == DeviceChoice::cuda || (choice == DeviceChoice::automatic && gpu_present())) {
    const Loaded loaded = load_device_library();
    const int gpus = loaded.library != nullptr && torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    if (gpus > 0) {
      library_ = loaded.library;
      device_ = torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank % gpus));
    } else if (choice == DeviceChoice::cuda) {
      throw ConfigError("--device cuda: {}", loaded.library == nullptr ? loaded.problem : "LibTorch finds no GPU");
    }
  }
  comm.require_equal(is_cuda() ? 1 : 0, "the kind of device");
  threads_ = plan_threads(threads, is_cuda());
  at::set_num_threads(threads_.compute);
  at::globalContext().setFlushDenormal(true);
  if (!is_cuda()) {
    model::keep_freed_memory();
    return;
  }
  // All work of this thread from its first kernel on runs on a stream that can be recorded; the default one cannot.
  const c10::impl::VirtualGuardImpl guard(torch::kCUDA);
  guard.setDevice(device_);
  guard.exchangeStream(guard.getStreamFromGlobalPool(device_, /*isHighPriority=*/false));
  if (comm.root()) log::info("{}", library_->versions());
}

Device::Device(DeviceLibrary& library, const ThreadRequest& threads) : device_(torch::kCPU), threads_(plan_threads(threads, false)), library_(&library) {
  at::set_num_threads(threads_.compute);
  at::globalContext().setFlushDenormal(true);
}

std::string Device::name() const { return is_cuda() ? fmt::format("{} ({})", device_.str(), library_->device_name(device_.index())) : device_.str(); }

double Device::peak_operations(model::Precision precision) const {
  if (!is_cuda()) return 0;
  const auto name = library_->device_name(device_.index());
  for (const auto& peak : kPeaks)
    if (name.find(peak.name) != std::string::npos) return 1e12 * (precision == model::Precision::bf16 ? peak.bf16 : peak.fp32);
  return 0;
}

std::int64_t Device::peak_memory() const {
  if (!is_cuda()) return 0;
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return at::accelerator::getDeviceStats(device_.index()).allocated_bytes[kAll].peak;
}

std::unique_ptr<comm::Channel> Device::make_channel(const comm::Communicator& comm) const {
  return is_cuda() ? library_->make_channel(comm, device_.index()) : comm::make_mpi_channel(comm);
}

c10::Stream Device::compute_stream() const { return c10::impl::VirtualGuardImpl(device_.type()).getStream(device_); }

void wait_for(const c10::Event& event, const comm::Communicator& comm, comm::Channel& channel, const char* what) {
  comm.wait_until([&] {
    channel.check();
    return event.query();
  }, what);
}

}  // namespace xxact::pipeline
