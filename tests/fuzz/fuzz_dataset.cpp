// Any bytes as a dataset file, a result table or a checkpoint: refused with a reason, or read and inspected.
// `fuzz_dataset --seeds FOLDER` writes the files to begin with.
#include <hdf5.h>
#include <mpi.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "io/checkpoint.hpp"
#include "io/dataset.hpp"
#include "io/dataset_writer.hpp"
#include "io/hdf5.hpp"
#include "io/inspect.hpp"
#include "io/results_table.hpp"
#include "src/base/error.hpp"
#include "tests/fuzz/trial_file.hpp"
#include "tests/io/dataset_example.hpp"

using namespace xxact;

// MPI keeps memory until the process ends.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace {

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const char* name : {"dataset", "dataset_unchecked", "dataset_deflate"})
    io::write_dataset(MPI_COMM_SELF, folder / name, io::example_rows(0, 8), io::example_description(), {.compress = std::string_view(name) == "dataset_deflate" ? 6 : 0});
  // Without checksums, which find any other value of an array, values reach the checks of their meaning.
  const io::hdf5::File file(H5Fopen((folder / "dataset_unchecked").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  if (!file || H5Ldelete(file.get(), "/checksums", H5P_DEFAULT) < 0) throw IoError("cannot change {}", (folder / "dataset_unchecked").string());
  io::ResultRows rows;
  rows.id = {"a", "b"};
  rows.source = {"a.csv", "a.csv"};
  rows.status = {0, 1};
  rows.reason = {"", "no structure"};
  rows.predictions = {{.value = {1, 2}, .std = {}, .lo90 = {}, .hi90 = {}, .target = {}}};
  io::write_results(MPI_COMM_SELF, folder / "results", rows, {.labels = {{"band_gap", "eV"}}, .embedding_widths = {}, .attributes = {{"model_hash", "0"}}});
  const std::vector<float> weights = {1, 2, 3};
  io::CheckpointContent content;
  content.arrays = {{"weights/a", {3}, std::span<const float>(weights)}};
  content.texts = {{"configuration", "[train]\n"}};
  content.integers = {{"step", 7}};
  io::write_checkpoint(folder / "checkpoint", content);
}

template <class Read>
void refuse_or_read(const Read& read) {
  try {
    read();
  } catch (const InputError&) {  // the reason that a user is told
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  MPI_Init(argc, argv);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  if (*argc != 3 || std::string_view((*argv)[1]) != "--seeds") return 0;
  int status = EXIT_SUCCESS;
  try {
    write_seeds((*argv)[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    status = EXIT_FAILURE;
  }
  H5close();
  MPI_Finalize();
  std::exit(status);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::trial_file(data, size);
  refuse_or_read([&] {
    const io::Dataset dataset = io::read_dataset(path, io::HashCheck::verify);
    for (std::int64_t row = 0; row < dataset.size(); ++row) dataset.formula(row);
  });
  refuse_or_read([&] { io::inspect_file(path); });
  return 0;
}
