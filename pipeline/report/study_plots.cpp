#include "pipeline/report/study_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "pipeline/report/json_file.hpp"
#include "pipeline/report/plot.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string in_words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

/// Null stands for a number that is not finite.
std::vector<double> numbers(const json& list) {
  std::vector<double> values;
  for (const auto& value : list) values.push_back(value.is_number() ? value.get<double>() : kAutomatic);
  return values;
}

/// Mean of the seeds' courses with a band from least to greatest; the seeds validate after the same samples.
void add_courses(Plot& plot, const json& arm, int colour, const std::string& name) {
  Series mean{.title = name, .colour = colour}, band{.style = Style::band, .colour = colour};
  std::size_t points = std::numeric_limits<std::size_t>::max();
  for (const auto& course : arm.at("courses")) points = std::min(points, course.size());
  for (std::size_t i = 0; i < points; ++i) {
    double sum = 0, least = std::numeric_limits<double>::infinity(), greatest = -least;
    for (const auto& course : arm.at("courses")) {
      const double error = course[i][1].get<double>();
      sum += error;
      least = std::min(least, error);
      greatest = std::max(greatest, error);
    }
    const double samples = arm.at("courses")[0][i][0].get<double>();
    mean.x.push_back(samples);
    mean.y.push_back(sum / static_cast<double>(arm.at("courses").size()));
    band.x.push_back(samples);
    band.y.push_back(least);
    band.y_upper.push_back(greatest);
  }
  plot.series.push_back(std::move(band));
  plot.series.push_back(std::move(mean));
}

/// Colours of arms, in their order.
class Colours {
 public:
  int of(const std::string& arm) {
    const auto place = static_cast<std::size_t>(std::ranges::find(names_, arm) - names_.begin());
    if (place == names_.size()) names_.push_back(arm);
    return static_cast<int>(place % 8);
  }

 private:
  std::vector<std::string> names_;
};

void draw_lengths(const json& task, const fs::path& path) {
  Plot plot{.title = in_words(task.at("task")), .x_label = "training samples seen by the run", .y_label = task.at("error"), .log_x = true, .log_y = true, .legend = Legend::above};
  Colours colours;
  std::vector<std::string> names;
  for (const auto& arm : task.at("arms"))
    if (std::ranges::find(names, arm.at("arm").get<std::string>()) == names.end()) names.push_back(arm.at("arm"));
  for (const auto& name : names) {
    Series mean{.title = name, .style = Style::lines_points, .colour = colours.of(name)}, runs{.style = Style::points, .colour = mean.colour};
    for (const auto& arm : task.at("arms")) {
      if (arm.at("arm") != name) continue;
      mean.x.push_back(arm.at("samples"));
      mean.y.push_back(arm.at("test_error").at("mean"));
      for (const auto& error : arm.at("test_errors")) {
        runs.x.push_back(arm.at("samples"));
        runs.y.push_back(error);
      }
    }
    plot.series.push_back(std::move(runs));
    plot.series.push_back(std::move(mean));
  }
  draw(plot, path);
}

}  // namespace

void draw_experiment(const std::vector<std::string>& given) {
  const fs::path folder = given.at(0), file = folder / "experiment.json";
  const auto experiment = read_json(file);
  try {
    for (const auto& task : experiment.at("tasks")) {
      const std::string name = task.at("task");
      double longest = 0, shortest = INFINITY;
      for (const auto& arm : task.at("arms")) {
        longest = std::max(longest, arm.at("length").get<double>());
        shortest = std::min(shortest, arm.at("length").get<double>());
      }
      Plot plot{.title = in_words(name), .x_label = "training samples", .y_label = "validation: " + task.at("error").get<std::string>(), .log_y = true, .legend = Legend::above};
      Colours colours;
      for (const auto& arm : task.at("arms"))
        if (arm.at("length") == longest) add_courses(plot, arm, colours.of(arm.at("arm")), arm.at("arm"));
      plot.x_range.low = 0;
      draw(plot, folder / fmt::format("learning_{}.svg", name));
      if (longest > shortest) draw_lengths(task, folder / fmt::format("length_{}.svg", name));
    }
  } catch (const json::exception& error) {
    throw InputError("{}: {}", file.string(), error.what());
  }
}

void draw_scaling(const std::vector<std::string>& given) {
  const fs::path folder = given.at(0), file = folder / "scaling.json";
  const auto scaling = read_json(file);
  try {
    for (const auto& task : scaling.at("tasks")) {
      const std::string name = task.at("task");
      Plot plot{.title = in_words(name), .x_label = "training rows", .y_label = task.at("error"), .log_x = true, .log_y = true, .legend = Legend::above};
      int colour = 0;
      for (const auto& arm : task.at("arms")) {
        Series runs{.style = Style::points, .colour = colour};
        for (const auto& point : arm.at("points")) {
          runs.x.push_back(point.at("rows"));
          runs.y.push_back(point.at("error"));
        }
        const auto& curve = arm.at("curve");
        Series band{.x = numbers(curve.at("rows")), .y = numbers(curve.at("low")), .style = Style::band, .colour = colour, .y_upper = numbers(curve.at("high"))};
        Series line{.title = arm.at("arm"), .x = band.x, .y = numbers(curve.at("error")), .colour = colour};
        plot.series.push_back(std::move(band));
        plot.series.push_back(std::move(line));
        plot.series.push_back(std::move(runs));
        ++colour;
      }
      for (const auto& published : task.at("published"))
        plot.series.push_back({.title = published.at("name"), .x = numbers(published.at("rows")), .y = numbers(published.at("error")), .style = Style::dashed, .colour = colour++ % 8});
      draw(plot, folder / fmt::format("scaling_{}.svg", name));
    }
  } catch (const json::exception& error) {
    throw InputError("{}: {}", file.string(), error.what());
  }
}

void draw_embedding(const std::vector<std::string>& given) {
  const fs::path folder = given.at(0), file = folder / "embed.json";
  const auto summary = read_json(file);
  try {
    for (const auto& [name, embedding] : summary.at("embeddings").items()) {
      const auto& variance = embedding.at("variance");
      const auto axis = [&](std::size_t k) { return k < variance.size() ? fmt::format("component {} ({:.1f} % of the variance)", k + 1, 100 * variance[k].get<double>()) : std::string(); };
      Plot plot{.title = "Embedding: " + name, .x_label = axis(0), .y_label = axis(1), .legend = Legend::above, .width = 620, .height = 560};
      for (std::size_t c = 0; c < summary.at("classes").size(); ++c) {
        Series series{.title = summary["classes"][c], .style = Style::points, .colour = static_cast<int>(c), .width = 1.2};
        for (const auto& point : embedding.at("points")) {
          if (point.at(2) != c) continue;
          series.x.push_back(point.at(0));
          series.y.push_back(point.at(1));
        }
        plot.series.push_back(std::move(series));
      }
      if (embedding.at("silhouette").is_number()) plot.annotations.push_back({fmt::format("silhouette {:.3f}\nbetween {:.3f}", embedding["silhouette"].get<double>(), embedding.at("between").get<double>())});
      draw(plot, folder / fmt::format("embedding_{}.svg", name));
    }
  } catch (const json::exception& error) {
    throw InputError("{}: {}", file.string(), error.what());
  }
}

}  // namespace xxact::report
