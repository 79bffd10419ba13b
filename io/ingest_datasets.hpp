// Dataset files among the inputs of an ingest: their rows are taken over as they are. Each source that a dataset was made of
// becomes a source of the new one, as if it were ingested again.
#pragma once

#include <mpi.h>

#include <map>
#include <string>
#include <vector>

#include "io/dataset_plan.hpp"
#include "io/ingest.hpp"
#include "io/input_files.hpp"
#include "io/label_table.hpp"

namespace xxact::io {

class IngestDatasets {
 public:
  /// Collective on comm. In `list`, replaces each dataset by the runs of rows that are of one of its sources, in their order, and each one
  /// that is damaged, or has labels that the label table lacks, by its refusal. ConfigError for a dataset that was split by
  /// another rule than this ingest's, and, where splits are kept, for an input that is no dataset.
  IngestDatasets(MPI_Comm comm, const IngestOptions& options, InputList& list);

  /// Of a file with DatasetRange.
  const DatasetPlan& plan(const std::string& path) const { return plans_.at(path); }
  /// What the datasets say of their labels.
  const LabelDefinitions& definitions() const { return definitions_; }
  /// What the datasets say of their splits: "A" or "mixed: A | B".
  std::string split_rules() const { return joined_definitions(split_rules_); }

 private:
  void open(MPI_Comm comm, const std::string& path);
  void take_split(const IngestOptions& options, const DatasetPlan& plan);
  void take_definitions(const DatasetPlan& plan);

  std::map<std::string, DatasetPlan> plans_;
  LabelDefinitions definitions_;
  std::vector<std::string> split_rules_;
};

}  // namespace xxact::io
