#include "tests/xrd/reference_structures.hpp"

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>

#include "src/base/elements.hpp"

namespace xxact::xrd {
namespace {

using nlohmann::json;

json read_json(const std::string& name) {
  const std::string path = std::string(XXACT_SOURCE_DIR) + "/data/xrd/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path);
  boost::iostreams::filtering_istream stream;
  if (name.ends_with(".gz")) stream.push(boost::iostreams::gzip_decompressor());
  stream.push(file);
  return json::parse(stream);
}

void set_lattice(OwnedStructure& structure, const json& rows) {
  for (std::size_t i = 0; i < 9; ++i) structure.lattice[i] = rows[i / 3][i % 3].get<double>();
}

void add_site(OwnedStructure& structure, const json& species, const json& x) {
  const auto add = [&](const std::string& symbol, double occupancy) {
    structure.add(atomic_number_of(symbol).value(), x[0].get<double>(), x[1].get<double>(), x[2].get<double>(), occupancy);
  };
  if (species.is_string()) {
    add(species.get<std::string>(), 1);
    return;
  }
  for (const auto& [symbol, occupancy] : species.items()) add(symbol, occupancy.get<double>());
}

ReferenceLines read_lines(const json& item) {
  ReferenceLines lines{item["wavelength"].get<double>(), item["two_theta"], item["intensity"], item["d"], {}, item["mult"]};
  for (const json& indices : item["hkl0"]) lines.hkl.push_back({indices[0].get<int>(), indices[1].get<int>(), indices.back().get<int>()});
  return lines;
}

}  // namespace

void OwnedStructure::add(int z, double x, double y, double w, double occupied) {
  atomic_number.push_back(static_cast<std::uint8_t>(z));
  for (const double c : {x, y, w}) frac_coords.push_back(static_cast<float>(c));
  occupancy.push_back(static_cast<float>(occupied));
}

OwnedStructure orthogonal(double a, double b, double c) {
  OwnedStructure structure;
  structure.lattice = {a, 0, 0, 0, b, 0, 0, 0, c};
  return structure;
}

OwnedStructure cubic(double edge) { return orthogonal(edge, edge, edge); }

OwnedStructure triclinic() {
  OwnedStructure structure;
  structure.lattice = {5.13, 0.21, -0.34, -1.17, 6.02, 0.45, 0.83, -1.91, 7.77};
  structure.add(26, 0.10, 0.22, 0.31);
  structure.add(8, 0.45, 0.51, 0.17, 0.7);
  structure.add(62, 0.71, 0.08, 0.66);
  structure.add(8, 0.93, 0.77, 0.84);
  structure.add(14, 0.33, 0.64, 0.49, 0.25);
  structure.add(26, 0.33, 0.64, 0.49, 0.75);
  structure.add(8, 0.58, 0.29, 0.95);
  return structure;
}

std::vector<ReferenceStructure> pymatgen_structures() {
  std::vector<ReferenceStructure> structures;
  for (const json& item : read_json("pymatgen_lines.json.gz")) {
    ReferenceStructure reference{item["material_id"].get<std::string>(), {}, {}};
    set_lattice(reference.structure, item["lattice"]);
    for (std::size_t i = 0; i < item["species"].size(); ++i) add_site(reference.structure, item["species"][i], item["frac"][i]);
    for (const char* radiation : {"CuKa", "CuKa1", "MoKa"}) reference.lines[radiation] = read_lines(item[radiation]);
    structures.push_back(std::move(reference));
  }
  return structures;
}

std::vector<ReferenceStructure> textbook_structures() {
  std::vector<ReferenceStructure> structures;
  const json items = read_json("pymatgen_reference11.json");
  for (const auto& [name, item] : items.items()) {
    ReferenceStructure reference{name, {}, {}};
    set_lattice(reference.structure, item["lattice"]);
    for (std::size_t i = 0; i < item["species"].size(); ++i) add_site(reference.structure, item["species"][i], item["frac"][i]);
    reference.lines["CuKa"] = {1.54184, item["two_theta"], item["raw"], item["d"], {}, {}};
    structures.push_back(std::move(reference));
  }
  return structures;
}

}  // namespace xxact::xrd
