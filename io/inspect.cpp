#include "io/inspect.hpp"

#include <algorithm>
#include <cmath>

#include "io/checkpoint.hpp"
#include "io/hdf5.hpp"
#include "io/inspect_sections.hpp"
#include "io/results_table.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

std::filesystem::path file_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return path;
  if (const auto best = path / "best.h5"; std::filesystem::exists(best)) return best;
  const auto checkpoints = list_checkpoints(path / "checkpoints");
  if (checkpoints.empty()) throw InputError("{} is a folder without best.h5 and without checkpoints: it is no run of this program", path.string());
  return checkpoints.back();
}

}  // namespace

Inspection inspect_file(const std::filesystem::path& path, HashCheck check, const NodeMemory& node) {
  const auto file = file_of(path);
  inspection::Json description;
  std::string text;
  if (is_dataset_file(file)) {
    description = inspection::describe_dataset(file, check, node);
    text = inspection::dataset_text(description);
  } else if (is_results_file(file)) {
    description = inspection::describe_results(file);
    text = inspection::results_text(description);
  } else if (is_checkpoint_file(file)) {
    description = inspection::describe_checkpoint(file);
    text = inspection::checkpoint_text(description);
  } else {
    // One of the readers says why it is none of them: missing, unreadable, not HDF5.
    hdf5::open_file(file);
    throw InputError("{} is HDF5, but no dataset, checkpoint or result table of this program", file.string());
  }
  return {description.dump(2, ' ', false, inspection::Json::error_handler_t::replace), text};
}

namespace inspection {

void Summary::add(std::span<const float> values) {
  for (const float value : values) {
    if (std::isnan(value)) {
      ++unknown_;
      continue;
    }
    // Welford's running mean: no cancellation for labels far from zero.
    const double step = value - mean_;
    mean_ += step / static_cast<double>(++known_);
    squares_ += step * (value - mean_);
    least_ = known_ == 1 ? value : std::min(least_, value);
    most_ = known_ == 1 ? value : std::max(most_, value);
  }
}

Json Summary::json() const {
  Json out = {{"known", known_}, {"unknown", unknown_}, {"min", nullptr}, {"max", nullptr}, {"mean", nullptr}, {"std", nullptr}};
  if (known_ == 0) return out;
  out["min"] = least_;
  out["max"] = most_;
  out["mean"] = mean_;
  out["std"] = std::sqrt(squares_ / static_cast<double>(known_));
  return out;
}

Json summarise(std::span<const float> values) {
  Summary summary;
  summary.add(values);
  return summary.json();
}

std::string line(std::string_view title, std::string_view text) { return fmt::format("  {:<26}{}\n", title, text); }

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > 3 + sign;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string size_text(std::int64_t bytes) {
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < std::size(units); ++unit) size /= 1024;
  return fmt::format("{:.{}f} {}", size, unit == 0 ? 0 : 1, units[unit]);
}

std::string range_text(const Json& s) {
  const auto unknown = s["unknown"].get<std::int64_t>();
  if (s["known"] == 0) return fmt::format("all {} unknown", grouped(unknown));
  std::string text = fmt::format("{:.5g} to {:.5g}, mean {:.5g}, std {:.5g}", s["min"].get<double>(), s["max"].get<double>(), s["mean"].get<double>(), s["std"].get<double>());
  if (unknown > 0) text += fmt::format(", {} unknown", grouped(unknown));
  return text;
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return out;
}

}  // namespace inspection
}  // namespace xxact::io
