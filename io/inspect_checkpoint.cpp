// What `inspect` says of a checkpoint or a model file.
#include <sstream>

#include "io/checkpoint.hpp"
#include "io/inspect_sections.hpp"
#include "src/base/error.hpp"

namespace xxact::io::inspection {
namespace {

std::int64_t elements_of(const CheckpointArray& array) {
  return std::visit([](const auto& data) { return static_cast<std::int64_t>(data.size()); }, array.data);
}

std::string group_of(const std::string& name) { return name.substr(0, name.find('/')); }

std::string shape_text(const Json& shape) {
  std::string text;
  for (const auto& extent : shape) text += fmt::format("{}{}", text.empty() ? "" : " x ", extent.get<std::int64_t>());
  return text.empty() ? "scalar" : text;
}

/// Each line of a longer text, set in.
std::string indented(const std::string& words) {
  std::string out;
  std::istringstream lines(words);
  for (std::string words_line; std::getline(lines, words_line);) out += "    " + printable(words_line) + "\n";
  return out;
}

}  // namespace

Json describe_checkpoint(const std::filesystem::path& path) {
  const Checkpoint checkpoint = read_checkpoint(path);
  const auto& content = checkpoint.content();
  Json out = {{"file", path.string()}, {"format", "xxact-checkpoint"}, {"bytes", std::filesystem::file_size(path)}, {"content_digest", checkpoint.digest()}};
  for (const auto& [name, value] : content.integers) out[name] = value;
  for (const auto& [name, value] : content.reals) out[name] = value;
  for (const auto& [name, value] : content.texts) out[name] = value;
  Json groups = Json::object(), arrays = Json::array();
  static constexpr const char* kTypes[] = {"float32", "float64", "int64"};
  for (const auto& array : content.arrays) {
    Json& group = groups[group_of(array.name)];
    if (group.is_null()) group = {{"arrays", 0}, {"elements", 0}};
    group["arrays"] = group["arrays"].get<std::int64_t>() + 1;
    group["elements"] = group["elements"].get<std::int64_t>() + elements_of(array);
    arrays.push_back({{"name", array.name}, {"type", kTypes[array.data.index()]}, {"shape", array.shape}});
  }
  out["parameters"] = groups.contains("weights") ? groups["weights"]["elements"] : Json(0);
  out["groups"] = std::move(groups);
  out["arrays"] = std::move(arrays);
  return out;
}

std::string checkpoint_text(const Json& d) {
  std::string text = fmt::format("{}: checkpoint, {}\n", printable(d["file"].get<std::string>()), size_text(d["bytes"].get<std::int64_t>()));
  text += line("parameters", grouped(d["parameters"].get<std::int64_t>()));
  std::string configuration;
  for (const auto& [name, value] : d.items()) {
    if (name == "file" || name == "format" || name == "bytes" || name == "parameters" || value.is_structured()) continue;
    if (value.is_number_integer()) text += line(printable(name), grouped(value.get<std::int64_t>()));
    else if (value.is_number()) text += line(printable(name), fmt::format("{:.6g}", value.get<double>()));
    else if (const auto words = value.get<std::string>(); words.find('\n') == std::string::npos) text += line(printable(name), printable(words));
    else configuration += fmt::format("  {}:\n{}", printable(name), indented(words));
  }
  text += configuration;
  for (const auto& [name, group] : d["groups"].items())
    text += line(printable(name), fmt::format("{} arrays, {} elements", grouped(group["arrays"].get<std::int64_t>()), grouped(group["elements"].get<std::int64_t>())));
  for (const auto& array : d["arrays"])
    if (const auto name = array["name"].get<std::string>(); group_of(name) == "weights")
      text += fmt::format("    {:<60} {}\n", printable(name), shape_text(array["shape"]));
  return text;
}

}  // namespace xxact::io::inspection
