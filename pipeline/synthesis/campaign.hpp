// Campaigns of made-up structures into files, by all ranks together. The files do not depend on the number of ranks.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/dataset_writer.hpp"
#include "pipeline/synthesis/campaign_rows.hpp"

namespace xxact::synthesis {

struct CampaignOptions {
  std::filesystem::path output;  // FILE.h5, or FILE.json with .gz, .bz2, .zst or nothing behind
  std::int64_t count = 0;        // structures, 1 to kMostStructures
  int files = 1;                 // JSON alone: NAME.json.bz2 becomes NAME-000.json.bz2, NAME-001.json.bz2, ...
  CampaignLabels labels = CampaignLabels::none;  // parent: datasets alone, since JSON has no place for their definition
  io::DatasetWriteOptions write;
  bool progress = false;
};

struct CampaignWritten {
  std::vector<std::filesystem::path> files;
  std::int64_t atoms = 0;    // of a dataset
  std::string content_hash;  // of a dataset
};

/// ConfigError for options that contradict each other or are out of range. Reads no file.
void check_campaign(const CampaignOptions& options);

/// Collective on comm. Every rank brings the same parents and options; each makes a contiguous share of a dataset, and ranks take JSON files in
/// turn. Throws alike on every rank: ConfigError as check_campaign, InputError as Synthesizer::make, IoError when a file cannot be written.
CampaignWritten write_campaign(MPI_Comm comm, const Synthesizer& synthesizer, const CampaignOptions& options);

}  // namespace xxact::synthesis
