#include "pipeline/device.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "model/host_memory.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kDepthPerThread = 4;  // batches
constexpr char kLibrary[] = "libxxact_device.so";
constexpr char kMakeChannel[] = "xxact_make_nccl_gradient_channel";

struct Library {
  void* handle = nullptr;
  std::string problem;
};

/// From beside the program, or from where the loader looks.
Library load_device_library() {
  std::error_code ignored;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / kLibrary;
  Library library{dlopen(beside.c_str(), RTLD_NOW | RTLD_GLOBAL), {}};
  if (library.handle == nullptr) library.handle = dlopen(kLibrary, RTLD_NOW | RTLD_GLOBAL);
  if (library.handle == nullptr) library.problem = dlerror();
  return library;
}

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

Device::Device(DeviceChoice choice, const comm::Communicator& comm, int local_rank, const ThreadRequest& threads) : device_(torch::kCPU) {
  if (choice == DeviceChoice::cuda || (choice == DeviceChoice::automatic && gpu_present())) {
    const Library library = load_device_library();
    library_ = library.handle;
    const int gpus = library_ != nullptr && torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    if (gpus > 0)
      device_ = torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank % gpus));
    else if (choice == DeviceChoice::cuda)
      throw ConfigError("--device cuda: {}", library_ == nullptr ? "the device library cannot be loaded: " + library.problem : "LibTorch finds no GPU");
  }
  comm.require_equal(is_cuda() ? 1 : 0, "the kind of device");
  threads_ = plan_threads(threads, is_cuda());
  if (!is_cuda()) model::keep_freed_memory();
  at::set_num_threads(threads_.compute);
  at::globalContext().setFlushDenormal(true);
}

std::string Device::name() const { return device_.str(); }

std::unique_ptr<comm::GradientChannel> Device::make_gradient_channel(const comm::Communicator& comm) const {
  if (!is_cuda()) return comm::make_mpi_gradient_channel(comm);
  using Make = comm::GradientChannel* (*)(const comm::Communicator&, int);
  const auto make = reinterpret_cast<Make>(dlsym(library_, kMakeChannel));
  if (make == nullptr) throw CommError("the device library has no {}: it belongs to another version", kMakeChannel);
  return std::unique_ptr<comm::GradientChannel>(make(comm, device_.index()));
}

}  // namespace xxact::pipeline
