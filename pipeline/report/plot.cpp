#include "pipeline/report/plot.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "pipeline/report/gnuplot.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

// Okabe and Ito's colours for all kinds of colour vision, without the yellow that vanishes on white.
constexpr std::array<const char*, 8> kPalette = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#6b7280"};
// Ink, grid and background are replaced by the page's own colours where a figure is inlined (svg.cpp).
constexpr const char* kInk = "#24313f";
constexpr const char* kGrid = "#d9dee3";

std::string colour_of(const Series& series, std::size_t place) {
  return kPalette[(series.colour < 0 ? place : static_cast<std::size_t>(series.colour)) % kPalette.size()];
}

/// gnuplot takes the label of a tick as a format of the number there: a per cent sign must be doubled.
std::string tick_label(const std::string& text) {
  std::string format;
  for (const char c : text) format += c == '%' ? std::string("%%") : std::string(1, c);
  return in_quotes(format);
}

std::string range_of(const Range& range) {
  return fmt::format("[{}:{}]", std::isfinite(range.low) ? number(range.low) : "*", std::isfinite(range.high) ? number(range.high) : "*");
}

const char* key_position(Legend legend) {
  switch (legend) {
    case Legend::upper_left: return "set key top left Left reverse";
    case Legend::lower_right: return "set key bottom right";
    case Legend::lower_left: return "set key bottom left Left reverse";
    case Legend::above: return "set key tmargin center horizontal Left reverse";
    case Legend::none: return "unset key";
    case Legend::upper_right: break;
  }
  return "set key top right";
}

void say_frame(Gnuplot& gnuplot, const std::string& title, const std::string& x_label, const std::string& y_label) {
  gnuplot.say(fmt::format("set border 3 linecolor rgb '{}' linewidth 1", kInk));
  if (!title.empty()) gnuplot.say(fmt::format("set title {} font ',15' textcolor rgb '{}' offset 0,0.2", in_quotes(title), kInk));
  gnuplot.say(fmt::format("set xlabel {} textcolor rgb '{}'", in_quotes(x_label), kInk));
  gnuplot.say(fmt::format("set ylabel {} textcolor rgb '{}' offset 0.5,0", in_quotes(y_label), kInk));
  gnuplot.say(fmt::format("set tics nomirror out scale 0.6 textcolor rgb '{}'", kInk));
  gnuplot.say(fmt::format("set key textcolor rgb '{}' samplen 1.6 spacing 1.15 noopaque", kInk));
}

void say_annotations(Gnuplot& gnuplot, const std::vector<Annotation>& annotations) {
  for (const auto& note : annotations) {
    int line = 0;
    for (std::size_t from = 0; from <= note.text.size(); ++line) {
      const std::size_t to = std::min(note.text.find('\n', from), note.text.size());
      gnuplot.say(fmt::format("set label {} at graph {},{} offset 0,{} front textcolor rgb '{}'", in_quotes(note.text.substr(from, to - from)),
                              number(note.x), number(note.y), number(-1.15 * line), kInk));
      from = to + 1;
    }
  }
}

void say_labels(Gnuplot& gnuplot, const std::vector<Label>& labels) {
  for (const Label& label : labels)
    gnuplot.say(fmt::format("set label {} at first {}, first {} center offset 0,0.5 front font ',11' textcolor rgb '{}'", in_quotes(label.text), number(label.x), number(label.y),
                            label.colour < 0 ? kInk : kPalette[static_cast<std::size_t>(label.colour) % kPalette.size()]));
}

/// Of all series' places on the x or the y axis, those that are above 0.
Range extent_of(const Plot& plot, bool x) {
  Range extent{std::numeric_limits<double>::infinity(), 0};
  for (const auto& series : plot.series)
    for (const auto* values : {x ? &series.x : &series.y, x ? &series.x : &series.y_upper})
      for (const double value : *values)
        if (std::isfinite(value) && value > 0) extent = {std::min(extent.low, value), std::max(extent.high, value)};
  return extent;
}

/// A logarithmic axis around the data instead of whole decades; less than two decades have numbers between the powers of ten.
void say_log_axis(Gnuplot& gnuplot, const Plot& plot, char axis) {
  gnuplot.say(fmt::format("set logscale {0}\nset format {0} '%g'", axis));
  const auto& given = axis == 'x' ? plot.x_range : plot.y_range;
  const auto extent = extent_of(plot, axis == 'x');
  if (!(extent.low < extent.high)) return;
  constexpr double kMargin = 0.06;  // of the extent, in logarithms
  const double margin = std::pow(extent.high / extent.low, axis == 'x' ? 0.5 * kMargin : kMargin);
  const double low = std::isfinite(given.low) ? given.low : extent.low / margin, high = std::isfinite(given.high) ? given.high : extent.high * margin;
  if (!(low > 0 && low < high)) return;
  gnuplot.say(fmt::format("set {}range [{}:{}]", axis, number(low), number(high)));
  const double decades = std::log10(high / low);
  if (decades >= 2) return;
  std::vector<double> places;
  if (decades > 0.6) {
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10)
      for (const double step : decades > 1 ? std::vector<double>{1, 2, 5} : std::vector<double>{1, 1.5, 2, 3, 4, 5, 7}) places.push_back(decade * step);
  } else {
    double step = std::pow(10, std::floor(std::log10((high - low) / 2)));
    for (const double times : {2.5, 2.0})  // to steps of 1, 2.5 and 5
      if ((high - low) / step > 7) step *= times;
    for (double k = std::ceil(low / step); k * step <= high; ++k) places.push_back(k * step);
  }
  std::vector<std::string> ticks;
  for (const double place : places)
    if (place >= low && place <= high) ticks.push_back(fmt::format("{0:g}", place));
  gnuplot.say(fmt::format("set {}tics ({})", axis, fmt::join(ticks, ", ")));
}

void say_axes(Gnuplot& gnuplot, const Plot& plot) {
  say_frame(gnuplot, plot.title, plot.x_label, plot.y_label);
  gnuplot.say(fmt::format("set grid back linetype 1 linecolor rgb '{}' linewidth 0.7", kGrid));
  gnuplot.say(key_position(plot.legend));
  gnuplot.say("set autoscale xfix");
  gnuplot.say("set xrange " + range_of(plot.x_range));
  gnuplot.say("set yrange " + range_of(plot.y_range));
  if (plot.log_x) say_log_axis(gnuplot, plot, 'x');
  if (plot.log_y) say_log_axis(gnuplot, plot, 'y');
  if (plot.square) gnuplot.say("set size square");
  if (!plot.x_ticks.empty()) {
    std::vector<std::string> ticks;
    for (const auto& tick : plot.x_ticks) ticks.push_back(tick_label(tick.label) + ' ' + number(tick.at));
    gnuplot.say(fmt::format("set xtics ({})", fmt::join(ticks, ", ")));
  }
  if (!plot.y_numbers) gnuplot.say("unset ytics");
  say_annotations(gnuplot, plot.annotations);
  say_labels(gnuplot, plot.labels);
}

void check_lengths(const Series& series, const std::filesystem::path& path) {
  const std::size_t n = series.x.size();
  const bool band = series.style == Style::band || series.style == Style::segments, density = series.style == Style::density;
  if (series.y.size() != n || (band && series.y_upper.size() != n) || (density && series.weight.size() != n))
    throw ConfigError("plot {}: series '{}' has {} x, {} y, {} y_upper and {} weight values", path.string(), series.title, n,
                      series.y.size(), series.y_upper.size(), series.weight.size());
}

bool has_points(const Series& series) {
  for (std::size_t i = 0; i < series.x.size(); ++i)
    if (std::isfinite(series.x[i]) && std::isfinite(series.y[i])) return true;
  return false;
}

/// The part of gnuplot's plot command that draws one series.
std::string clause(Gnuplot& gnuplot, const Series& series, std::size_t place) {
  const std::string colour = colour_of(series, place), width = number(series.width);
  const std::string title = series.title.empty() ? "notitle" : "title " + in_quotes(series.title);
  const std::string mark = fmt::format("pointtype 7 pointsize {}", number(0.21 * series.width));
  const auto table = [&] { return gnuplot.add_table({series.x, series.y}) + " using 1:2"; };
  switch (series.style) {
    case Style::lines: return fmt::format("{} with lines linecolor rgb '{}' linewidth {} {}", table(), colour, width, title);
    case Style::dashed: return fmt::format("{} with lines dashtype (8,5) linecolor rgb '{}' linewidth {} {}", table(), colour, width, title);
    case Style::steps: return fmt::format("{} with steps linecolor rgb '{}' linewidth {} {}", table(), colour, width, title);
    case Style::points: return fmt::format("{} with points {} linecolor rgb '{}' {}", table(), mark, colour, title);
    case Style::lines_points:
      return fmt::format("{} with linespoints {} linecolor rgb '{}' linewidth {} {}", table(), mark, colour, width, title);
    case Style::sticks: return fmt::format("{} with impulses linecolor rgb '{}' linewidth {} {}", table(), colour, width, title);
    case Style::segments:
      return fmt::format("{} using 1:2:(0):($3-$2) with vectors nohead linecolor rgb '{}' linewidth {} {}",
                         gnuplot.add_table({series.x, series.y, series.y_upper}), colour, width, title);
    case Style::bars:
      return fmt::format("{} with boxes fillstyle solid 0.85 noborder linecolor rgb '{}' {}", table(), colour, title);
    case Style::band:
      return fmt::format("{} using 1:2:3 with filledcurves fillstyle transparent solid 0.2 noborder linecolor rgb '{}' {}",
                         gnuplot.add_table({series.x, series.y, series.y_upper}), colour, title);
    case Style::density:
      return fmt::format("{0} using 1:2:({1}):({1}):3 with boxxyerror fillstyle solid noborder fillcolor palette {2}",
                         gnuplot.add_table({series.x, series.y, series.weight}), number(0.5 * series.cell), title);
  }
  return {};
}

/// Colour for counts over some decades. All of it is of middling lightness: it shows on white and on black.
void say_density_palette(Gnuplot& gnuplot) {
  gnuplot.say("set palette defined (0 '#8ec7e8', 0.4 '#3a86c8', 0.7 '#6a3fa0', 1 '#c2185b')");
  gnuplot.say("set logscale cb\nset format cb '%g'\nset colorbox user origin graph 1.02,0 size graph 0.03,1 noborder");
  gnuplot.say("set rmargin 11");
  gnuplot.say(fmt::format("set cblabel 'count' textcolor rgb '{}' offset 0.5,0\nset cbtics scale 0.4", kInk));
}

/// 0xAARRGGBB as gnuplot takes it; AA is the transparency.
double translucent_blue(double share) {
  const auto transparency = static_cast<std::uint32_t>(std::lround(255 * (1 - std::clamp(share, 0.0, 1.0))));
  return static_cast<double>(transparency << 24 | 0x0072B2U);
}

struct Cells {
  std::vector<double> x, y, colour;
  std::vector<std::string> text;
};

/// Cells of a heat map: all with their colour, and apart those whose text must be light on a dark colour.
std::pair<Cells, Cells> cells_of(const HeatMap& map) {
  Cells on_light, on_dark;
  const std::size_t columns = map.columns.size();
  for (std::size_t row = 0; row < map.rows.size(); ++row) {
    double total = 0;
    for (std::size_t column = 0; column < columns; ++column) total += map.counts[row * columns + column];
    for (std::size_t column = 0; column < columns; ++column) {
      const double count = map.counts[row * columns + column], share = total > 0 ? count / total : 0;
      Cells& cells = share > 0.5 ? on_dark : on_light;
      cells.x.push_back(static_cast<double>(column));
      cells.y.push_back(static_cast<double>(row));
      cells.colour.push_back(translucent_blue(share));
      cells.text.push_back(fmt::format("{:.0f}", count));
    }
  }
  return {on_light, on_dark};
}

std::string named_ticks(const std::vector<std::string>& names) {
  std::vector<std::string> ticks;
  for (std::size_t i = 0; i < names.size(); ++i) ticks.push_back(fmt::format("{} {}", tick_label(names[i]), i));
  return fmt::format("({})", fmt::join(ticks, ", "));
}

}  // namespace

bool draw(const Plot& plot, const std::filesystem::path& path) {
  Gnuplot gnuplot;
  say_axes(gnuplot, plot);
  std::vector<std::string> clauses;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    check_lengths(plot.series[i], path);
    if (!has_points(plot.series[i])) continue;  // gnuplot calls an empty table an error
    if (plot.series[i].style == Style::density) say_density_palette(gnuplot);
    if (plot.series[i].style == Style::bars) gnuplot.say("set boxwidth 0.8");
    clauses.push_back(clause(gnuplot, plot.series[i], i));
  }
  if (plot.diagonal) clauses.push_back(fmt::format("x with lines linecolor rgb '{}' linewidth 1 dashtype (6,5) notitle", kInk));
  if (clauses.empty()) {
    gnuplot.say("set xrange [0:1]\nset yrange [0:1]");
    clauses.push_back("NaN notitle");
  }
  gnuplot.say(fmt::format("set samples 2\nplot {}", fmt::join(clauses, ", ")));
  return gnuplot.draw(path, plot.width, plot.height);
}

bool draw(const HeatMap& map, const std::filesystem::path& path) {
  if (map.counts.size() != map.rows.size() * map.columns.size() || map.counts.empty())
    throw ConfigError("plot {}: {} counts for {} rows and {} columns", path.string(), map.counts.size(), map.rows.size(), map.columns.size());
  Gnuplot gnuplot;
  say_frame(gnuplot, map.title, map.x_label, map.y_label);
  gnuplot.say("unset border\nunset key\nset tics scale 0");
  gnuplot.say("set xtics " + named_ticks(map.columns) + " rotate by 35 right");
  gnuplot.say("set ytics " + named_ticks(map.rows));
  gnuplot.say(fmt::format("set xrange [-0.5:{}]\nset yrange [{}:-0.5]", static_cast<double>(map.columns.size()) - 0.5,
                          static_cast<double>(map.rows.size()) - 0.5));
  const auto [on_light, on_dark] = cells_of(map);
  std::vector<std::string> boxes, labels;
  for (const auto* cells : {&on_light, &on_dark}) {
    if (cells->x.empty()) continue;
    boxes.push_back(gnuplot.add_table({cells->x, cells->y, cells->colour}) +
                    " using 1:2:(0.48):(0.48):3 with boxxyerror fillstyle solid noborder linecolor rgbcolor variable notitle");
    labels.push_back(fmt::format("{} using 2:3:1 with labels textcolor rgb '{}' notitle",
                                 gnuplot.add_labels(cells->text, {cells->x, cells->y}), cells == &on_dark ? "#ffffff" : kInk));
  }
  gnuplot.say(fmt::format("plot {}, {}", fmt::join(boxes, ", "), fmt::join(labels, ", ")));
  return gnuplot.draw(path, map.width, map.height);
}

}  // namespace xxact::report
