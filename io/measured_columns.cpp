// Patterns as columns of numbers: 2-theta, intensity and perhaps more, separated by blanks, tabs, commas or semicolons,
// with comments and headings before them.
#include <algorithm>
#include <array>
#include <cctype>

#include "io/measured_formats.hpp"
#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

constexpr std::size_t kMostFields = 64;
constexpr std::string_view kCommentMarks = "#!%;'\"/*@&";
constexpr double kSmallestWavelength = 0.05, kLargestWavelength = 10;

struct Fields {
  std::vector<std::string_view> text;
  bool comma = false;  // a comma in a line whose delimiter is another: a decimal comma, or a mixture
};

void split(std::string_view line, Fields& fields) {
  fields.text.clear();
  line = trimmed(line);
  const bool semicolon = line.find(';') != std::string_view::npos, comma = line.find(',') != std::string_view::npos;
  fields.comma = comma && semicolon;
  const char delimiter = semicolon ? ';' : comma ? ',' : ' ';
  while (fields.text.size() <= kMostFields) {
    const std::size_t end = delimiter == ' ' ? line.find_first_of(" \t") : line.find(delimiter);
    const std::string_view field = trimmed(line.substr(0, end));
    // "10,02 1838": between its commas stand blanks, so the comma is no delimiter.
    if (delimiter == ',' && field.find_first_of(" \t") != std::string_view::npos) fields.comma = true;
    fields.text.push_back(field);
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
    if (delimiter == ' ') line = trimmed(line);
    else if (trimmed(line).empty()) return;  // a delimiter at the end of the line
  }
}

bool begins_a_number(std::string_view field) {
  if (field.starts_with('+') || field.starts_with('-')) field.remove_prefix(1);
  if (field.starts_with('.')) field.remove_prefix(1);
  return !field.empty() && field.front() >= '0' && field.front() <= '9';
}

bool any_of(std::string_view name, std::initializer_list<std::string_view> names) { return std::ranges::find(names, name) != names.end(); }
bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts, [name](std::string_view start) { return name.starts_with(start); });
}

bool names_two_theta(std::string_view name) {
  return begins_with_any(name, {"2theta", "twotheta", "tth", "2th", "ttheta", "angle", "pos2th", "position2th"}) || name == "x";
}
bool names_intensity(std::string_view name) {
  return begins_with_any(name, {"intensity", "intensities", "count", "cps", "yobs", "iobs", "int", "observed"}) || any_of(name, {"i", "y", "obs"});
}
bool names_sigma(std::string_view name) { return begins_with_any(name, {"sigma", "error", "esd", "uncertainty", "stddev"}) || any_of(name, {"err", "e", "sig"}); }
bool names_another_axis(std::string_view name) {
  return begins_with_any(name, {"q1", "qa", "qnm", "dspacing", "dang", "energy", "wavelength", "omega", "theta", "time", "tof"}) ||
         any_of(name, {"q", "d", "th", "da"});
}

/// "q_per_angstrom": no word of a comment, so that no intensity need be named beside it.
bool names_q_per_length(std::string_view name) { return begins_with_any(name, {"qper"}); }

struct Columns {
  std::size_t two_theta = 0, intensity = 1, sigma = 0;  // sigma 0: none
  std::size_t count = 0;                                // fields of the first line of numbers
};

/// "wavelength: 1.5406", "lambda1 = 1.5406 A", "Wavelength (nm) 0.15406" in a comment.
void read_wavelength(std::string_view comment, MeasuredPattern& about) {
  std::string lower(comment);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::size_t at = lower.find("wavelength");
  if (at == std::string::npos) at = lower.find("lambda");
  if (at == std::string::npos || about.wavelength_angstrom) return;
  const std::string_view rest = std::string_view(lower).substr(at, 60);
  for (std::size_t i = 0; i < rest.size();) {
    const std::size_t begin = rest.find_first_of("0123456789", i);
    if (begin == std::string_view::npos) return;
    const std::size_t end = std::min(rest.find_first_not_of("0123456789.", begin), rest.size());
    const auto value = number(rest.substr(begin, end - begin));
    // A number without a point is a counter ("lambda1") or a part of a name.
    if (value && rest.substr(begin, end - begin).find('.') != std::string_view::npos) {
      const double angstrom = rest.find("nm") != std::string_view::npos ? *value * 10 : *value;
      if (angstrom >= kSmallestWavelength && angstrom <= kLargestWavelength) about.wavelength_angstrom = angstrom;
      return;
    }
    i = end;
  }
}

/// The quoted value behind `key`, as Bruker's programs write it in the first line of .xy files: 'Id: "..." Anode: "Cu".
std::string quoted_value(std::string_view comment, std::string_view key) {
  const std::size_t at = comment.find(key);
  if (at == std::string_view::npos) return {};
  comment.remove_prefix(at + key.size());
  const std::size_t end = comment.find('"');
  return end == std::string_view::npos ? std::string() : shown(comment.substr(0, end));
}

void read_comment(std::string_view line, MeasuredPattern& about) {
  read_wavelength(line, about);
  if (about.anode.empty()) about.anode = quoted_value(line, "Anode: \"");
  const std::string_view text = trimmed(line.substr(std::min(line.find_first_not_of(kCommentMarks), line.size())));
  if (about.sample.empty()) about.sample = quoted_value(line, "Id: \"");
  if (about.sample.empty() && !names_two_theta(bare_name(text))) about.sample = shown(text);
}

/// Which columns the line of headings before the numbers names; the first two where it does not say.
void read_headings(std::string_view line, Columns& columns) {
  line = line.substr(std::min(line.find_first_not_of("#!%'/* \t"), line.size()));
  Fields fields;
  split(line, fields);
  if (fields.text.size() != columns.count) return;
  std::vector<std::string> names;
  for (std::string_view field : fields.text) names.push_back(bare_name(field));
  const auto find = [&names](auto&& matches) { return static_cast<std::size_t>(std::ranges::find_if(names, matches) - names.begin()); };
  if (names_q_per_length(names[0])) throw InputError("the first column is named \"{}\": a pattern over 2-theta in degrees is needed", shown(fields.text[0]));
  const std::size_t two_theta = find(names_two_theta);
  if (two_theta == names.size()) {
    // Words of a comment can be as many as the columns; where one is an intensity, the others are headings too.
    if (names_another_axis(names[0]) && find(names_intensity) != names.size())
      throw InputError("the first column is named \"{}\": a pattern over 2-theta in degrees is needed", shown(fields.text[0]));
    return;
  }
  columns.two_theta = two_theta;
  columns.intensity = two_theta == 0 ? 1 : 0;
  if (const std::size_t found = find(names_intensity); found != names.size() && found != two_theta) columns.intensity = found;
  if (const std::size_t found = find(names_sigma); found != names.size() && found != two_theta && found != columns.intensity && found > 0) columns.sigma = found;
}

/// Whether a new scan begins at `point`, where the angles step back: both sides have points enough, and the steps behind
/// it are even from the first. A single angle out of order is not that.
bool scan_begins(const std::vector<double>& x, std::size_t before, std::size_t point, std::size_t next) {
  return point - before >= kFewestPoints && next - point >= kFewestPoints && x[point + 1] - x[point] < 1.5 * (x[point + 2] - x[point + 1]);
}

Range part_of(const Range& range, std::size_t first, std::size_t last) {
  const auto cut = [first, last](const auto& all) {
    auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
    return std::decay_t<decltype(all)>(begin, begin + static_cast<std::ptrdiff_t>(last - first));
  };
  Range part;
  part.two_theta_deg = cut(range.two_theta_deg), part.intensity = cut(range.intensity), part.line = cut(range.line);
  if (!range.sigma.empty()) part.sigma = cut(range.sigma);
  return part;
}

/// Files that were put together from several scans have them one behind the other. What is no sequence of scans stays
/// one range, and is refused for its order later.
std::vector<Range> ascending_parts(Range range) {
  const auto& x = range.two_theta_deg;
  std::vector<std::size_t> begin = {0};
  for (std::size_t i = 1; i < x.size(); ++i)
    if (!(x[i] > x[i - 1])) begin.push_back(i);
  begin.push_back(x.size());
  std::vector<Range> parts;
  for (std::size_t k = 1; k + 1 < begin.size(); ++k)
    if (!scan_begins(x, begin[k - 1], begin[k], begin[k + 1])) begin.resize(1);
  if (begin.size() <= 2) {
    parts.push_back(std::move(range));
    return parts;
  }
  for (std::size_t k = 0; k + 1 < begin.size(); ++k) parts.push_back(part_of(range, begin[k], begin[k + 1]));
  return parts;
}

class ColumnReader {
 public:
  explicit ColumnReader(bool third_column_is_sigma) : third_column_is_sigma_(third_column_is_sigma) { file_.about.format = "columns"; }

  void read_line(std::string_view line, std::size_t line_number) {
    line_ = line_number;
    const std::string_view text = trimmed(line);
    if (text.empty() || text == "\x1A") return;
    if (kCommentMarks.find(text.front()) != std::string_view::npos || (range_.line.empty() && !begins_a_number(text))) {
      if (range_.line.empty()) read_comment(text, file_.about), heading_ = text;
      return;
    }
    split(text, fields_);
    if (fields_.comma)
      throw InputError("line {}: \"{}\" has commas beside another delimiter; if they are decimal commas, write decimal points", line_, shown(text.substr(0, 40)));
    if (range_.line.empty()) begin_numbers();
    if (fields_.text.size() != columns_.count)
      throw InputError("line {}: {} fields where the first line of numbers has {}", line_, fields_.text.size(), columns_.count);
    range_.two_theta_deg.push_back(value(columns_.two_theta, "2-theta"));
    range_.intensity.push_back(value(columns_.intensity, "intensity"));
    if (columns_.sigma != 0) range_.sigma.push_back(value(columns_.sigma, "sigma"));
    range_.line.push_back(line_);
  }

  File finish() {
    if (range_.line.empty()) throw InputError("unknown format: no line begins with a number, and it is no RAW, UXD, BRML, RAS or XRDML");
    file_.ranges = ascending_parts(std::move(range_));
    return std::move(file_);
  }

 private:
  void begin_numbers() {
    columns_.count = fields_.text.size();
    if (columns_.count < 2) throw InputError("line {}: one field where 2-theta and intensity are needed: \"{}\"", line_, shown(fields_.text[0]));
    if (columns_.count > kMostFields) throw InputError("line {}: more than {} fields", line_, kMostFields);
    if (third_column_is_sigma_ && columns_.count >= 3) columns_.sigma = 2;
    read_headings(heading_, columns_);
    if (columns_.count > 2 && columns_.sigma == 0) file_.about.notes.push_back(fmt::format("{} columns: 2-theta and intensity are read", columns_.count));
  }

  double value(std::size_t column, std::string_view name) const {
    const std::string_view text = fields_.text[column];
    if (const auto number_there = number(text)) return *number_there;
    throw InputError("line {}, field {} ({}) is no finite number: \"{}\"", line_, column + 1, name, shown(text.substr(0, 40)));
  }

  bool third_column_is_sigma_;
  File file_;
  Range range_;
  Columns columns_;
  Fields fields_;
  std::string_view heading_;
  std::size_t line_ = 0;
};

}  // namespace

File read_columns(std::string_view text, bool third_column_is_sigma) {
  ColumnReader reader(third_column_is_sigma);
  for (Lines lines(text); lines.next();) reader.read_line(lines.text(), lines.number());
  return reader.finish();
}

}  // namespace xxact::io::measured
