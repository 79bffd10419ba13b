// Made-up structures as rows of a dataset. Not here: writing them (campaign.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "io/dataset_rows.hpp"
#include "pipeline/synthesis/synthesizer.hpp"

namespace xxact::synthesis {

enum class CampaignLabels {
  none,    // no label columns
  parent,  // the parents' values, with definitions that say so and that `train` does not mix with real ones
};

inline constexpr std::int64_t kMostStructures = 1'000'000'000'000;

/// "syn-" and the number with leading zeros up to the width of the last one of `count`.
std::string made_id(std::int64_t index, std::int64_t count);

/// Rows `first` to `first + rows` of a campaign of `count` structures; `progress` is told now and then how many are made. Throws as Synthesizer::make
/// does.
io::DatasetRows make_rows(const Synthesizer& synthesizer, CampaignLabels labels, std::int64_t first, std::int64_t rows, std::int64_t count,
                          const std::function<void(std::int64_t made)>& progress);

/// What goes with them, without the date.
io::DatasetDescription describe_campaign(const Synthesizer& synthesizer, CampaignLabels labels, std::int64_t count);

}  // namespace xxact::synthesis
