// Any bytes as a source of structures in the format XXACT_FUZZ_FORMAT: csv, json or cif, one harness each. Every record is
// parsed and checked as ingest does it, with charges and displacements as xrd asks for them.
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "io/record_checks.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"

using namespace xxact;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const io::RecordLimits limits{.max_atoms = 100, .charges = true, .displacements = true};
  try {
    io::ByteStream stream = io::ByteStream::of_text({reinterpret_cast<const char*>(data), size});
    const auto reader = io::open_records(io::SourceFormat::XXACT_FUZZ_FORMAT, std::move(stream), "fuzz", limits);
    io::StructureRecord record;
    while (reader->next()) {
      try {
        reader->parse(record);
        io::check_record(record, limits);
      } catch (const std::runtime_error&) {  // ours or a parser library's, as in ingest: this record is rejected, the next may be good
      }
    }
  } catch (const InputError&) {  // the file breaks off
  }
  return 0;
}
