// How fast a dataset is loaded, and how much memory the node then holds. Ranks read their shares as in every command.
//   load_bench --make FILE DATASET GIB     repeats the rows of a dataset until the file has about so many GiB
//   load_bench FILE [--cold]               reads it; --cold empties the file's page cache before each measurement
//   load_bench --write FILE GIB            writes an array of so many GiB collectively, until it is on the storage
//   load_bench --check                     both, small, in the current folder
#include <fcntl.h>
#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "io/collective_step.hpp"
#include "io/dataset_reader.hpp"
#include "io/dataset_shared.hpp"
#include "io/dataset_writer.hpp"
#include "io/host_memory.hpp"
#include "src/base/error.hpp"
#include "tests/io/dataset_example.hpp"

namespace xxact::io {
namespace {

void append_row(DatasetRows& rows, const Dataset& d, std::int64_t row, std::int64_t index) {
  rows.id.push_back(fmt::format("{}-{}", d.id(row).substr(0, 40), index));
  const auto structure = d.structure(row);
  if (d.has_structure(row)) {
    rows.structures.push_back(structure);
  } else {
    rows.structures.lattice.insert(rows.structures.lattice.end(), structure.lattice.begin(), structure.lattice.end());
    rows.structures.atom_offset.push_back(rows.structures.atom_offset.back());
    rows.structures.laue_code.push_back(kNoLaueCode);
  }
  const auto at = static_cast<std::size_t>(row);
  rows.space_group.push_back(d.space_group()[at]);
  rows.space_group_spglib.push_back(d.space_group_spglib()[at]);
  rows.source_file.push_back(d.arrays().source_file[at]);
  rows.record.push_back(d.record_of(row));
  const auto composition = d.composition(row);
  rows.composition_atomic_number.insert(rows.composition_atomic_number.end(), composition.atomic_number.begin(), composition.atomic_number.end());
  rows.composition_fraction.insert(rows.composition_fraction.end(), composition.fraction.begin(), composition.fraction.end());
  rows.composition_offset.push_back(static_cast<std::int64_t>(rows.composition_atomic_number.size()));
  for (std::size_t i = 0; i < rows.labels.size(); ++i) rows.labels[i].push_back(d.arrays().labels[i][at]);
  rows.split.push_back(d.split()[at]);
}

/// Collective on the world. Each rank repeats its part of the rows.
void make_dataset(const std::string& path, const std::string& from, double gib) {
  const auto d = read_dataset(from);
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const auto wanted = static_cast<std::int64_t>(gib * 0x1p30 / static_cast<double>(std::max<std::int64_t>(d.bytes(), 1)) * static_cast<double>(d.size()));
  const auto [first, end] = Share{rank, ranks}.of(wanted);
  DatasetRows rows;
  rows.labels.resize(d.labels().size());
  for (std::int64_t index = first; index < end; ++index) append_row(rows, d, index % d.size(), index);
  write_dataset(MPI_COMM_WORLD, path, rows, d.description());
}

/// The file's pages leave the cache of this machine, unless others map them.
void drop_cache(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY);
  if (file < 0 || ::fdatasync(file) != 0 || ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0)
    throw IoError("cannot empty the cache of {}: {}", path, std::strerror(errno));
  ::close(file);
}

/// Memory of all ranks, shared pages counted once.
double proportional_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  double kib = 0, sum = 0;
  for (std::string word; rollup >> word;)
    if (word == "Pss:") rollup >> kib;
  MPI_Allreduce(&kib, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return sum * 1024;
}

/// Collective. Seconds of the slowest rank.
template <class Work>
double timed(Work&& work) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double began = MPI_Wtime();
  work();
  double seconds = MPI_Wtime() - began;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return seconds;
}

void measure(const std::string& path, bool cold) {
  const HostRanks host(MPI_COMM_WORLD);
  const bool root = host.rank() == 0;
  const auto prepare = [&] {
    if (cold) collectively(MPI_COMM_WORLD, [&] { if (root) drop_cache(path); });
  };
  double reading = 0, verifying = 0, bytes = 0;
  {
    const auto plan = plan_dataset(MPI_COMM_WORLD, path);
    for (const auto& array : plan.arrays) bytes += static_cast<double>(array.spec.bytes());
    const auto memory = allocate_on_host(host, plan.bytes);
    // Memory that was never used costs the system time, which is no reading: dd does not pay for it.
    std::memset(memory.data.get(), 1, memory.bytes);
    prepare();
    std::vector<std::uint64_t> damaged;
    reading = timed([&] { collectively(MPI_COMM_WORLD, [&] { damaged = read_pieces(plan, memory.share, memory.data.get()); }); });
    refuse_damage(MPI_COMM_WORLD, plan, damaged, false);
    prepare();
    verifying = timed([&] { verify_blocks(MPI_COMM_WORLD, plan); });
  }
  const double before = proportional_bytes();
  prepare();
  Dataset dataset;
  const double loading = timed([&] { dataset = read_dataset_shared(MPI_COMM_WORLD, path); });
  const double after = proportional_bytes();
  if (!root) return;
  fmt::print("{{\"ranks\": {}, \"cache\": \"{}\", \"rows\": {}, \"array_bytes\": {:.0f}, \"read_s\": {:.4f}, \"read_gb_per_s\": {:.3f}, \"verify_gb_per_s\": {:.3f}, \"load_s\": {:.4f}, "
             "\"load_gb_per_s\": {:.3f}, \"pss_bytes\": {:.0f}, \"pss_over_arrays\": {:.4f}, \"growth_over_arrays\": {:.4f}}}\n",
             host.ranks(), cold ? "cold" : "warm", dataset.size(), bytes, reading, bytes / reading / 1e9, bytes / verifying / 1e9, loading, bytes / loading / 1e9, after, after / bytes, (after - before) / bytes);
}

/// Collective on the world. Each rank writes its share of the rows, 64 MiB a transfer as dataset files are written.
void write(const std::string& path, double gib) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  hdf5::ArraySpec spec;
  spec.element = hdf5::Element::f32;
  spec.shape = {static_cast<std::int64_t>(gib * 0x1p30 / 12), 3};
  const auto [first, end] = Share{rank, ranks}.of(spec.rows());
  const std::vector<float> rows(static_cast<std::size_t>(end - first) * 3, static_cast<float>(rank + 1));
  const hdf5::Place place{path, "/values"};
  std::uint32_t cause = 0;
  const double seconds = timed([&] {
    {
      const auto file = hdf5::create_file(path, {MPI_COMM_WORLD, 1 << 20});
      const auto array = hdf5::create_array(file, spec, 0, place);
      cause = hdf5::write_rows(MPI_COMM_WORLD, array, spec, first, end - first, rows.data(), place, 64 << 20).no_collective_cause;
    }
    if (rank != 0) return;
    const int file = ::open(path.c_str(), O_RDONLY);
    if (file < 0 || ::fsync(file) != 0) throw IoError("cannot bring {} to the storage: {}", path, std::strerror(errno));
    ::close(file);
  });
  if (rank == 0) fmt::print("{{\"ranks\": {}, \"bytes\": {}, \"seconds\": {:.4f}, \"write_gb_per_s\": {:.3f}, \"no_collective_cause\": {}}}\n", ranks, spec.bytes(), seconds,
                            static_cast<double>(spec.bytes()) / seconds / 1e9, cause);
}

/// Collective on the world.
void check() {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  write_dataset(MPI_COMM_WORLD, "few.h5", example_rows(100 * rank / ranks, 100 * (rank + 1) / ranks), example_description());
  make_dataset("many.h5", "few.h5", 0.005);
  const auto d = read_dataset_shared(MPI_COMM_WORLD, "many.h5", HashCheck::verify);
  if (d.bytes() < 4000000) throw InputError("many.h5 holds only {} bytes", d.bytes());
  measure("many.h5", false);
  measure("many.h5", true);
  write("written.h5", 0.02);
}

void run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 4 && arguments[0] == "--make") return make_dataset(arguments[1], arguments[2], std::stod(arguments[3]));
  if (arguments.size() == 1 && arguments[0] == "--check") return check();
  if (arguments.size() == 3 && arguments[0] == "--write") return write(arguments[1], std::stod(arguments[2]));
  if (arguments.empty() || arguments.size() > 2 || (arguments.size() == 2 && arguments[1] != "--cold"))
    throw ConfigError("usage: load_bench FILE [--cold] | --make FILE DATASET GIB | --write FILE GIB | --check");
  measure(arguments[0], arguments.size() == 2);
}

}  // namespace
}  // namespace xxact::io

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int status = 0;
  try {
    xxact::io::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "load_bench: {}\n", error.what());
    status = 1;
  }
  if (status != 0) MPI_Abort(MPI_COMM_WORLD, status);
  MPI_Finalize();
  return status;
}
