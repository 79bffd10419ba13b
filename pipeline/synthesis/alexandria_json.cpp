#include "pipeline/synthesis/alexandria_json.hpp"

#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>

#include "io/composition_formula.hpp"
#include "io/pending_file.hpp"
#include "pipeline/synthesis/campaign_rows.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

#include <fmt/format.h>

namespace xxact::synthesis {
namespace {

namespace filters = boost::iostreams;
using Vector = std::array<double, 3>;
using Lattice = std::array<double, 9>;

constexpr std::int64_t kReportEvery = 1000;

double rounded(double x) { return std::round(x * 1e8) / 1e8; }

/// The shortest digits that give the number back, and always a decimal point, as Python writes them.
void append_number(double x, std::string& out) {
  const std::size_t start = out.size();
  fmt::format_to(std::back_inserter(out), "{}", x);
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

void append_vector(const Vector& v, std::string& out) {
  for (std::size_t i = 0; i < 3; ++i) {
    out += i == 0 ? "[" : ", ";
    append_number(v[i], out);
  }
  out += ']';
}

Vector row(const Lattice& lattice, std::size_t i) { return {lattice[3 * i], lattice[3 * i + 1], lattice[3 * i + 2]}; }
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double length(const Vector& a) { return std::sqrt(dot(a, a)); }
double angle_deg(const Vector& a, const Vector& b) { return std::acos(std::clamp(dot(a, b) / (length(a) * length(b)), -1.0, 1.0)) * 180 / std::numbers::pi; }
double volume(const Lattice& m) {
  return std::abs(m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]));
}

void append_lattice(const Lattice& lattice, std::string& out) {
  const Vector a = row(lattice, 0), b = row(lattice, 1), c = row(lattice, 2);
  out += R"({"matrix": [)";
  append_vector(a, out);
  out += ", ";
  append_vector(b, out);
  out += ", ";
  append_vector(c, out);
  out += R"(], "pbc": [true, true, true])";
  const std::pair<const char*, double> derived[] = {{"a", length(a)}, {"b", length(b)}, {"c", length(c)}, {"alpha", angle_deg(b, c)},
                                                    {"beta", angle_deg(a, c)}, {"gamma", angle_deg(a, b)}, {"volume", volume(lattice)}};
  for (const auto& [name, value] : derived) {
    fmt::format_to(std::back_inserter(out), R"(, "{}": )", name);
    append_number(value, out);
  }
  out += '}';
}

/// One site: the atoms from `first` on that lie on one place. Returns how many they are.
std::size_t append_site(const StructureView& s, const Lattice& lattice, std::size_t first, std::string& out) {
  std::size_t end = first + 1;
  while (end < s.atoms() && std::equal(s.frac_coords.begin() + static_cast<std::ptrdiff_t>(3 * first), s.frac_coords.begin() + static_cast<std::ptrdiff_t>(3 * first + 3),
                                       s.frac_coords.begin() + static_cast<std::ptrdiff_t>(3 * end)))
    ++end;
  std::string label;
  out += R"({"species": [)";
  for (std::size_t i = first; i < end; ++i) {
    const bool whole = s.occupancy_of(i) == 1.0F;
    const std::string occupancy = fmt::format("{}", s.occupancy_of(i));
    fmt::format_to(std::back_inserter(out), R"({}{{"element": "{}", "occu": {}}})", i == first ? "" : ", ", element_symbol(s.atomic_number[i]), occupancy);
    label += fmt::format("{}{}{}{}", i == first ? "" : ", ", element_symbol(s.atomic_number[i]), whole ? "" : ":", whole ? std::string_view() : occupancy);
  }
  Vector frac{}, xyz{};
  for (std::size_t i = 0; i < 3; ++i) frac[i] = rounded(static_cast<double>(s.frac_coords[3 * first + i]));
  for (std::size_t x = 0; x < 3; ++x) xyz[x] = frac[0] * lattice[x] + frac[1] * lattice[3 + x] + frac[2] * lattice[6 + x];
  out += R"(], "abc": )";
  append_vector(frac, out);
  out += R"(, "xyz": )";
  append_vector(xyz, out);
  fmt::format_to(std::back_inserter(out), R"(, "label": "{}", "properties": {{"magmom": null, "charge": null, "forces": null}}}})", label);
  return end - first;
}

void append_composition(const std::vector<io::ElementAmount>& formula, std::string& out) {
  out += R"("composition": {)";
  for (std::size_t i = 0; i < formula.size(); ++i) {
    fmt::format_to(std::back_inserter(out), R"({}"{}": )", i == 0 ? "" : ", ", element_symbol(formula[i].atomic_number));
    append_number(formula[i].amount, out);
  }
  out += '}';
}

std::string readable_formula(const std::vector<io::ElementAmount>& formula) {
  std::vector<std::uint8_t> number;
  std::vector<float> fraction;
  double total = 0;
  for (const io::ElementAmount& element : formula) total += element.amount;
  for (const io::ElementAmount& element : formula) {
    number.push_back(element.atomic_number);
    fraction.push_back(static_cast<float>(element.amount / total));
  }
  return io::composition_formula(number, fraction);
}

void append_data(const Synthesizer& synthesizer, const SynthesizedStructure& made, const std::string& id, std::size_t sites, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"("data": {{"mat_id": "{}", "prototype_id": null, "location": "synthesized/parent-row-{}", "formula": "{}", "elements": [)",
                 id, made.parent, readable_formula(made.formula));
  for (std::size_t i = 0; i < made.formula.size(); ++i)
    fmt::format_to(std::back_inserter(out), R"({}"{}")", i == 0 ? "" : ", ", element_symbol(made.formula[i].atomic_number));
  const unsigned group = synthesizer.parents().space_group()[static_cast<std::size_t>(made.parent)];
  const std::string spg = fmt::format("{}", group);
  fmt::format_to(std::back_inserter(out), R"(], "spg": {}, "nsites": {})", group > 0 ? std::string_view(spg) : "null", sites);
  for (const char* key : {"stress", "energy_total", "total_mag", "band_gap_ind", "band_gap_dir", "dos_ef", "energy_corrected", "e_above_hull", "e_form",
                          "e_phase_separation", "decomposition"})
    fmt::format_to(std::back_inserter(out), R"(, "{}": null)", key);
  out += '}';
}

void add_compressor(filters::filtering_ostream& stream, const std::filesystem::path& path) {
  const std::string end = path.extension().string();
  if (end == ".gz") stream.push(filters::gzip_compressor());
  if (end == ".bz2") stream.push(filters::bzip2_compressor());
  if (end == ".zst") stream.push(filters::zstd_compressor());
}

}  // namespace

bool is_json_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return std::ranges::any_of(std::array{".json", ".json.gz", ".json.bz2", ".json.zst"}, [&](std::string_view end) { return name.ends_with(end) && name.size() > end.size(); });
}

void append_entry(const Synthesizer& synthesizer, const SynthesizedStructure& made, const std::string& id, std::string& out) {
  const StructureView s = synthesizer.view(made);
  Lattice lattice = made.lattice;
  for (double& x : lattice) x = rounded(x);
  std::string sites;
  std::size_t count = 0;
  for (std::size_t atom = 0; atom < s.atoms(); ++count) {
    if (atom > 0) sites += ", ";
    atom += append_site(s, lattice, atom, sites);
  }
  out += R"({"@module": "pymatgen.entries.computed_entries", "@class": "ComputedStructureEntry", "energy": null, )";
  append_composition(made.formula, out);
  out += R"(, "entry_id": null, "correction": 0.0, "energy_adjustments": [{"@module": "pymatgen.entries.computed_entries", )"
         R"("@class": "ManualEnergyAdjustment", "@version": null, "value": 0.0}], "parameters": {}, )";
  append_data(synthesizer, made, id, count, out);
  out += R"(, "structure": {"@module": "pymatgen.core.structure", "@class": "Structure", "charge": 0, "lattice": )";
  append_lattice(lattice, out);
  out += R"(, "sites": [)";
  out += sites;
  out += "]}}";
}

void write_json_file(const std::filesystem::path& path, const Synthesizer& synthesizer, std::int64_t first, std::int64_t rows, std::int64_t count,
                     const std::function<void(std::int64_t)>& written) {
  if (!is_json_name(path)) throw ConfigError("{}: the name ends in none of .json, .json.gz, .json.bz2, .json.zst", path.string());
  io::PendingFile pending(path, true);
  std::ofstream file(pending.temporary(), std::ios::binary);
  if (!file) throw IoError("cannot create {}: {}", pending.temporary().string(), std::strerror(errno));
  file.exceptions(std::ios::badbit | std::ios::failbit);
  try {
    filters::filtering_ostream stream;
    add_compressor(stream, path);
    stream.push(file);
    stream.exceptions(std::ios::badbit | std::ios::failbit);
    SynthesizedStructure made;
    std::string text = R"({"entries": [)";
    for (std::int64_t i = 0; i < rows; ++i) {
      synthesizer.make(first + i, made);
      if (i > 0) text += ", ";
      append_entry(synthesizer, made, made_id(first + i, count), text);
      stream.write(text.data(), static_cast<std::streamsize>(text.size()));
      text.clear();
      if ((i + 1) % kReportEvery == 0) written(i + 1);
    }
    text += "]}\n";
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    stream.exceptions(std::ios::goodbit);  // a stream without a chain counts as bad; the state of the file tells what failed
    stream.reset();
    if (!file) throw IoError("cannot write {}: the end could not be written", pending.temporary().string());
    file.close();
  } catch (const std::ios_base::failure& failure) {
    throw IoError("cannot write {}: {}", pending.temporary().string(), failure.what());
  }
  pending.commit();
  written(rows);
}

}  // namespace xxact::synthesis
