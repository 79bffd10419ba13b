#include "src/data_option.hpp"

#include <fmt/format.h>

#include "io/dataset_shared.hpp"
#include "io/ingest.hpp"
#include "pipeline/comm/communicator.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact {
namespace {

/// "mp20.csv.gz" -> "mp20.h5".
std::string dataset_name(const std::filesystem::path& data) {
  const auto name = data.filename().empty() ? data.parent_path().filename().string() : data.filename().string();
  return name.substr(0, name.find('.', 1)) + ".h5";
}

bool up_to_date(const std::filesystem::path& dataset, const std::filesystem::path& data) {
  return io::is_dataset_file(dataset) && std::filesystem::last_write_time(dataset) > std::filesystem::last_write_time(data);
}

}  // namespace

std::filesystem::path find_data(const std::filesystem::path& data, const std::filesystem::path& folder, const Runtime& runtime) {
  if (!std::filesystem::exists(data)) throw InputError("{}: there is no such file or folder", data.string());
  if (io::is_dataset_file(data)) return data;
  const auto dataset = folder / dataset_name(data);
  const comm::Communicator comm(runtime.world());
  // Rank 0 decides: the file may appear between two ranks' looks at it.
  const bool ready = comm.broadcast(runtime.root() && up_to_date(dataset, data) ? "ready" : "", 0, "looking for an ingested dataset") == "ready";
  if (!ready) {
    if (runtime.root()) std::filesystem::create_directories(folder);
    comm.barrier("making the output folder");
    log::info("ingesting {} into {}", data.string(), dataset.string());
    io::IngestOptions ingest;
    ingest.inputs = {data};
    ingest.output = dataset;
    ingest.progress = true;
    const auto summary = io::ingest(runtime.world(), ingest);
    log::info("ingested {} structures, {} rejected (see {})", summary.rows, summary.rejected, summary.rejects.string());
  }
  return dataset;
}

io::Dataset open_data(const std::filesystem::path& data, const std::filesystem::path& folder, const Runtime& runtime) {
  return io::read_dataset_shared(runtime.world(), find_data(data, folder, runtime));
}

}  // namespace xxact
