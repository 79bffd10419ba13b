// Bruker .brml: a zip archive of XML. Experiment0/RawData0.xml, RawData1.xml, ... have one range each; a range is lines
// <Datum> of numbers separated by commas, and <RawDataView> says which of them is what. Streamed by libarchive, nothing is
// extracted to disk.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "io/measured_formats.hpp"
#include "io/measured_xml.hpp"
#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

constexpr std::size_t kMostMemberBytes = std::size_t{64} << 20, kMostBytes = std::size_t{256} << 20;
constexpr std::size_t kMostMembers = 10'000;

struct CloseArchive {
  void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
using Archive = std::unique_ptr<archive, CloseArchive>;

struct Member {
  std::string name, text;
};

std::string message(const Archive& zip) {
  const char* text = archive_error_string(zip.get());
  return text ? text : "unknown error";
}

std::string member_text(const Archive& zip, const std::string& name, std::size_t& expanded) {
  std::string text;
  for (;;) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(zip.get(), &block, &size, &offset);
    if (status == ARCHIVE_EOF) return text;
    if (status != ARCHIVE_OK) throw InputError("{}: its data are damaged or end early: {}", name, message(zip));
    if (offset < 0 || static_cast<std::size_t>(offset) != text.size()) throw InputError("{}: its data have holes", name);
    expanded += size;
    if (text.size() + size > kMostMemberBytes || expanded > kMostBytes) throw InputError("{} expands to more than {} MiB", name, kMostMemberBytes >> 20);
    text.append(static_cast<const char*>(block), size);
  }
}

bool is_raw_data(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::string_view file = slash == std::string_view::npos ? name : name.substr(slash + 1);
  return file.starts_with("RawData") && file.ends_with(".xml");
}

/// The members with ranges, in the order of their numbers.
std::vector<Member> raw_data_of(std::string_view bytes) {
  const Archive zip(archive_read_new());
  if (!zip) throw IoError("out of memory while reading a BRML file");
  archive_read_support_format_zip(zip.get());
  if (archive_read_open_memory(zip.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) throw InputError("is no readable zip archive: {}", message(zip));
  std::vector<Member> members;
  std::size_t expanded = 0;
  for (std::size_t count = 0;; ++count) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(zip.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) throw InputError("the zip archive is damaged or ends early: {}", message(zip));
    if (count == kMostMembers) throw InputError("the zip archive has more than {} members", kMostMembers);
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || !is_raw_data(name) || archive_entry_filetype(entry) != AE_IFREG) continue;
    members.push_back({shown(name), {}});
    members.back().text = member_text(zip, members.back().name, expanded);
  }
  std::ranges::sort(members, [](const Member& a, const Member& b) { return std::pair(a.name.size(), a.name) < std::pair(b.name.size(), b.name); });
  return members;
}

std::size_t position_of(const pugi::xml_node& view, const Member& member) {
  const auto value = number(view.attribute("Start").value());
  if (value && *value >= 0 && *value < 1000 && *value == static_cast<double>(static_cast<std::size_t>(*value))) return static_cast<std::size_t>(*value);
  throw InputError("{}: a <RawDataView> with Start=\"{}\"", member.name, shown(view.attribute("Start").value()));
}

/// Which numbers of a <Datum> are what.
struct Layout {
  std::optional<std::size_t> two_theta, intensity, seconds;
  double blank = -9999;  // stands for an intensity that was not recorded

  void add_axes(const pugi::xml_node& view, const Member& member) {
    std::size_t position = position_of(view, member);
    for (const pugi::xml_node& field : child(view, "Varying").children()) {
      if (local_name(field) != "FieldDefinitions") continue;
      if (std::string_view(field.attribute("AxisId").value()) == "TwoTheta" && !two_theta) two_theta = position;
      ++position;
    }
  }

  void add_recording(const pugi::xml_node& view, const Member& member) {
    const pugi::xml_node recording = child(view, "Recording");
    if (intensity || std::string_view(child(recording, "Unit").attribute("Base").value()) != "Counts") return;
    if (const std::string length = view.attribute("Length").value(); length != "1")
      throw InputError("{}: {} intensities a point: only one is read", member.name, shown(length));
    intensity = position_of(view, member);
    if (const auto value = number(trimmed(text_of(child(recording, "BlankingValue"))))) blank = *value;
  }

  static Layout of(const pugi::xml_node& route, const Member& member) {
    Layout layout;
    for (const pugi::xml_node& view : child(route, "DataViews").children()) {
      if (local_name(view) != "RawDataView") continue;
      if (child(view, "Varying")) layout.add_axes(view, member);
      if (child(view, "Recording")) layout.add_recording(view, member);
      if (std::string_view(view.attribute("LogicName").value()) == "MeasuredTime") layout.seconds = position_of(view, member);
    }
    return layout;
  }
};

void split_datum(std::string_view text, const std::string& where, std::vector<double>& values) {
  values.clear();
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view field = trimmed(text.substr(0, comma));
    const auto value = number(field);
    if (!value) throw InputError("{}: value {} is no finite number: \"{}\"", where, values.size() + 1, shown(field.substr(0, 40)));
    values.push_back(*value);
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

Range read_route(const pugi::xml_node& route, const Member& member, std::vector<std::string>& notes) {
  const Layout layout = Layout::of(route, member);
  Range range;
  range.axis = shown(child(route, "ScanInformation").attribute("VisibleName").value());
  range.over_two_theta = layout.two_theta.has_value();
  if (!layout.two_theta) return range;
  if (!layout.intensity) throw InputError("{}: no <RawDataView> records counts", member.name);
  const std::size_t last = std::max(*layout.two_theta, *layout.intensity);
  std::vector<double> values;
  std::size_t points = 0, blanks = 0;
  for (const pugi::xml_node& datum : route.children()) {
    if (local_name(datum) != "Datum") continue;
    const std::string where = fmt::format("{}, <Datum> {}", member.name, ++points);
    split_datum(text_of(datum), where, values);
    if (values.size() <= last) throw InputError("{}: {} values where {} are needed", where, values.size(), last + 1);
    if (values[*layout.intensity] == layout.blank) {
      ++blanks;
      continue;
    }
    if (range.intensity.empty() && layout.seconds && *layout.seconds < values.size()) range.seconds_per_point = values[*layout.seconds];
    range.two_theta_deg.push_back(values[*layout.two_theta]);
    range.intensity.push_back(values[*layout.intensity]);
  }
  if (blanks > 0) notes.push_back(fmt::format("{} points of {} without a recorded intensity are left out", blanks, member.name));
  if (const auto planned = number(trimmed(text_of(child(child(route, "ScanInformation"), "MeasurementPoints")))); planned && static_cast<double>(points) < *planned)
    notes.push_back(fmt::format("{} has {} of the {} points that were planned", member.name, points, *planned));
  return range;
}

void read_radiation(const pugi::xml_node& fixed, MeasuredPattern& about) {
  for (const auto& [name, target] : {std::pair{"WaveLengthAlpha1", &about.wavelength_angstrom}, {"WaveLengthAlpha2", &about.alpha2_angstrom}}) {
    const pugi::xml_node line = descendant(fixed, name);
    *target = wavelength(line.attribute("Value").value(), bare_name(line.attribute("Unit").value()) == "nm" ? 10 : 1, about.notes);
  }
  about.alpha2_ratio = number(descendant(fixed, "WaveLengthRatio").attribute("Value").value());
  const pugi::xml_node anode = descendant(fixed, "TubeMaterial");
  about.anode = shown(anode.attribute("Value") ? std::string(anode.attribute("Value").value()) : text_of(anode));
}

void read_sample(const pugi::xml_node& fixed, MeasuredPattern& about) {
  const pugi::xml_node item = fixed.find_node([](const pugi::xml_node& node) {
    return local_name(node) == "InfoItem" && std::string_view(node.attribute("Name").value()) == "SampleName";
  });
  about.sample = shown(item.attribute("Value").value());
}

void read_member(const Member& member, File& file) {
  pugi::xml_document document;
  try {
    parse_xml(member.text, document);
  } catch (const InputError& error) {
    throw InputError("{} {}", member.name, error.what());
  }
  const pugi::xml_node root = child(document, "RawData");
  if (!root) throw InputError("{}: its root is <{}>, not <RawData>", member.name, shown(document.document_element().name()));
  std::size_t routes = 0;
  for (const pugi::xml_node& route : child(root, "DataRoutes").children())
    if (local_name(route) == "DataRoute" && routes++ == 0) file.ranges.push_back(read_route(route, member, file.about.notes));
  if (routes > 1) file.about.notes.push_back(fmt::format("{}: the first of {} data routes is read", member.name, routes));
  if (!file.about.wavelength_angstrom) read_radiation(child(root, "FixedInformation"), file.about);
  if (file.about.sample.empty()) read_sample(child(root, "FixedInformation"), file.about);
}

}  // namespace

File read_brml(std::string_view zip) {
  const std::vector<Member> members = raw_data_of(zip);
  if (members.empty()) throw InputError("is a zip archive without RawData*.xml, so no BRML file");
  File file;
  file.about.format = "BRML";
  for (const Member& member : members) read_member(member, file);
  return file;
}

}  // namespace xxact::io::measured
