// What `inspect` says of a dataset.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "io/block_checksums.hpp"
#include "io/dataset_reader.hpp"
#include "io/dataset_schema.hpp"
#include "io/inspect_sections.hpp"
#include "io/load_plan.hpp"
#include "io/row_reader.hpp"
#include "src/base/elements.hpp"

namespace xxact::io::inspection {
namespace {

constexpr std::int64_t kRowsAtOnce = 65'536;  // some 20 MB
constexpr const char* kSplitNames[] = {"train", "validation", "test", "none"};

/// Counts over the rows of a dataset, which come part by part: the file may be larger than memory.
class RowCounter {
 public:
  explicit RowCounter(const DatasetDescription& about) : labels_(about.labels.size()), source_rows_(about.sources.size()) {}

  void add(const Dataset& rows) {
    for (std::size_t i = 0; i < labels_.size(); ++i) labels_[i].add(rows.arrays().labels[i]);
    add_symmetry(rows);
    for (const auto number : rows.arrays().composition_number) ++element_rows_[number];
    for (std::int64_t row = 0; row < rows.size(); ++row)
      if (rows.has_structure(row)) ++structures_of_atoms_[rows.atoms(row)];
    for (const auto split : rows.split()) ++split_rows_[split < 3 ? split : 3];
    for (const auto source : rows.arrays().source_file) ++source_rows_[source];
  }

  std::int64_t structures() const {
    return std::accumulate(structures_of_atoms_.begin(), structures_of_atoms_.end(), std::int64_t{0}, [](auto sum, const auto& entry) { return sum + entry.second; });
  }

  Json labels(const DatasetDescription& about) const {
    Json out = Json::object();
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      Json entry = labels_[i].json();
      entry["units"] = about.labels[i].units;
      entry["definition"] = about.labels[i].definition;
      out[about.labels[i].name] = std::move(entry);
    }
    return out;
  }

  /// Crystal systems by the space group used; rows without one are "unknown".
  Json crystal_systems() const {
    Json out = Json::object();
    for (int system = 0; system < kCrystalSystems; ++system) out[std::string(crystal_system_name(system))] = system_rows_[static_cast<std::size_t>(system)];
    return out;
  }

  Json space_groups(const DatasetDescription& about) const {
    return {{"distinct", groups_.size()}, {"unknown", group_unknown_}, {"computed", group_computed_}, {"computed_different", group_different_},
            {"with_operations", with_operations_}, {"symprec", about.symprec}};
  }

  Json elements() const {
    Json out = Json::object();
    for (int z = 1; z <= kMaxAtomicNumber; ++z)
      if (const auto count = element_rows_[static_cast<std::size_t>(z)]; count > 0) out[std::string(element_symbol(z))] = count;
    return out;
  }

  Json atoms_per_structure() const {
    const auto total = structures();
    if (total == 0) return nullptr;
    double atoms = 0;
    for (const auto& [number, rows] : structures_of_atoms_) atoms += static_cast<double>(number) * static_cast<double>(rows);
    const auto at = [&](double part) {
      auto behind = static_cast<std::int64_t>(part * static_cast<double>(total - 1));
      auto entry = structures_of_atoms_.begin();
      for (; behind >= entry->second; ++entry) behind -= entry->second;
      return entry->first;
    };
    return {{"min", structures_of_atoms_.begin()->first}, {"median", at(0.5)}, {"mean", atoms / static_cast<double>(total)}, {"p90", at(0.9)}, {"p99", at(0.99)},
            {"max", structures_of_atoms_.rbegin()->first}};
  }

  Json split() const {
    Json out = Json::object();
    for (std::size_t i = 0; i < split_rows_.size(); ++i) out[kSplitNames[i]] = split_rows_[i];
    return out;
  }

  Json sources(const DatasetDescription& about) const {
    Json out = Json::array();
    for (std::size_t i = 0; i < source_rows_.size(); ++i) out.push_back({{"name", about.sources[i]}, {"rows", source_rows_[i]}});
    return out;
  }

 private:
  void add_symmetry(const Dataset& rows) {
    for (std::size_t row = 0; row < rows.space_group().size(); ++row) {
      const int group = rows.space_group()[row], spglib = rows.space_group_spglib()[row];
      const int system = crystal_system_of(group);
      if (system < 0) ++group_unknown_;
      else ++system_rows_[static_cast<std::size_t>(system)], groups_.insert(group);
      if (spglib > 0) ++group_computed_;
      if (spglib > 0 && group > 0 && spglib != group) ++group_different_;
    }
    for (const std::uint32_t code : rows.arrays().laue_code) with_operations_ += code != kNoLaueCode;
  }

  std::vector<Summary> labels_;
  std::vector<std::int64_t> source_rows_;
  std::array<std::int64_t, kCrystalSystems> system_rows_{};
  std::array<std::int64_t, kMaxAtomicNumber + 1> element_rows_{};
  std::array<std::int64_t, 4> split_rows_{};
  std::map<std::int64_t, std::int64_t> structures_of_atoms_;  // number of atoms: structures that have it
  std::set<int> groups_;
  std::int64_t group_unknown_ = 0, group_computed_ = 0, group_different_ = 0, with_operations_ = 0;
};

/// How the dataset is loaded on a node; null where nobody asked.
Json describe_memory(const DatasetPlan& dataset, const NodeMemory& node) {
  if (node.bytes == 0) return nullptr;
  const double row_bytes = dataset.rows() > 0 ? static_cast<double>(dataset.bytes) / static_cast<double>(dataset.rows()) : 0.0;
  const auto plan = plan_load(dataset.bytes, row_bytes, node.bytes);
  return {{"array_bytes", dataset.bytes}, {"node_bytes", node.bytes}, {"usable_bytes", plan.usable_bytes}, {"ranks_per_node", node.ranks},
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
  const auto plan = plan_dataset(path);
  verify_dataset(plan, check);
  const auto& about = *plan.description;
  const auto extents = plan.extents();
  RowCounter counter(about);
  RowReader reader(plan, RowReader::Compressed::by_hdf5);
  for (std::int64_t first = 0; first < extents.rows; first += kRowsAtOnce) counter.add(reader.read(first, std::min(first + kRowsAtOnce, extents.rows)));
  const bool partial = std::any_of(plan.arrays.begin(), plan.arrays.end(), [](const auto& array) { return array.path == "/atoms/occupancy"; });
  const auto structures = counter.structures();
  Json out = {{"file", path.string()}, {"format", kDatasetFormat}, {"version", kDatasetVersion}, {"bytes", plan.file_bytes},
              {"content_hash", plan.content_hash}, {"content_hash_verified", check == HashCheck::verify}, {"checksum_blocks", plan.blocks.size()},
              {"rows", extents.rows}, {"structures", structures}, {"composition_only", extents.rows - structures}, {"atoms", extents.atoms},
              {"partial_occupancies", partial}, {"labels", counter.labels(about)}};
  out["crystal_systems"] = counter.crystal_systems();
  out["space_groups"] = counter.space_groups(about);
  out["elements"] = counter.elements();
  out["atoms_per_structure"] = counter.atoms_per_structure();
  out["split"] = counter.split();
  out["split_rule"] = about.split_rule;
  out["source"] = about.source;
  out["licence"] = about.licence;
  out["created"] = about.created;
  out["sources"] = counter.sources(about);
  out["memory"] = describe_memory(plan, node);
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
