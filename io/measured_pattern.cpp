#include "io/measured_pattern.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "io/byte_stream.hpp"
#include "io/measured_formats.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

using measured::Range;

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr double kJoinGapSteps = 1.5;  // how far behind the last point the next range may begin and still continue it

std::string suffix_of(const std::string& name) {
  std::filesystem::path path(name);
  std::string suffix = path.extension().string();
  for (const char* compression : {".gz", ".bz2", ".zst", ".zstd"})
    if (suffix == compression) suffix = path.stem().extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return suffix;
}

/// Text in an encoding that is not read, or no text: said plainly, before a reader stumbles over the first line.
void require_text(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) throw InputError("is UTF-16 text; save it as UTF-8 or ASCII");
  const std::size_t control = static_cast<std::size_t>(std::ranges::find_if(bytes, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f' && byte != 0x1A;
  }) - bytes.begin());
  if (control == bytes.size()) return;
  throw InputError("unknown format: byte {} is {:#04x}, which no text has, and it does not begin like RAW, RAW2, RAW1.01 or BRML", control,
                   static_cast<unsigned>(static_cast<unsigned char>(bytes[control])));
}

/// The numbers of a CIF's loops would look like columns.
bool is_cif(std::string_view text) {
  for (measured::Lines lines(text); lines.next();) {
    const std::string_view line = measured::trimmed(lines.text());
    if (!line.empty() && line.front() != '#') return line.starts_with("data_");
  }
  return false;
}

measured::File read_format(std::string_view bytes, const std::string& suffix) {
  if (measured::is_raw(bytes)) return measured::read_raw(bytes);
  if (bytes.starts_with("PK\x03\x04")) return measured::read_brml(bytes);
  if (suffix == ".brml") throw InputError("is no BRML file: it is no zip archive");
  if (suffix == ".raw" && bytes.starts_with("FI")) throw InputError("is a Rigaku RAW file, which is not read: export it as .ras or .xy");
  require_text(bytes);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (measured::trimmed(bytes).empty()) throw InputError("holds nothing but blanks");
  if (measured::is_xrdml(bytes)) return measured::read_xrdml(bytes);
  if (measured::is_ras(bytes)) return measured::read_ras(bytes);
  if (measured::is_uxd(bytes)) return measured::read_uxd(bytes);
  for (const auto& [of_format, format] : {std::pair{".xrdml", "XRDML"}, {".ras", "RAS"}, {".uxd", "UXD"}, {".raw", "RAW"}})
    if (suffix == of_format) throw InputError("is no {} file: it does not begin like one", format);
  if (is_cif(bytes)) throw InputError("is a CIF, which is not read as a pattern: export columns of 2-theta and intensity");
  if (measured::trimmed(bytes).starts_with('<')) throw InputError("unknown format: XML, but not XRDML");
  return measured::read_columns(bytes, suffix == ".xye");
}

std::string place(const Range& range, std::size_t point) {
  return range.line.empty() ? fmt::format("point {}", point + 1) : fmt::format("line {}", range.line[point]);
}

void require_numbers(const Range& range, std::string_view name, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) throw InputError("{}: {} is {}", place(range, i), name, values[i]);
}

/// Strictly ascending, after turning round what was measured downwards.
void require_ascending(Range& range, std::vector<std::string>& notes) {
  auto& x = range.two_theta_deg;
  if (std::ranges::adjacent_find(x, std::ranges::less_equal{}) == x.end()) {
    for (auto* column : {&x, &range.intensity, &range.sigma}) std::ranges::reverse(*column);
    std::ranges::reverse(range.line);
    notes.emplace_back("measured from high to low angles: turned round");
  }
  for (std::size_t i = 1; i < x.size(); ++i)
    if (!(x[i] > x[i - 1])) throw InputError("{}: 2-theta does not ascend: {} after {}", place(range, i), x[i], x[i - 1]);
}

void require_pattern(Range& range, std::vector<std::string>& notes) {
  const std::size_t points = range.two_theta_deg.size();
  if (points == 0) throw InputError("has no points");
  if (points < kFewestPoints) throw InputError("has {} points, fewer than {}", points, kFewestPoints);
  require_numbers(range, "2-theta", range.two_theta_deg);
  require_numbers(range, "intensity", range.intensity);
  require_numbers(range, "sigma", range.sigma);
  for (std::size_t i = 0; i < points; ++i)
    if (range.two_theta_deg[i] < 0 || range.two_theta_deg[i] > 180)
      throw InputError("{}: 2-theta is {} degrees, outside 0 to 180", place(range, i), range.two_theta_deg[i]);
  for (std::size_t i = 0; i < range.sigma.size(); ++i)
    if (range.sigma[i] < 0) throw InputError("{}: sigma is negative: {}", place(range, i), range.sigma[i]);
  require_ascending(range, notes);
  if (*std::ranges::max_element(range.intensity) <= 0) throw InputError("no intensity is above zero");
}

/// Whether `next` goes on where `first` ends, perhaps after an overlap, on the same scale.
bool continues(const Range& first, const Range& next) {
  const auto& x = first.two_theta_deg;
  const auto& y = next.two_theta_deg;
  if (x.size() < 2 || y.size() < 2 || first.sigma.empty() != next.sigma.empty() || first.seconds_per_point != next.seconds_per_point) return false;
  const double step = std::max(x.back() - x[x.size() - 2], y[1] - y[0]);
  return y.front() > x.front() && y.front() - x.back() <= kJoinGapSteps * step && y.back() > x.back();
}

/// Adds the points of `next` behind the last of `range`; returns how many were left out.
std::size_t append(Range& range, const Range& next) {
  const auto& x = next.two_theta_deg;
  const auto from = std::ranges::find_if(x, [last = range.two_theta_deg.back()](double angle) { return angle > last; }) - x.begin();
  const auto add = [from](auto& to, const auto& more) {
    if (!more.empty()) to.insert(to.end(), more.begin() + from, more.end());
  };
  add(range.two_theta_deg, x), add(range.intensity, next.intensity), add(range.sigma, next.sigma), add(range.line, next.line);
  return static_cast<std::size_t>(from);
}

/// The range to read: see read_measured_pattern.
Range take_range(std::vector<Range>& ranges, std::vector<std::string>& notes) {
  const std::size_t all = ranges.size();
  if (all == 0) throw InputError("has no measured range");
  const auto first = std::ranges::find_if(ranges, &Range::over_two_theta);
  if (first == ranges.end()) {
    std::set<std::string> axes;
    for (const Range& range : ranges) axes.insert(range.axis);
    throw InputError("no range is over 2-theta (measured over {})", fmt::join(axes, ", "));
  }
  Range taken = std::move(*first);
  std::size_t joined = 1, overlapping = 0;
  for (auto next = first + 1; next != ranges.end() && next->over_two_theta && continues(taken, *next); ++next, ++joined) overlapping += append(taken, *next);
  const std::size_t number = static_cast<std::size_t>(first - ranges.begin()) + 1;
  if (joined > 1) notes.push_back(fmt::format("ranges {} to {} of {} are joined", number, number + joined - 1, all));
  else if (all > 1) notes.push_back(fmt::format("range {} of {} is read; the others do not continue it", number, all));
  if (overlapping > 0) notes.push_back(fmt::format("{} points of later ranges are left out where they overlap earlier ones", overlapping));
  return taken;
}

MeasuredPattern pattern_of(measured::File file) {
  MeasuredPattern pattern = std::move(file.about);
  Range range = take_range(file.ranges, pattern.notes);
  require_pattern(range, pattern.notes);
  pattern.two_theta_deg = std::move(range.two_theta_deg);
  pattern.intensity = std::move(range.intensity);
  pattern.sigma = std::move(range.sigma);
  if (pattern.alpha2_ratio && !(*pattern.alpha2_ratio >= 0 && *pattern.alpha2_ratio <= 1)) pattern.alpha2_ratio.reset();
  return pattern;
}

}  // namespace

MeasuredPattern parse_measured_pattern(std::string_view bytes, const std::string& name) {
  try {
    if (bytes.empty()) throw InputError("file is empty");
    if (bytes.size() > kMostBytes) throw InputError("holds more than {} MiB", kMostBytes >> 20);
    return pattern_of(read_format(bytes, suffix_of(name)));
  } catch (const InputError& error) {
    throw InputError("{}: {}", name, error.what());
  }
}

MeasuredPattern read_measured_pattern(const std::filesystem::path& path) {
  std::string bytes;
  try {
    bytes = read_whole(ByteStream(path), kMostBytes);
  } catch (const InputError& error) {
    throw InputError("{}: {}", path.string(), error.what());
  }
  return parse_measured_pattern(bytes, path.string());
}

}  // namespace xxact::io
