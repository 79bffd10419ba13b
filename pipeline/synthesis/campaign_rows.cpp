#include "pipeline/synthesis/campaign_rows.hpp"

#include <fmt/format.h>

namespace xxact::synthesis {
namespace {

void add_composition(const std::vector<io::ElementAmount>& formula, io::DatasetRows& rows) {
  double total = 0;
  for (const io::ElementAmount& element : formula) total += element.amount;
  for (const io::ElementAmount& element : formula) {
    rows.composition_atomic_number.push_back(element.atomic_number);
    rows.composition_fraction.push_back(static_cast<float>(element.amount / total));
  }
  rows.composition_offset.push_back(static_cast<std::int64_t>(rows.composition_atomic_number.size()));
}

}  // namespace

std::string made_id(std::int64_t index, std::int64_t count) {
  return fmt::format("syn-{:0{}}", index, fmt::formatted_size("{}", count - 1));
}

io::DatasetRows make_rows(const Synthesizer& synthesizer, CampaignLabels labels, std::int64_t first, std::int64_t rows, std::int64_t count,
                          const std::function<void(std::int64_t made)>& progress) {
  const io::Dataset& parents = synthesizer.parents();
  const io::DatasetArrays& arrays = parents.arrays();
  io::DatasetRows out;
  out.labels.resize(labels == CampaignLabels::parent ? arrays.labels.size() : 0);
  SynthesizedStructure made;
  for (std::int64_t index = first; index < first + rows; ++index) {
    if ((index - first) % 1024 == 0) progress(index - first);
    synthesizer.make(index, made);
    const auto parent = static_cast<std::size_t>(made.parent);
    out.id.push_back(made_id(index, count));
    out.structures.push_back(synthesizer.view(made));
    out.space_group.push_back(arrays.space_group[parent]);
    out.space_group_spglib.push_back(0);
    out.source_file.push_back(0);
    out.record.push_back(static_cast<std::uint32_t>(made.parent));
    add_composition(made.formula, out);
    for (std::size_t label = 0; label < out.labels.size(); ++label) out.labels[label].push_back(arrays.labels[label][parent]);
    out.split.push_back(static_cast<std::uint8_t>(io::Split::train));
  }
  progress(rows);
  return out;
}

io::DatasetDescription describe_campaign(const Synthesizer& synthesizer, CampaignLabels labels, std::int64_t count) {
  const io::Dataset& parents = synthesizer.parents();
  const SynthesisOptions& options = synthesizer.options();
  io::DatasetDescription description;
  if (labels == CampaignLabels::parent)
    for (const io::LabelInfo& label : parents.labels())
      description.labels.push_back({label.name, label.units, "synthesized: value of the parent structure, not of this row; " + label.definition});
  description.sources = {parents.path().string()};
  description.source = fmt::format("synthesized: {} made-up structures with seed {}, strain {} and the elements of {} from {} (content hash {}); no real materials",
                                   count, options.seed, options.strain, options.all_elements ? "the whole table" : "the parents", parents.path().string(),
                                   parents.content_hash());
  description.licence = parents.description().licence;
  description.symprec = parents.description().symprec;
  description.split_rule = "synthesized: every row is train; no formula that the parents hold out for validation or test";
  return description;
}

}  // namespace xxact::synthesis
