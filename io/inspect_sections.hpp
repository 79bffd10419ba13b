// The parts of `inspect`: one description (JSON) and one layout (text) a format, and the words they share. Internal to io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "io/dataset.hpp"
#include "io/inspect.hpp"

namespace xxact::io::inspection {

using Json = nlohmann::ordered_json;

Json describe_dataset(const std::filesystem::path& path, HashCheck check, const NodeMemory& node);
std::string dataset_text(const Json& description);

Json describe_checkpoint(const std::filesystem::path& path);
std::string checkpoint_text(const Json& description);

Json describe_results(const std::filesystem::path& path);
std::string results_text(const Json& description);

/// Of values that come in parts.
class Summary {
 public:
  void add(std::span<const float> values);
  /// {"known", "unknown", "min", "max", "mean", "std"}: NaNs are unknown; std is the population's; null where nothing is known.
  Json json() const;

 private:
  std::int64_t known_ = 0, unknown_ = 0;
  double mean_ = 0, squares_ = 0;
  float least_ = 0, most_ = 0;
};
Json summarise(std::span<const float> values);

/// One line "  title      text", titles padded to one width.
std::string line(std::string_view title, std::string_view text);
/// A number with its thousands set off: 45,229.
std::string grouped(std::int64_t number);
/// "12.3 MiB".
std::string size_text(std::int64_t bytes);
/// A summary as "-4.31 to 0.95, mean -1.53, std 1.02, 7 unknown".
std::string range_text(const Json& summary);
/// Text of a file as a terminal may show it: control characters become '?'.
std::string printable(std::string_view text);

}  // namespace xxact::io::inspection
