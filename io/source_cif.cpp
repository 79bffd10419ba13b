// CIF sources: one record a data block that has a cell or sites.
#include <gemmi/cifdoc.hpp>

#include "io/byte_stream.hpp"
#include "io/cif_structure.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;

class CifSource final : public RecordReader {
 public:
  CifSource(const std::string& text, std::string stem, const RecordLimits& limits) : stem_(std::move(stem)), limits_(limits) {
    document_ = parse_cif(text);
    if (document_.blocks.empty()) throw InputError("no data block");
    for (auto& block : document_.blocks)
      if (holds_structure(block)) structures_.push_back(&block);
    // A file without any structure is told what it lacks by parsing its first block.
    if (structures_.empty()) structures_.push_back(&document_.blocks.front());
  }

  bool next() override { return ++current_ < static_cast<std::int64_t>(structures_.size()); }

  /// The file's name where it holds one structure: block names are often just the formula.
  std::string id() const override { return structures_.size() == 1 ? stem_ : stem_ + ":" + block().name; }

  void parse(StructureRecord& record) override {
    record.clear();
    record.id = id();
    record.labels.source = source_kind_of(record.id, false, false);
    read_cif_block(block(), record, 4 * limits_.max_atoms);
  }

 private:
  gemmi::cif::Block& block() const { return *structures_[static_cast<std::size_t>(current_)]; }

  std::string stem_;
  RecordLimits limits_;
  gemmi::cif::Document document_;
  std::vector<gemmi::cif::Block*> structures_;
  std::int64_t current_ = -1;
};

}  // namespace

std::unique_ptr<RecordReader> open_cif(const std::filesystem::path& path, const std::string& stem, const RecordLimits& limits) {
  return std::make_unique<CifSource>(read_whole_file(path, kMaxFileBytes), stem, limits);
}

}  // namespace xxact::io
