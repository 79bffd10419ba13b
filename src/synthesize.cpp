// xxact synthesize: campaigns of made-up structures, as load for tests at scale.
#include <iostream>

#include "io/dataset_shared.hpp"
#include "pipeline/synthesis/campaign.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"

namespace xxact {

namespace {

void describe(options::options_description& description) {
  description.add_options()
      ("parents", options::value<std::string>()->required(), "dataset file whose training structures the made-up ones are made from")
      ("output", options::value<std::string>()->required(), "FILE.h5: a dataset; FILE.json, .json.gz, .json.bz2 or .json.zst: entries as Alexandria publishes them")
      ("count", options::value<std::int64_t>()->required(), "structures to make")
      ("seed", options::value<std::uint64_t>()->default_value(0), "another seed makes another campaign")
      ("strain", options::value<double>()->default_value(0.01, "0.01"), "largest component of the random strain of a lattice, 0 to 0.1; crystal systems are kept")
      ("elements", options::value<std::string>()->default_value("parents"), "elements that may come in: parents (those of the parents' training rows), all (those with form factors)")
      ("labels", options::value<std::string>()->default_value("none"), "none, or parent: the parents' values under a definition that says so, to load-test training")
      ("files", options::value<int>()->default_value(1), "spread JSON over that many files, FILE-000.json.bz2 and so on")
      ("compress", options::value<int>()->default_value(0), "deflate level of the dataset, 0 (none) to 9")
      ("progress", options::value<bool>()->default_value(true), "say how far it is");
}

/// Whether the value is the second of two.
bool second_of(const options::variables_map& values, const char* option, const std::string& first, const std::string& second) {
  const auto& text = values[option].as<std::string>();
  if (text != first && text != second) throw ConfigError("--{} {}: not one of {}, {}", option, text, first, second);
  return text == second;
}

synthesis::CampaignOptions campaign_of(const options::variables_map& values) {
  synthesis::CampaignOptions campaign;
  campaign.output = values["output"].as<std::string>();
  campaign.count = values["count"].as<std::int64_t>();
  campaign.files = values["files"].as<int>();
  if (second_of(values, "labels", "none", "parent")) campaign.labels = synthesis::CampaignLabels::parent;
  campaign.write.compress = values["compress"].as<int>();
  if (campaign.write.compress < 0 || campaign.write.compress > 9) throw ConfigError("--compress {} is not in 0-9", campaign.write.compress);
  campaign.progress = values["progress"].as<bool>();
  synthesis::check_campaign(campaign);
  return campaign;
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const synthesis::CampaignOptions campaign = campaign_of(values);
  synthesis::SynthesisOptions made;
  made.seed = values["seed"].as<std::uint64_t>();
  made.strain = values["strain"].as<double>();
  made.all_elements = second_of(values, "elements", "parents", "all");
  std::error_code ignored;  // an output that does not exist yet is no other name of the parents
  if (std::filesystem::equivalent(values["parents"].as<std::string>(), campaign.output, ignored))
    throw ConfigError("--output {} is the file of the parents, which it would replace", campaign.output.string());
  const io::Dataset parents = io::read_dataset_shared(runtime.world(), values["parents"].as<std::string>());
  const synthesis::Synthesizer synthesizer(parents, made);
  if (runtime.root()) log::info("{} of {} rows of {} are parents", synthesizer.parent_count(), parents.size(), parents.path().string());
  const synthesis::CampaignWritten written = synthesis::write_campaign(runtime.world(), synthesizer, campaign);
  if (runtime.root()) {
    if (!written.content_hash.empty()) log::info("content hash: {}", written.content_hash);
    std::cout << "synthesized " << campaign.count << " structures into " << written.files.size() << (written.files.size() == 1 ? " file" : " files") << std::endl;
  }
  return ExitCode::done;
}

}  // namespace

const Command kSynthesizeCommand = {
    "synthesize",
    "made-up structures in any number, as load for tests at scale",
    "xxact synthesize --parents mp20.h5 --count 100000 --output campaign.h5\n"
    "mpirun -n 16 xxact synthesize --parents alexandria.h5 --count 10000000 --files 100 --output campaign/campaign.json.bz2\n"
    "xxact synthesize --parents mp20.h5 --count 1000000 --labels parent --seed 7 --output load.h5",
    describe,
    {},
    run,
};

}  // namespace xxact
