// Bruker and Siemens .raw, three layouts told by their first bytes: "RAW " (DIFFRAC-AT), "RAW2" and "RAW1.01" (DIFFRAC plus,
// version 3); little-endian. Each range has a header and then one float32 intensity a point, at equal steps.
// "RAW " and "RAW2" do not say which axis was moved; they are taken to be over 2-theta. "RAW4.00" is not read.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "io/measured_formats.hpp"
#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

static_assert(std::endian::native == std::endian::little, "the files are little-endian and are read as they are");

constexpr std::uint32_t kMostRanges = 100'000;

/// A part of the file, which says what was to be read where it ends early.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : all_(all) {}

  template <class T>
  T at(std::size_t offset, std::string_view what) const {
    T value;
    std::memcpy(&value, text(offset, sizeof value, what).data(), sizeof value);
    return value;
  }
  /// A float32 as the decimal number that it stands for: 1.5406, not 1.5406000614.
  double decimal(std::size_t offset, std::string_view what) const {
    const auto value = at<float>(offset, what);
    if (!std::isfinite(value)) throw InputError("{} (byte {}) is {}", what, offset, value);
    return number(fmt::format("{}", value)).value_or(value);
  }
  double real(std::size_t offset, std::string_view what) const {
    const auto value = at<double>(offset, what);
    if (!std::isfinite(value)) throw InputError("{} (byte {}) is {}", what, offset, value);
    return value;
  }
  std::string_view text(std::size_t offset, std::size_t size, std::string_view what) const {
    if (offset > all_.size() || size > all_.size() - offset)
      throw InputError("ends at byte {}, before {} (bytes {} to {}): cut short?", all_.size(), what, offset, offset + size);
    return all_.substr(offset, size);
  }
  /// Up to the first NUL.
  std::string name(std::size_t offset, std::size_t size, std::string_view what) const {
    const std::string_view field = text(offset, size, what);
    return shown(field.substr(0, field.find('\0')));
  }
  std::vector<double> intensities(std::size_t offset, std::size_t points, std::string_view what) const {
    const std::string_view data = text(offset, points * sizeof(float), what);
    std::vector<double> values(points);
    for (std::size_t i = 0; i < points; ++i) {
      float value;
      std::memcpy(&value, data.data() + i * sizeof value, sizeof value);
      values[i] = value;
    }
    return values;
  }
  bool says(std::size_t offset, std::string_view magic) const { return offset <= all_.size() && all_.substr(offset).starts_with(magic); }

 private:
  std::string_view all_;
};

void set_angles(Range& range, double start, double step, std::size_t ordinal) {
  if (!(step != 0 && std::abs(step) <= 180)) throw InputError("range {}: the step is {} degrees", ordinal, step);
  range.two_theta_deg = equal_steps(start, step, range.intensity.size());
}

void set_wavelength(std::optional<double>& target, double value, std::vector<std::string>& notes) { target = wavelength(fmt::format("{}", value), 1, notes); }

/// Header of 156 bytes a range; the first programs left out the four bytes "RAW " of all but the first.
File read_version_1(const Bytes& bytes) {
  File file;
  file.about.format = "RAW";
  std::size_t at = 0;
  for (bool more = true; more;) {
    const std::size_t ordinal = file.ranges.size() + 1;
    const std::string header = fmt::format("the header of range {}", ordinal);
    if (ordinal > kMostRanges) throw InputError("more than {} ranges", kMostRanges);
    if (bytes.says(at, "RAW ")) at += 4;
    const auto points = bytes.at<std::uint32_t>(at, header);
    Range range;
    range.seconds_per_point = bytes.decimal(at + 4, header);
    const double step = bytes.decimal(at + 8, header), start = bytes.decimal(at + 20, header);
    if (ordinal == 1) {
      file.about.sample = bytes.name(at + 36, 32, header);
      set_wavelength(file.about.wavelength_angstrom, bytes.decimal(at + 68, header), file.about.notes);
      set_wavelength(file.about.alpha2_angstrom, bytes.decimal(at + 72, header), file.about.notes);
    }
    more = bytes.at<std::uint32_t>(at + 148, header) != 0;
    range.intensity = bytes.intensities(at + 152, points, fmt::format("the {} points of range {}", points, ordinal));
    set_angles(range, start, step, ordinal);
    at += 152 + std::size_t{points} * sizeof(float);
    file.ranges.push_back(std::move(range));
  }
  return file;
}

/// Header of 256 bytes, then a header of at least 48 bytes a range.
File read_version_2(const Bytes& bytes) {
  File file;
  file.about.format = "RAW2";
  const auto ranges = bytes.at<std::uint16_t>(4, "the number of ranges");
  file.about.anode = bytes.name(188, 2, "the anode");
  set_wavelength(file.about.wavelength_angstrom, bytes.decimal(190, "the wavelength"), file.about.notes);
  set_wavelength(file.about.alpha2_angstrom, bytes.decimal(194, "the wavelength of K-alpha2"), file.about.notes);
  file.about.alpha2_ratio = bytes.decimal(198, "the ratio of K-alpha2");
  std::size_t at = 256;
  for (std::size_t ordinal = 1; ordinal <= ranges; ++ordinal) {
    const std::string header = fmt::format("the header of range {}", ordinal);
    const auto header_bytes = bytes.at<std::uint16_t>(at, header), points = bytes.at<std::uint16_t>(at + 2, header);
    if (header_bytes < 48) throw InputError("{} has {} bytes, fewer than 48", header, header_bytes);
    Range range;
    range.seconds_per_point = bytes.decimal(at + 8, header);
    const double step = bytes.decimal(at + 12, header), start = bytes.decimal(at + 16, header);
    range.intensity = bytes.intensities(at + header_bytes, points, fmt::format("the {} points of range {}", points, ordinal));
    set_angles(range, start, step, ordinal);
    at += header_bytes + std::size_t{points} * sizeof(float);
    file.ranges.push_back(std::move(range));
  }
  return file;
}

/// What a range of RAW1.01 was measured over, by the code in its header.
void set_axis(Range& range, std::uint32_t code) {
  switch (code) {
    case 0:     // locked coupled
    case 1:     // unlocked coupled
    case 2:     // detector
    case 20:    // unlocked coupled, high resolution
      return;
    case 3: range.axis = "theta (rocking curve)"; break;
    case 4: range.axis = "chi"; break;
    case 5: range.axis = "phi"; break;
    case 6: range.axis = "x"; break;
    case 7: range.axis = "y"; break;
    case 8: range.axis = "z"; break;
    default: range.axis = fmt::format("drive {}", code); break;
  }
  range.over_two_theta = false;
}

/// Header of 712 bytes, then a header a range, which says its own length and that of further headers behind it.
File read_version_3(const Bytes& bytes) {
  File file;
  file.about.format = "RAW1.01";
  const auto ranges = bytes.at<std::uint32_t>(12, "the number of ranges");
  if (ranges > kMostRanges) throw InputError("the number of ranges (byte 12) is {}", ranges);
  file.about.sample = bytes.name(326, 60, "the sample's name");
  file.about.anode = bytes.name(608, 4, "the anode");
  set_wavelength(file.about.wavelength_angstrom, bytes.real(624, "the wavelength"), file.about.notes);
  set_wavelength(file.about.alpha2_angstrom, bytes.real(632, "the wavelength of K-alpha2"), file.about.notes);
  file.about.alpha2_ratio = bytes.real(648, "the ratio of K-alpha2");
  std::size_t at = 712;
  for (std::size_t ordinal = 1; ordinal <= ranges; ++ordinal) {
    const std::string header = fmt::format("the header of range {}", ordinal);
    const std::size_t header_bytes = bytes.at<std::uint32_t>(at, header);
    if (header_bytes < 304) throw InputError("{} has {} bytes, fewer than 304", header, header_bytes);
    const auto points = bytes.at<std::uint32_t>(at + 4, header);
    if (const auto size = bytes.at<std::uint32_t>(at + 252, header); size != sizeof(float))
      throw InputError("range {} has points of {} bytes: ranges with more than one number a point are not read", ordinal, size);
    const std::size_t data = at + header_bytes + bytes.at<std::uint32_t>(at + 256, header);
    Range range;
    range.seconds_per_point = bytes.decimal(at + 192, header);
    set_axis(range, bytes.at<std::uint32_t>(at + 196, header));
    range.intensity = bytes.intensities(data, points, fmt::format("the {} points of range {}", points, ordinal));
    if (range.over_two_theta) set_angles(range, bytes.real(at + 16, header), bytes.real(at + 176, header), ordinal);
    at = data + std::size_t{points} * sizeof(float);
    file.ranges.push_back(std::move(range));
  }
  return file;
}

}  // namespace

bool is_raw(std::string_view bytes) { return bytes.starts_with("RAW ") || bytes.starts_with("RAW1.01") || bytes.starts_with("RAW2") || bytes.starts_with("RAW4"); }

File read_raw(std::string_view bytes) {
  if (bytes.starts_with("RAW4")) throw InputError("is a RAW4 file, which is not read: export it as .brml or .xy");
  if (bytes.starts_with("RAW1")) return read_version_3(Bytes(bytes));
  if (bytes.starts_with("RAW2")) return read_version_2(Bytes(bytes));
  return read_version_1(Bytes(bytes));
}

}  // namespace xxact::io::measured
