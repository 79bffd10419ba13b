// The text form of a ModelConfig: one table of fields serves reading, writing, options and documentation.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "model/config.hpp"
#include "src/base/error.hpp"
#include "src/base/nearest_name.hpp"

namespace xxact::model {
namespace {

using Text = std::string_view;

Text trimmed(Text text) {
  constexpr Text kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  return first == Text::npos ? Text{} : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<Text> split(Text text, char separator) {
  std::vector<Text> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == Text::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::int64_t parse_integer(Text key, Text value, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc{} || end != value.data() + value.size() || number < low || number > high)
    throw ConfigError("{} = \"{}\": expected a whole number from {} to {}", key, value, low, high);
  return number;
}

/// A field whose value is one of a few names.
template <class Enum>
struct Names {
  std::vector<std::pair<Text, Enum>> table;

  Text of(Enum value) const {
    return std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.second == value; })->first;
  }
  Enum parse(Text key, Text text) const {
    std::string allowed;
    for (const auto& [name, value] : table) {
      if (name == text) return value;
      allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    }
    throw ConfigError("{} = \"{}\": allowed values are {}", key, text, allowed);
  }
};

const Names<Mode> kModes{{{"composition", Mode::composition}, {"xrd", Mode::xrd}, {"bimodal", Mode::bimodal}}};
const Names<NormPlacement> kNorms{{{"pre", NormPlacement::pre}, {"post", NormPlacement::post}}};
const Names<Activation> kActivations{{{"gelu", Activation::gelu}, {"relu", Activation::relu}}};
const Names<PositionScaler> kScalers{{{"exponent", PositionScaler::exponent}, {"crabnet", PositionScaler::crabnet}}};
const Names<XrdEncoderKind> kXrdEncoders{{{"transformer", XrdEncoderKind::transformer}, {"convolution", XrdEncoderKind::convolution}}};
const Names<GapHead> kGapHeads{{{"value", GapHead::value}, {"mixture", GapHead::mixture}}};
const Names<bool> kSwitch{{{"on", true}, {"off", false}, {"true", true}, {"false", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false}}};

struct Field {
  Text key, description;
  std::function<std::string(const ModelConfig&)> get;
  std::function<void(ModelConfig&, Text key, Text value)> set;
};

Field integer(Text key, Text description, std::int64_t ModelConfig::*member, std::int64_t low, std::int64_t high) {
  return {key, description, [member](const ModelConfig& c) { return std::to_string(c.*member); },
          [=](ModelConfig& c, Text k, Text v) { c.*member = parse_integer(k, v, low, high); }};
}

template <class Enum>
Field choice(Text key, Text description, Enum ModelConfig::*member, const Names<Enum>& names) {
  return {key, description, [member, &names](const ModelConfig& c) { return std::string(names.of(c.*member)); },
          [member, &names](ModelConfig& c, Text k, Text v) { c.*member = names.parse(k, v); }};
}

/// A field that lists some of `all`, by name; "none" for an empty list.
template <class Enum, std::size_t n>
Field list(Text key, Text description, std::vector<Enum> ModelConfig::*member, const std::array<Enum, n>& all, Text (*name_of)(Enum)) {
  const auto write = [=](const ModelConfig& c) {
    std::vector<Text> names;
    for (const Enum value : c.*member) names.push_back(name_of(value));
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ","));
  };
  const auto read = [=, &all](ModelConfig& c, Text k, Text text) {
    std::vector<Enum> values;
    for (const Text name : text == "none" ? std::vector<Text>{} : split(text, ',')) {
      const auto found = std::find_if(all.begin(), all.end(), [&](Enum value) { return name_of(value) == name; });
      if (found == all.end()) {
        std::vector<Text> allowed;
        for (const Enum value : all) allowed.push_back(name_of(value));
        throw ConfigError("{} = \"{}\": \"{}\" is none of {}", k, text, name, fmt::join(allowed, ", "));
      }
      if (std::count(values.begin(), values.end(), *found) > 0) throw ConfigError("{} = \"{}\" names {} twice", k, text, name);
      values.push_back(*found);
    }
    c.*member = values;
  };
  return {key, description, write, read};
}

void read_head_widths(ModelConfig& config, Text key, Text value) {
  std::vector<std::int64_t> widths;
  for (const Text text : split(value, ',')) widths.push_back(parse_integer(key, text, 1, 65536));
  if (widths.size() > 32) throw ConfigError("{} = \"{}\": at most 32 widths", key, value);
  config.head_widths = widths;
}

void read_dropout(ModelConfig& config, Text key, Text value) {
  double number = -1.0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc{} || end != value.data() + value.size() || !(number >= 0.0 && number < 1.0))
    throw ConfigError("{} = \"{}\": expected a number from 0 up to but not including 1, e.g. 0.1", key, value);
  config.dropout = number;
}

const std::vector<Field>& fields() {
  static const std::vector<Field> table = {
      choice("mode", "what the model reads: composition, xrd or bimodal (both, fused)", &ModelConfig::mode, kModes),
      list("tasks", "labels to predict, joined by commas; none: objectives alone", &ModelConfig::tasks, kTasks, task_name),
      list("objectives", "what to learn without labels, beside the tasks: masked (hidden tokens of the pattern), contrastive (which pattern belongs to which composition), both joined by a comma, or none", &ModelConfig::objectives, kObjectives, objective_name),
      integer("width", "width of tokens in every part; even, a multiple of heads", &ModelConfig::width, 2, 16384),
      integer("heads", "attention heads", &ModelConfig::heads, 1, 16384),
      integer("feed-forward", "hidden width of the feed-forward blocks, in units of width", &ModelConfig::feed_forward, 1, 64),
      integer("composition-layers", "self-attention layers over the elements", &ModelConfig::composition_layers, 1, 256),
      integer("xrd-layers", "self-attention layers over the pattern's tokens", &ModelConfig::xrd_layers, 1, 256),
      integer("fusion-layers", "decoder layers in which the pattern's tokens attend to the elements", &ModelConfig::fusion_layers, 1, 256),
      integer("points", "points of a pattern; a multiple of patch", &ModelConfig::points, 1, 1 << 20),
      integer("patch", "points a token", &ModelConfig::patch, 1, 1 << 20),
      choice("xrd-encoder", "of the pattern: transformer over its tokens, or convolution: residual convolutions from points to tokens, xrd-layers of them at each resolution, with norms before them and GELU whatever the other parts have", &ModelConfig::xrd_encoder, kXrdEncoders),
      choice("sine-squared", "on: patterns come with sin^2(theta) as a second channel", &ModelConfig::sine_squared, kSwitch),
      {"head-widths", "hidden widths of the residual head, joined by commas",
       [](const ModelConfig& c) { return fmt::format("{}", fmt::join(c.head_widths, ",")); }, read_head_widths},
      {"dropout", "rate on residual branches and the feed-forward hidden layer, in training",
       [](const ModelConfig& c) { return fmt::format("{}", c.dropout); }, read_dropout},
      choice("composition-skip", "on: the composition's own prediction is added to the fused one (bimodal)", &ModelConfig::composition_skip, kSwitch),
      choice("gap-head", "of the band gap: value; mixture: the probability of a metal and the distribution of the other gaps", &ModelConfig::gap_head, kGapHeads),
      choice("norm", "layer normalisation before (pre) or after (post) each residual branch", &ModelConfig::norm, kNorms),
      choice("activation", "of the feed-forward blocks: gelu or relu", &ModelConfig::activation, kActivations),
      integer("projection", "width of the space in which contrastive learning compares patterns and compositions", &ModelConfig::projection, 1, 65536),
      choice("scaler", "of the fraction codes: exponent (2^s) or crabnet (2^((1-s)^2), the published form)", &ModelConfig::scaler, kScalers),
  };
  return table;
}

const Field& find_field(Text key) {
  const auto& table = fields();
  const auto found = std::find_if(table.begin(), table.end(), [&](const Field& field) { return field.key == key; });
  if (found != table.end()) return *found;
  std::vector<std::string> known;
  for (const Field& field : table) known.emplace_back(field.key);
  throw ConfigError("the model has no setting '{}'{}", key, suggestion(key, known));
}

}  // namespace

std::string to_ini(const ModelConfig& config) {
  std::string text;
  for (const Field& field : fields()) text += fmt::format("{} = {}\n", field.key, field.get(config));
  return text;
}

void set_field(ModelConfig& config, std::string_view key, std::string_view value) { find_field(key).set(config, key, trimmed(value)); }

std::vector<FieldDescription> describe_fields(const ModelConfig& defaults) {
  std::vector<FieldDescription> descriptions;
  for (const Field& field : fields()) descriptions.push_back({std::string(field.key), std::string(field.description), field.get(defaults)});
  return descriptions;
}

ModelConfig parse_model_config(std::string_view ini) {
  ModelConfig config;
  for (const Text raw : split(ini, '\n')) {
    const Text line = trimmed(raw.substr(0, raw.find_first_of("#;")));
    if (line.empty() || line.front() == '[') continue;
    const auto equals = line.find('=');
    if (equals == Text::npos) throw ConfigError("model configuration: \"{}\" is not \"key = value\"", line);
    set_field(config, trimmed(line.substr(0, equals)), line.substr(equals + 1));
  }
  validate(config);
  return config;
}

}  // namespace xxact::model
