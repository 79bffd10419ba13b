// The readers behind io/measured_pattern.hpp: each turns the bytes of one format into ranges; which of them are taken and
// whether they make a pattern is decided in one place, measured_pattern.cpp. Errors give the reason and the place alone:
// the caller knows the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/measured_pattern.hpp"

namespace xxact::io::measured {

/// One scan of a file.
struct Range {
  std::string axis = "2-theta";  // what was moved, in the file's words
  bool over_two_theta = true;
  double seconds_per_point = 0;  // 0 = unknown
  std::vector<double> two_theta_deg, intensity, sigma;
  std::vector<std::size_t> line;  // of each point, counted from 1; empty where the format has no lines
};

struct File {
  MeasuredPattern about;  // everything but the points
  std::vector<Range> ranges;
};

File read_columns(std::string_view text, bool third_column_is_sigma);
bool is_uxd(std::string_view text);
File read_uxd(std::string_view text);
bool is_ras(std::string_view text);
File read_ras(std::string_view text);
bool is_raw(std::string_view bytes);
File read_raw(std::string_view bytes);
bool is_xrdml(std::string_view text);
File read_xrdml(std::string_view text);
File read_brml(std::string_view zip);

// What several readers need.

/// The number that is all of `text` (a leading + is allowed); nothing for anything else, NaN and infinity too.
std::optional<double> number(std::string_view text);
std::string_view trimmed(std::string_view text);
/// Lower case, letters and digits only: "2-Theta (deg)" -> "2thetadeg".
std::string bare_name(std::string_view text);
/// Fit to be shown: blanks at the ends cut, bytes that are no printable UTF-8 replaced by '?', at most 200 bytes.
std::string shown(std::string_view text);
/// A wavelength in the file's own unit as angstrom, where `text` is a positive number; a note where it is out of range.
std::optional<double> wavelength(std::string_view text, double angstroms_per_unit, std::vector<std::string>& notes);
/// Numbers separated by blanks. Throws InputError that names `what` and the position of what is none.
std::vector<double> numbers(std::string_view text, std::string_view what);
/// `points` angles from `start` in steps.
std::vector<double> equal_steps(double start, double step, std::size_t points);

/// The lines of a text, without their ends (LF, CR LF or CR).
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool next();
  std::string_view text() const { return line_; }
  std::size_t number() const { return number_; }  // of the current line, from 1

 private:
  std::string_view rest_, line_;
  std::size_t number_ = 0;
};

}  // namespace xxact::io::measured
