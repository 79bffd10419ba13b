// The plan of a dataset as bytes (CBOR), from rank 0 to the others.
#include <nlohmann/json.hpp>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/dataset_plan.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

using Json = nlohmann::json;

/// Paths and texts of a file may be any bytes, which CBOR carries as they are.
Json pack(const PlannedArray& array) {
  auto extents = Json::array();
  for (const auto& extent : array.extents) extents.push_back({extent.in_array, extent.in_file, extent.bytes});
  return {array.path, static_cast<int>(array.spec.element), array.spec.shape, array.spec.text_width, array.offset, array.first_block, array.direct,
          std::move(extents), array.chunk_rows};
}

PlannedArray unpack_array(const Json& packed) {
  PlannedArray array;
  array.path = packed[0].get<std::string>();
  array.spec.element = static_cast<hdf5::Element>(packed[1].get<int>());
  array.spec.shape = packed[2].get<std::vector<std::int64_t>>();
  array.spec.text_width = packed[3].get<std::size_t>();
  array.offset = packed[4].get<std::size_t>();
  array.first_block = packed[5].get<std::size_t>();
  array.direct = packed[6].get<bool>();
  for (const auto& extent : packed[7]) array.extents.push_back({extent[0].get<std::uint64_t>(), extent[1].get<std::uint64_t>(), extent[2].get<std::uint64_t>()});
  array.chunk_rows = packed[8].get<std::int64_t>();
  return array;
}

std::string pack(const DatasetPlan& plan) {
  auto arrays = Json::array(), labels = Json::array();
  for (const auto& array : plan.arrays) arrays.push_back(pack(array));
  const auto& d = *plan.description;
  for (const auto& label : d.labels) labels.push_back({label.name, label.units, label.definition});
  const auto bytes = Json::to_cbor(Json{{"file_bytes", plan.file_bytes}, {"arrays", std::move(arrays)}, {"bytes", plan.bytes}, {"id_width", plan.id_width},
      {"labels", std::move(labels)}, {"sources", d.sources}, {"source", d.source}, {"licence", d.licence}, {"created", d.created},
      {"symprec", d.symprec}, {"split_rule", d.split_rule}, {"content_hash", plan.content_hash}, {"blocks", plan.blocks}});
  return {bytes.begin(), bytes.end()};
}

DatasetPlan unpack(const std::string& packed, const std::filesystem::path& path) {
  const auto json = Json::from_cbor(packed);
  DatasetPlan plan;
  plan.path = path;
  plan.file_bytes = json["file_bytes"].get<std::uint64_t>();
  for (const auto& array : json["arrays"]) plan.arrays.push_back(unpack_array(array));
  plan.bytes = json["bytes"].get<std::size_t>();
  plan.id_width = json["id_width"].get<std::size_t>();
  DatasetDescription d;
  for (const auto& label : json["labels"]) d.labels.push_back({label[0].get<std::string>(), label[1].get<std::string>(), label[2].get<std::string>()});
  d.sources = json["sources"].get<std::vector<std::string>>();
  d.source = json["source"].get<std::string>();
  d.licence = json["licence"].get<std::string>();
  d.created = json["created"].get<std::string>();
  d.symprec = json["symprec"].get<double>();
  d.split_rule = json["split_rule"].get<std::string>();
  plan.description = std::make_shared<const DatasetDescription>(std::move(d));
  plan.content_hash = json["content_hash"].get<std::string>();
  plan.blocks = json["blocks"].get<std::vector<std::uint64_t>>();
  return plan;
}

}  // namespace

DatasetPlan plan_dataset(MPI_Comm comm, const std::filesystem::path& path) {
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  DatasetPlan plan;
  std::string packed;
  collectively(comm, [&] {
    if (rank != 0) return;
    plan = plan_dataset(path);
    if (ranks > 1) packed = pack(plan);
  });
  if (ranks == 1) return plan;
  broadcast_bytes(comm, packed);
  collectively(comm, [&] {
    if (rank != 0) plan = unpack(packed, path);
  });
  return plan;
}

}  // namespace xxact::io
