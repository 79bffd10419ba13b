// Rigaku .ras: a header of lines `*KEY "value"`, then lines of angle, intensity and attenuator factor between
// *RAS_INT_START and *RAS_INT_END, once a scan. Names may be in a Japanese encoding; nothing that is read is.
#include <algorithm>
#include <array>

#include "io/measured_formats.hpp"
#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

class RasReader {
 public:
  RasReader() { file_.about.format = "RAS"; }

  void read_line(std::string_view line, std::size_t line_number) {
    line_ = line_number;
    line = trimmed(line);
    if (line.empty() || line == "\x1A") return;
    if (line.front() != '*') return read_point(line);
    const std::size_t blank = line.find_first_of(" \t");
    const std::string_view key = line.substr(1, blank == std::string_view::npos ? blank : blank - 1);
    if (key == "RAS_DATA_START") complete_ = false;
    else if (key == "RAS_HEADER_START") range_ = {}, expected_ = 0;
    else if (key == "RAS_INT_START") begin_points();
    else if (key == "RAS_INT_END") end_points();
    else if (key == "RAS_DATA_END") complete_ = true;
    else if (blank != std::string_view::npos) read_key(key, unquoted(line.substr(blank)));
  }

  File finish() {
    if (in_points_) throw InputError("ends inside the points of scan {}: cut short?", file_.ranges.size() + 1);
    if (!complete_) throw InputError("ends without *RAS_DATA_END: cut short?");
    return std::move(file_);
  }

 private:
  static std::string_view unquoted(std::string_view text) {
    text = trimmed(text);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return trimmed(text);
  }

  void read_key(std::string_view key, std::string_view text) {
    MeasuredPattern& about = file_.about;
    if (key == "FILE_SAMPLE") about.sample = shown(text);
    else if (key == "HW_XG_TARGET_NAME") about.anode = shown(text);
    else if (key == "HW_XG_WAVE_LENGTH_ALPHA1") about.wavelength_angstrom = wavelength(text, 1, about.notes);
    else if (key == "HW_XG_WAVE_LENGTH_ALPHA2") about.alpha2_angstrom = wavelength(text, 1, about.notes);
    else if (key == "MEAS_SCAN_AXIS_X_INTERNAL" || (key == "MEAS_SCAN_AXIS_X" && !axis_is_internal_)) {
      axis_is_internal_ = key == "MEAS_SCAN_AXIS_X_INTERNAL";  // the same in every language
      range_.axis = shown(text);
      range_.over_two_theta = bare_name(text).starts_with("twotheta") || bare_name(text).starts_with("2theta");
    } else if (key == "MEAS_SCAN_UNIT_X" && bare_name(text) != "deg") {
      throw InputError("line {}: the angles' unit is \"{}\", not deg", line_, shown(text));
    } else if (key == "MEAS_DATA_COUNT") {
      const auto count = number(text);
      if (!count) throw InputError("line {}: MEAS_DATA_COUNT is no finite number: \"{}\"", line_, shown(text.substr(0, 40)));
      expected_ = *count;
    }
  }

  void begin_points() {
    if (in_points_) throw InputError("line {}: *RAS_INT_START inside the points of a scan", line_);
    in_points_ = true;
  }

  void end_points() {
    if (!in_points_) throw InputError("line {}: *RAS_INT_END without *RAS_INT_START", line_);
    if (expected_ > 0 && expected_ != static_cast<double>(range_.intensity.size()))
      throw InputError("line {}: {} points where MEAS_DATA_COUNT says {}", line_, range_.intensity.size(), expected_);
    in_points_ = axis_is_internal_ = false;
    file_.ranges.push_back(std::move(range_));
    range_ = {};
  }

  void read_point(std::string_view line) {
    if (!in_points_) throw InputError("line {}: neither a key nor inside the points of a scan: \"{}\"", line_, shown(line.substr(0, 40)));
    std::array<double, 3> value = {0, 0, 1};
    constexpr std::array<const char*, 3> names = {"2-theta", "intensity", "attenuator factor"};
    std::size_t fields = 0;
    for (; !line.empty() && fields < value.size(); ++fields) {
      const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
      const auto given = number(line.substr(0, end));
      if (!given) throw InputError("line {}: {} is no finite number: \"{}\"", line_, names[fields], shown(line.substr(0, std::min(end, std::size_t{40}))));
      value[fields] = *given;
      line = trimmed(line.substr(end));
    }
    if (fields < 2) throw InputError("line {}: an angle without its intensity", line_);
    if (!line.empty()) throw InputError("line {}: more than angle, intensity and attenuator factor: \"{}\"", line_, shown(line.substr(0, 40)));
    if (!(value[2] > 0)) throw InputError("line {}: the attenuator factor is {}", line_, value[2]);
    range_.two_theta_deg.push_back(value[0]);
    range_.intensity.push_back(value[1] * value[2]);  // the file has what the attenuated beam gave
    range_.line.push_back(line_);
  }

  File file_;
  Range range_;
  bool in_points_ = false, complete_ = true, axis_is_internal_ = false;
  double expected_ = 0;
  std::size_t line_ = 0;
};

}  // namespace

bool is_ras(std::string_view text) { return trimmed(text).starts_with("*RAS_DATA_START") || trimmed(text).starts_with("*RAS_HEADER_START"); }

File read_ras(std::string_view text) {
  RasReader reader;
  for (Lines lines(text); lines.next();) reader.read_line(lines.text(), lines.number());
  return reader.finish();
}

}  // namespace xxact::io::measured
