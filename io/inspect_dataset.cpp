// What `inspect` says of a dataset.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "io/block_checksums.hpp"
#include "io/dataset_schema.hpp"
#include "io/inspect_sections.hpp"
#include "io/load_plan.hpp"
#include "src/base/elements.hpp"

namespace xxact::io::inspection {
namespace {

constexpr const char* kSplitNames[] = {"train", "validation", "test", "none"};

Json describe_labels(const Dataset& d) {
  Json labels = Json::object();
  for (const auto& label : d.labels()) {
    Json entry = summarise(d.label(label.name));
    entry["units"] = label.units;
    entry["definition"] = label.definition;
    labels[label.name] = std::move(entry);
  }
  return labels;
}

/// Crystal systems and space groups of all rows by the label used; rows without one are "unknown".
void describe_symmetry(const Dataset& d, Json& out) {
  std::array<std::int64_t, kCrystalSystems> systems{};
  std::set<int> groups;
  std::int64_t unknown = 0, computed = 0, different = 0;
  for (std::size_t row = 0; row < d.space_group().size(); ++row) {
    const int group = d.space_group()[row], spglib = d.space_group_spglib()[row];
    const int system = crystal_system_of(group);
    if (system < 0) ++unknown;
    else ++systems[static_cast<std::size_t>(system)], groups.insert(group);
    if (spglib > 0) ++computed;
    if (spglib > 0 && group > 0 && spglib != group) ++different;
  }
  std::int64_t with_operations = 0;
  for (const std::uint32_t code : d.arrays().laue_code) with_operations += code != kNoLaueCode;
  Json& counts = out["crystal_systems"] = Json::object();
  for (int system = 0; system < kCrystalSystems; ++system) counts[std::string(crystal_system_name(system))] = systems[static_cast<std::size_t>(system)];
  out["space_groups"] = {{"distinct", groups.size()}, {"unknown", unknown}, {"computed", computed}, {"computed_different", different}, {"with_operations", with_operations}, {"symprec", d.description().symprec}};
}

Json describe_elements(const Dataset& d) {
  std::array<std::int64_t, kMaxAtomicNumber + 1> rows{};
  for (const auto number : d.arrays().composition_number) ++rows[number];
  Json elements = Json::object();
  for (int z = 1; z <= kMaxAtomicNumber; ++z)
    if (const auto count = rows[static_cast<std::size_t>(z)]; count > 0) elements[std::string(element_symbol(z))] = count;
  return elements;
}

Json describe_atoms(const Dataset& d) {
  std::vector<std::int64_t> atoms;
  for (std::int64_t row = 0; row < d.size(); ++row)
    if (d.has_structure(row)) atoms.push_back(d.atoms(row));
  std::sort(atoms.begin(), atoms.end());
  if (atoms.empty()) return nullptr;
  const auto at = [&](double part) { return atoms[static_cast<std::size_t>(part * static_cast<double>(atoms.size() - 1))]; };
  const double mean = static_cast<double>(d.atoms()) / static_cast<double>(atoms.size());
  return {{"min", atoms.front()}, {"median", at(0.5)}, {"mean", mean}, {"p90", at(0.9)}, {"p99", at(0.99)}, {"max", atoms.back()}};
}

Json describe_split(const Dataset& d) {
  std::array<std::int64_t, 4> rows{};
  for (const auto split : d.split()) ++rows[split < 3 ? split : 3];
  Json out = Json::object();
  for (std::size_t i = 0; i < rows.size(); ++i) out[kSplitNames[i]] = rows[i];
  return out;
}

Json describe_sources(const Dataset& d) {
  const auto& names = d.description().sources;
  std::vector<std::int64_t> rows(names.size());
  for (const auto source : d.arrays().source_file) ++rows[source];
  Json out = Json::array();
  for (std::size_t i = 0; i < names.size(); ++i) out.push_back({{"name", names[i]}, {"rows", rows[i]}});
  return out;
}

/// How the dataset is loaded on a node; null where nobody asked.
Json describe_memory(const Dataset& d, const NodeMemory& node) {
  if (node.bytes == 0) return nullptr;
  const double row_bytes = d.size() > 0 ? static_cast<double>(d.bytes()) / static_cast<double>(d.size()) : 0.0;
  const auto plan = plan_load(static_cast<std::uint64_t>(d.bytes()), row_bytes, node.bytes);
  return {{"array_bytes", d.bytes()}, {"node_bytes", node.bytes}, {"usable_bytes", plan.usable_bytes}, {"ranks_per_node", node.ranks},
          {"mode", name_of(plan.mode)}, {"window_rows", plan.window_rows}};
}

std::string memory_text(const Json& m) {
  const auto bytes = [&](const char* name) { return size_text(m[name].get<std::int64_t>()); };
  std::string text = line("memory of a node", fmt::format("the arrays take {}, once for all {} ranks; structures may take {} of {}", bytes("array_bytes"),
                                                         m["ranks_per_node"].get<int>(), bytes("usable_bytes"), bytes("node_bytes")));
  if (m["mode"] == name_of(LoadMode::whole)) return text + line("", fmt::format("whole: each node holds all structures, {} of {}", bytes("array_bytes"), bytes("node_bytes")));
  return text + line("", fmt::format("streamed: train with --window-rows {}, of which {} windows lie in memory at once", m["window_rows"].get<std::int64_t>(), kWindows));
}

std::string checksums_text(const Json& blocks) {
  if (blocks == 0) return "none, the file is of an earlier version; only the content hash finds damage";
  return fmt::format("{} blocks of {} verified ({})", grouped(blocks.get<std::int64_t>()), size_text(static_cast<std::int64_t>(kBlockBytes)), kBlockAlgorithm);
}

std::string counts_text(const Json& counts) {
  std::string text;
  for (const auto& [name, count] : counts.items()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(name), grouped(count.get<std::int64_t>()));
  return text;
}

/// Counts in columns that fit a terminal, the most frequent first.
std::string element_table(const Json& elements) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [symbol, count] : elements.items()) order.emplace_back(count.get<std::int64_t>(), symbol);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i % 8 == 0) text += i == 0 ? "    " : "\n    ";
    text += fmt::format("{:<2} {:>9} ", order[i].second, grouped(order[i].first));
  }
  return text.empty() ? text : text + "\n";
}

std::string sources_text(const Json& sources) {
  constexpr std::size_t kShown = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(sources.size(), kShown); ++i)
    text += line(i == 0 ? "input files" : "", fmt::format("{} ({} rows)", printable(sources[i]["name"].get<std::string>()), grouped(sources[i]["rows"].get<std::int64_t>())));
  if (sources.size() > kShown) text += line("", fmt::format("and {} more", sources.size() - kShown));
  return text;
}

}  // namespace

Json describe_dataset(const std::filesystem::path& path, HashCheck check, const NodeMemory& node) {
  const Dataset d = read_dataset(path, check);
  const auto& about = d.description();
  Json out = {{"file", path.string()}, {"format", kDatasetFormat}, {"version", kDatasetVersion}, {"bytes", std::filesystem::file_size(path)},
              {"content_hash", d.content_hash()}, {"content_hash_verified", check == HashCheck::verify}, {"checksum_blocks", d.checksum_blocks()},
              {"rows", d.size()}, {"structures", d.structures()}, {"composition_only", d.size() - d.structures()}, {"atoms", d.atoms()},
              {"partial_occupancies", d.arrays().partial}, {"labels", describe_labels(d)}};
  describe_symmetry(d, out);
  out["elements"] = describe_elements(d);
  out["atoms_per_structure"] = describe_atoms(d);
  out["split"] = describe_split(d);
  out["split_rule"] = about.split_rule;
  out["source"] = about.source;
  out["licence"] = about.licence;
  out["created"] = about.created;
  out["sources"] = describe_sources(d);
  out["memory"] = describe_memory(d, node);
  return out;
}

std::string dataset_text(const Json& d) {
  const auto count = [&](const char* name) { return grouped(d[name].get<std::int64_t>()); };
  const auto words = [&](const char* name) { return printable(d[name].get<std::string>()); };
  std::string text = fmt::format("{}: dataset, version {}, {}\n", words("file"), d["version"].get<int>(), size_text(d["bytes"].get<std::int64_t>()));
  text += line("rows", fmt::format("{} ({} with structure, {} composition only)", count("rows"), count("structures"), count("composition_only")));
  if (const auto& atoms = d["atoms_per_structure"]; !atoms.is_null())
    text += line("atoms per structure", fmt::format("{} to {}, median {}, mean {:.1f}, 90 % up to {}, 99 % up to {}", atoms["min"].get<int>(), atoms["max"].get<int>(),
                                                    atoms["median"].get<int>(), atoms["mean"].get<double>(), atoms["p90"].get<int>(), atoms["p99"].get<int>()));
  text += line("partial occupancies", d["partial_occupancies"].get<bool>() ? "yes" : "no");
  for (const auto& [name, label] : d["labels"].items()) {
    text += line(printable(name), fmt::format("{}: {}", printable(label["units"].get<std::string>()), range_text(label)));
    text += line("", printable(label["definition"].get<std::string>()));
  }
  text += line("split", counts_text(d["split"]));
  text += line("", words("split_rule"));
  text += line("crystal systems", counts_text(d["crystal_systems"]));
  const auto& groups = d["space_groups"];
  text += line("space groups", fmt::format("{} distinct, {} rows unknown; spglib: {} computed, {} different (symprec {}); rotations known for {}", groups["distinct"].get<int>(), grouped(groups["unknown"].get<std::int64_t>()),
                                           grouped(groups["computed"].get<std::int64_t>()), grouped(groups["computed_different"].get<std::int64_t>()), groups["symprec"].get<double>(),
                                           grouped(groups["with_operations"].get<std::int64_t>())));
  text += line("elements", fmt::format("{}, with the number of rows:", d["elements"].size())) + element_table(d["elements"]);
  for (const char* name : {"source", "licence", "created"}) text += line(name, words(name).empty() ? "not stated" : words(name));
  text += sources_text(d["sources"]);
  if (!d["memory"].is_null()) text += memory_text(d["memory"]);
  text += line("block checksums", checksums_text(d["checksum_blocks"]));
  text += line("content hash", words("content_hash") + (d["content_hash_verified"].get<bool>() ? " (verified)" : ""));
  return text;
}

}  // namespace xxact::io::inspection
