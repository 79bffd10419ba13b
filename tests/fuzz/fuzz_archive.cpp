// Any bytes as an archive of sources (tar or zip, plain or compressed) and as a compressed source. Every record is parsed
// and checked as ingest does it.
#include <cstdint>
#include <stdexcept>
#include <string>

#include "io/record_checks.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"
#include "tests/fuzz/trial_file.hpp"

using namespace xxact;

namespace {

void read_all(io::RecordReader& reader, const io::RecordLimits& limits) {
  io::StructureRecord record;
  while (reader.next()) {
    try {
      reader.parse(record);
      io::check_record(record, limits);
    } catch (const std::runtime_error&) {  // ours or a parser library's, as in ingest: this record is rejected, the next may be good
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::trial_file(data, size);
  const io::RecordLimits limits{.max_atoms = 100};
  try {
    read_all(*io::open_archive(path, limits), limits);
  } catch (const InputError&) {  // the archive breaks off
  }
  try {
    read_all(*io::open_records(path, limits), limits);
  } catch (const InputError&) {  // no known format, or damaged
  }
  return 0;
}
