// What comes out of an archive that is read as ingest reads it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/source.hpp"
#include "src/base/error.hpp"

namespace xxact::io::testing_files {

struct Outcome {
  std::vector<std::string> ids, refusals;
  std::string end;  // why the archive ended early, if it did
};

inline Outcome read(const std::filesystem::path& path) {
  Outcome outcome;
  StructureRecord record;
  try {
    const auto reader = open_records(path, {});
    while (reader->next()) {
      try {
        reader->parse(record);
        check_record(record, {});
        outcome.ids.push_back(record.id);
      } catch (const InputError& error) {
        outcome.refusals.push_back(error.what());
      }
    }
  } catch (const InputError& error) {
    outcome.end = error.what();
  }
  return outcome;
}

}  // namespace xxact::io::testing_files
