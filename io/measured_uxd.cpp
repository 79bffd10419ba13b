// Siemens and Bruker .uxd: lines `_KEY=value`, then the numbers behind a line such as `_2THETACOUNTS` (pairs) or `_COUNTS`
// (intensities alone, eight a line, at equal steps from _START), once a range. Comments begin with a semicolon.
#include <array>
#include <cmath>

#include "io/measured_formats.hpp"
#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

constexpr std::string_view kBlanks = " \t,";

std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front()) text = text.substr(1, text.size() - 2);
  return trimmed(text);
}

/// Which drive was moved; COUPLED and the like move theta with 2-theta.
bool drives_two_theta(std::string_view drive) {
  const std::string name = bare_name(drive);
  for (const char* known : {"coupled", "lockedcoupled", "unlockedcoupled", "2theta", "detectorscan", "detector", "d2theta", "psdfastscan"})
    if (name == known) return true;
  return false;
}

class UxdReader {
 public:
  UxdReader() { file_.about.format = "UXD"; }

  void read_line(std::string_view line, std::size_t line_number) {
    line_ = line_number;
    line = trimmed(line.substr(0, line.find(';')));
    if (line.empty() || line == "\x1A") return;
    if (line.front() != '_') return read_numbers(line);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return begin_numbers(line);
    read_key(line.substr(1, equals - 1), unquoted(line.substr(equals + 1)));
  }

  File finish() {
    end_range();
    return std::move(file_);
  }

 private:
  enum class Data { none, pairs, intensities };

  void read_key(std::string_view key, std::string_view text) {
    if (data_ != Data::none) end_range();  // a key behind numbers belongs to the next range
    MeasuredPattern& about = file_.about;
    if (key == "SAMPLE") about.sample = shown(text);
    else if (key == "ANODE") about.anode = shown(text);
    else if (key == "WL_UNIT") angstroms_per_unit_ = bare_name(text) == "nm" ? 10 : 1;
    else if (key == "WL1") about.wavelength_angstrom = wavelength(text, angstroms_per_unit_, about.notes);
    else if (key == "WL2") about.alpha2_angstrom = wavelength(text, angstroms_per_unit_, about.notes);
    else if (key == "WLRATIO") about.alpha2_ratio = number(text);
    else if (key == "DRIVE") range_.axis = shown(text), range_.over_two_theta = drives_two_theta(text);
    else if (key == "STEPTIME") range_.seconds_per_point = required(key, text);
    else if (key == "STEPSIZE") step_ = required(key, text);
    else if (key == "START" || key == "2THETA") start_ = required(key, text);
    else if (key == "STEPCOUNT") expected_ = required(key, text);
  }

  double required(std::string_view key, std::string_view text) const {
    if (const auto value = number(text)) return *value;
    throw InputError("line {}: _{} is no finite number: \"{}\"", line_, key, shown(text.substr(0, 40)));
  }

  void begin_numbers(std::string_view line) {
    const std::string name = bare_name(line);
    if (name == "2thetacounts" || name == "2thetacps" || name == "2thetacountstime") data_ = Data::pairs;
    else if (name == "counts" || name == "cps") data_ = Data::intensities;
    else throw InputError("line {}: \"{}\" is no key with a value, nor _2THETACOUNTS, _2THETACPS, _COUNTS or _CPS", line_, shown(line.substr(0, 40)));
    if (name.ends_with("time")) throw InputError("line {}: {} is not read: export counts or counts a second", line_, shown(line));
    if (!range_.intensity.empty()) throw InputError("line {}: a second block of numbers in one range", line_);
  }

  double take_number(std::string_view& line, std::string_view what) const {
    line = line.substr(std::min(line.find_first_not_of(kBlanks), line.size()));
    const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
    const std::string_view field = line.substr(0, end);
    const auto value = number(field);
    if (!value) throw InputError("line {}: {} is no finite number: \"{}\"", line_, what, shown(field.substr(0, 40)));
    line = trimmed(line.substr(end));
    return *value;
  }

  void read_numbers(std::string_view line) {
    if (data_ == Data::none) throw InputError("line {}: numbers before _2THETACOUNTS or _COUNTS: \"{}\"", line_, shown(line.substr(0, 40)));
    if (data_ == Data::pairs) {
      range_.two_theta_deg.push_back(take_number(line, "2-theta"));
      if (line.empty()) throw InputError("line {}: an angle without its intensity", line_);
      range_.intensity.push_back(take_number(line, "intensity"));
      if (!line.empty()) throw InputError("line {}: more than an angle and an intensity: \"{}\"", line_, shown(line.substr(0, 40)));
      range_.line.push_back(line_);
      return;
    }
    while (!line.empty()) {
      range_.intensity.push_back(take_number(line, "intensity"));
      range_.line.push_back(line_);
    }
  }

  void end_range() {
    if (data_ == Data::intensities) {
      if (!(std::isfinite(step_) && step_ != 0)) throw InputError("range {} has neither angles nor a _STEPSIZE", file_.ranges.size() + 1);
      range_.two_theta_deg = equal_steps(start_, step_, range_.intensity.size());
    }
    if (expected_ > 0 && data_ != Data::none && expected_ != static_cast<double>(range_.intensity.size()))
      throw InputError("range {} has {} points where _STEPCOUNT says {}: cut short?", file_.ranges.size() + 1, range_.intensity.size(), expected_);
    if (data_ != Data::none) file_.ranges.push_back(std::move(range_));
    range_ = {};
    data_ = Data::none;
    expected_ = 0;
  }

  File file_;
  Range range_;
  Data data_ = Data::none;
  double angstroms_per_unit_ = 1, start_ = 0, step_ = 0, expected_ = 0;
  std::size_t line_ = 0;
};

}  // namespace

bool is_uxd(std::string_view text) {
  for (Lines lines(text); lines.next();) {
    const std::string_view line = trimmed(lines.text());
    if (line.empty() || line.front() == ';') continue;
    return line.starts_with("_FILEVERSION") || line.starts_with("_SAMPLE=");
  }
  return false;
}

File read_uxd(std::string_view text) {
  UxdReader reader;
  for (Lines lines(text); lines.next();) reader.read_line(lines.text(), lines.number());
  return reader.finish();
}

}  // namespace xxact::io::measured
