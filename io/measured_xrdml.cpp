// PANalytical .xrdml: measurements with scans; a scan has the positions of its axes, as first and last or as a list, and
// its counts. <intensities> are corrected for the attenuator already, <counts> (schema 2) are not.
#include "io/measured_formats.hpp"
#include "io/measured_xml.hpp"
#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

double number_of(const pugi::xml_node& node, std::size_t scan) {
  const std::string text = text_of(node);
  if (const auto value = number(trimmed(text))) return *value;
  throw InputError("scan {}: <{}> is no finite number: \"{}\"", scan, node.name(), shown(text.substr(0, 40)));
}

void read_radiation(const pugi::xml_node& measurement, MeasuredPattern& about) {
  const pugi::xml_node used = child(measurement, "usedWavelength");
  for (const auto& [name, target] : {std::pair{"kAlpha1", &about.wavelength_angstrom}, {"kAlpha2", &about.alpha2_angstrom}}) {
    const pugi::xml_node line = child(used, name);
    const std::string unit = bare_name(line.attribute("unit").value());
    *target = wavelength(text_of(line), unit == "nm" ? 10 : 1, about.notes);
  }
  about.alpha2_ratio = number(trimmed(text_of(child(used, "ratioKAlpha2KAlpha1"))));
  about.anode = shown(text_of(descendant(measurement, "anodeMaterial")));
}

/// Angles of the axis 2Theta; none where the scan keeps it fixed or does not have it.
std::vector<double> angles_of(const pugi::xml_node& data, std::size_t points, std::size_t scan) {
  for (const pugi::xml_node& positions : data.children()) {
    if (local_name(positions) != "positions" || std::string_view(positions.attribute("axis").value()) != "2Theta") continue;
    if (const std::string unit = positions.attribute("unit").value(); unit != "deg")
      throw InputError("scan {}: 2-theta is in \"{}\", not deg", scan, shown(unit));
    if (const pugi::xml_node list = child(positions, "listPositions")) {
      std::vector<double> angles = numbers(text_of(list), fmt::format("scan {}: <listPositions>", scan));
      if (angles.size() != points) throw InputError("scan {}: {} angles and {} intensities", scan, angles.size(), points);
      return angles;
    }
    const pugi::xml_node first = child(positions, "startPosition"), last = child(positions, "endPosition");
    if (!first || !last) return {};
    const double start = number_of(first, scan), end = number_of(last, scan);
    return equal_steps(start, points > 1 ? (end - start) / static_cast<double>(points - 1) : 0, points);
  }
  return {};
}

std::vector<double> intensities_of(const pugi::xml_node& data, std::size_t scan) {
  if (const pugi::xml_node corrected = child(data, "intensities")) return numbers(text_of(corrected), fmt::format("scan {}: <intensities>", scan));
  const pugi::xml_node counts = child(data, "counts");
  if (!counts) throw InputError("scan {} has neither <intensities> nor <counts>", scan);
  if (child(data, "divergenceCorrections") || child(data, "commonDivergenceCorrection"))
    throw InputError("scan {} has <counts> with divergence corrections, which are not applied here: export it as .xy", scan);
  std::vector<double> values = numbers(text_of(counts), fmt::format("scan {}: <counts>", scan));
  if (const pugi::xml_node factors = child(data, "beamAttenuationFactors")) {
    const std::vector<double> factor = numbers(text_of(factors), fmt::format("scan {}: <beamAttenuationFactors>", scan));
    if (factor.size() != values.size()) throw InputError("scan {}: {} attenuation factors and {} counts", scan, factor.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factor[i];
  } else if (const pugi::xml_node common = child(data, "commonBeamAttenuationFactor")) {
    const double factor = number_of(common, scan);
    for (double& value : values) value *= factor;
  }
  return values;
}

Range read_scan(const pugi::xml_node& scan, std::size_t ordinal) {
  const pugi::xml_node data = child(scan, "dataPoints");
  if (!data) throw InputError("scan {} has no <dataPoints>", ordinal);
  Range range;
  range.intensity = intensities_of(data, ordinal);
  range.two_theta_deg = angles_of(data, range.intensity.size(), ordinal);
  range.axis = shown(scan.attribute("scanAxis").value());
  range.over_two_theta = !range.two_theta_deg.empty() && range.two_theta_deg.front() != range.two_theta_deg.back();
  if (const pugi::xml_node time = child(data, "commonCountingTime")) range.seconds_per_point = number_of(time, ordinal);
  return range;
}

}  // namespace

bool is_xrdml(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('<')) return false;
  const std::size_t root = text.find("xrdMeasurements");
  return root != std::string_view::npos && root > 0 && (text[root - 1] == '<' || text[root - 1] == ':') && root < 4096;
}

File read_xrdml(std::string_view text) {
  pugi::xml_document document;
  parse_xml(text, document);
  File file;
  file.about.format = "XRDML";
  const pugi::xml_node root = child(document, "xrdMeasurements");
  if (!root) throw InputError("is no XRDML file: its root is <{}>", shown(document.document_element().name()));
  const pugi::xml_node sample = child(root, "sample");
  file.about.sample = shown(text_of(child(sample, "name")));
  if (file.about.sample.empty()) file.about.sample = shown(text_of(child(sample, "id")));
  for (const pugi::xml_node& measurement : root.children()) {
    if (local_name(measurement) != "xrdMeasurement") continue;
    if (file.ranges.empty()) read_radiation(measurement, file.about);
    for (const pugi::xml_node& scan : measurement.children())
      if (local_name(scan) == "scan") file.ranges.push_back(read_scan(scan, file.ranges.size() + 1));
  }
  return file;
}

}  // namespace xxact::io::measured
