// One gnuplot run: a scratch folder with the data as tables and one script, a process without a shell, a finished
// picture or a warning. Not here: what the script draws (plot.cpp).
#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace xxact::report {

/// `text` as a gnuplot string: single quotes, inside which gnuplot expands nothing. Control characters become spaces
/// and bytes that are not UTF-8 become U+FFFD, so that the SVG is well-formed.
std::string in_quotes(std::string_view text);

/// A number as gnuplot reads it; NaN and infinity as NaN.
std::string number(double value);

class Gnuplot {
 public:
  /// Makes the scratch folder. Throws IoError.
  Gnuplot();
  ~Gnuplot();
  Gnuplot(const Gnuplot&) = delete;
  Gnuplot& operator=(const Gnuplot&) = delete;

  /// Writes columns of equal length as a table; the name to use in the script, quoted. Throws IoError.
  std::string add_table(std::initializer_list<std::span<const double>> columns);
  /// The same with a column of texts first, for `with labels`.
  std::string add_labels(std::span<const std::string> texts, std::initializer_list<std::span<const double>> columns);

  /// Appends a line to the script.
  void say(std::string_view line);

  /// Runs the script with its terminal set for `output` (.svg or .png) and moves the picture there. False and a
  /// warning when gnuplot is missing or fails. Throws ConfigError on another extension, IoError when the picture
  /// cannot be written.
  bool draw(const std::filesystem::path& output, double width, double height);

 private:
  std::filesystem::path folder_;
  std::string script_;
  int tables_ = 0;
};

}  // namespace xxact::report
