// xxact ingest: structure files and composition tables to one dataset file.
#include <array>
#include <filesystem>
#include <iostream>
#include <utility>

#include "io/ingest.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {

namespace {

using Texts = std::vector<std::string>;

template <class Value, std::size_t N>
Value choice(const std::string& option, const std::string& text, const std::array<std::pair<const char*, Value>, N>& choices) {
  std::string known;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw ConfigError("--{} {}: not one of {}", option, text, known);
}

io::SymmetryPolicy symmetry_of(const std::string& text) {
  using enum io::SymmetryPolicy;
  return choice<io::SymmetryPolicy, 4>("symmetry", text, {{{"given", given}, {"check", check}, {"compute", compute}, {"none", none}}});
}

/// nullopt: every row keeps its own.
std::optional<io::Split> split_of_name(const std::string& text) {
  using enum io::Split;
  using Choice = std::optional<io::Split>;
  return choice<Choice, 5>("split-as", text, {{{"train", train}, {"validation", validation}, {"test", test}, {"none", none}, {"keep", std::nullopt}}});
}

void describe(options::options_description& description) {
  description.add_options()
      ("input", options::value<Texts>()->multitoken()->required(), "files and folders: CSV with a cif or formula column, CIF, pymatgen ComputedStructureEntry JSON; plain, gzip, bzip2 or zstd, or in tar and zip; dataset files, whose rows are taken over as they are")
      ("output", options::value<std::string>()->required(), "dataset file to write; what cannot be read goes to FILE.h5.rejects.jsonl")
      ("symmetry", options::value<std::string>()->default_value("given"), "space group: given (spglib's where none is given), check (both, differences counted), compute (spglib's alone), none (given or unknown)")
      ("symprec", options::value<double>()->default_value(0.1, "0.1"), "tolerance of spglib in angstrom; Materials Project labels agree at 0.1")
      ("split-as", options::value<std::string>(), "keep a published split: train, validation, test or none for every row; keep: datasets are joined as each was split; default: by reduced formula")
      ("split-seed", options::value<std::uint64_t>(), "another split by formula")
      ("max-atoms", options::value<std::int64_t>()->default_value(1000), "records with more atoms in the cell are rejected")
      ("label-definition", options::value<Texts>(), "NAME=TEXT: definition of a label (functional, corrections, reference) in place of the known one; may be repeated")
      ("source", options::value<std::string>()->default_value(""), "where the data come from, kept in the file")
      ("licence", options::value<std::string>()->default_value(""), "licence of the data, kept in the file")
      ("part-rows", options::value<std::int64_t>()->default_value(65536), "rows after which what is read is written down, beside the output; 30 seconds do it too. An interruption costs one such part a rank; the same command goes on behind them")
      ("compress", options::value<int>()->default_value(0), "deflate level of the dataset, 0 (none) to 9")
      ("progress", options::value<bool>()->default_value(true), "say how far it is");
}

io::IngestOptions options_of(const options::variables_map& values) {
  io::IngestOptions ingest;
  for (const std::string& input : values["input"].as<Texts>()) ingest.inputs.emplace_back(input);
  ingest.output = values["output"].as<std::string>();
  ingest.symmetry = symmetry_of(values["symmetry"].as<std::string>());
  ingest.symprec = values["symprec"].as<double>();
  if (values.count("split-as") != 0) {
    ingest.split_as = split_of_name(values["split-as"].as<std::string>());
    ingest.keep_split = !ingest.split_as;
  }
  if (values.count("split-seed") != 0) ingest.split_seed = values["split-seed"].as<std::uint64_t>();
  const auto max_atoms = values["max-atoms"].as<std::int64_t>();
  if (max_atoms < 1) throw ConfigError("--max-atoms {} is not in 1-1000000", max_atoms);
  ingest.limits.max_atoms = static_cast<std::size_t>(max_atoms);
  if (values.count("label-definition") != 0)
    for (const std::string& pair : values["label-definition"].as<Texts>()) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos) throw ConfigError("--label-definition {}: not NAME=TEXT, e.g. \"band_gap=HSE06, indirect\"", pair);
      ingest.label_definitions[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
  ingest.source = values["source"].as<std::string>();
  ingest.licence = values["licence"].as<std::string>();
  ingest.write.compress = values["compress"].as<int>();
  if (ingest.write.compress < 0 || ingest.write.compress > 9) throw ConfigError("--compress {} is not in 0-9", ingest.write.compress);
  ingest.parts.rows = values["part-rows"].as<std::int64_t>();
  if (ingest.parts.rows < 1) throw ConfigError("--part-rows {} is not above 0", ingest.parts.rows);
  ingest.progress = values["progress"].as<bool>();
  return ingest;
}

void say(const io::IngestSummary& summary, const io::IngestOptions& ingest) {
  for (const auto& label : summary.labels) log::info("label {} ({}): {}", label.name, label.units, label.definition);
  log::info("split: {} train, {} validation, {} test", summary.tallies.split[0], summary.tallies.split[1], summary.tallies.split[2]);
  if (summary.tallies.groups_compared > 0)
    log::info("space groups: {} of {} given ones differ from spglib's at symprec {}", summary.tallies.groups_different, summary.tallies.groups_compared, ingest.symprec);
  if (summary.tallies.groups_not_found > 0) log::info("space groups: spglib found none for {} structures", summary.tallies.groups_not_found);
  if (summary.duplicate_ids > 0) log::info("ids: {} rows repeat an id; all are kept", summary.duplicate_ids);
  if (summary.duplicate_contents > 0) log::info("structures: {} rows repeat an earlier one bit for bit; all are kept, see {}", summary.duplicate_contents, summary.duplicates.string());
  if (summary.rejected > 0) log::info("rejects: {}", summary.rejects.string());
  log::info("content hash: {}", summary.content_hash);
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const io::IngestOptions ingest = options_of(values);
  const io::IngestSummary summary = io::ingest(runtime.world(), ingest);
  if (runtime.root()) {
    say(summary, ingest);
    std::cout << "ingested " << summary.rows << " structures, " << summary.rejected << " rejected" << std::endl;
  }
  return ExitCode::done;
}

}  // namespace

const Command kIngestCommand = {
    "ingest",
    "structure files and composition tables to one dataset file",
    "xxact ingest --input mp20.csv.gz --output mp20.h5 --source \"Materials Project\" --licence CC-BY-4.0\n"
    "mpirun -n 16 xxact ingest --input alexandria/ --output alexandria.h5 --symmetry check\n"
    "xxact ingest campaign/*.cif --output campaign.h5 --split-as none --symmetry compute\n"
    "xxact ingest --input old.h5 new.json.bz2 --output both.h5\n"
    "xxact ingest --input train.h5 validation.h5 --split-as keep --output both.h5\n"
    "xxact ingest formulas.csv --output formulas.h5 --label-definition \"formation_energy_per_atom=OQMD: PBE, fitted references\"",
    describe,
    {"input"},
    run,
};

}  // namespace xxact
