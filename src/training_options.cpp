#include "src/training_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/model_file.hpp"
#include "pipeline/training_rows.hpp"
#include "src/data_option.hpp"

namespace xxact {
namespace {

/// What the options change: the preset, or the shape of the model to start from.
pipeline::RunConfig starting_config(const options::variables_map& values, const char* model_option) {
  auto config = pipeline::preset_run(values["preset"].as<std::string>());
  if (values.count(model_option) == 0 || !values["preset"].defaulted()) return config;
  const auto file = io::read_checkpoint(pipeline::model_file_of(values[model_option].as<std::string>()));
  return pipeline::shaped_as(config, pipeline::read_description(file).config);
}

}  // namespace

void describe_config_fields(options::options_description& description, const pipeline::RunConfig& defaults, const std::vector<std::string>& except) {
  for (const auto& field : pipeline::config_fields(defaults))
    if (std::ranges::find(except, field.key) == except.end())
      description.add_options()(field.key.c_str(), options::value<std::string>(), fmt::format("{} (preset small: {})", field.description, field.value).c_str());
}

pipeline::RunConfig effective_config(const options::variables_map& values, const char* model_option, pipeline::RunConfig (*adapt)(pipeline::RunConfig)) {
  auto config = adapt(starting_config(values, model_option));
  for (const auto& field : pipeline::config_fields(config))
    if (values.count(field.key) != 0) pipeline::set_field(config, field.key, values[field.key].as<std::string>());
  return pipeline::parse_run_config(pipeline::to_ini(config), "the command line and --config");
}

// A column that mixes definitions has no one meaning; io writes "mixed: ..." into its definition.
void refuse_mixed_labels(const io::DatasetPlan& plan, const pipeline::RunConfig& config) {
  for (const auto task : config.model.tasks)
    for (const auto& label : plan.description->labels)
      if (label.name == model::task_name(task) && label.definition.starts_with("mixed:"))
        throw ConfigError("{}: the label '{}' mixes definitions ({}): train on one of them, or say --allow-mixed-labels", plan.path.string(), label.name, label.definition);
}

void refuse_too_large(const io::DatasetPlan& plan, const pipeline::RunConfig& config, std::uint64_t memory) {
  const auto load = load_plan(plan, memory);
  if (config.training.window_rows > 0 || load.mode == io::LoadMode::whole) return;
  throw ConfigError("{}: its arrays take {:.1f} GiB, structures may take {:.1f} of a node's {:.1f} GiB; stream it through windows: --window-rows {}", plan.path.string(),
                    static_cast<double>(plan.bytes) / 0x1p30, static_cast<double>(load.usable_bytes) / 0x1p30, static_cast<double>(memory) / 0x1p30, std::max(load.window_rows, config.training.window_block));
}

}  // namespace xxact
