// CIF sources: one record a data block that has a cell or sites.
#include "io/byte_stream.hpp"
#include "io/cif_structure.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;

class CifSource final : public RecordReader {
 public:
  CifSource(std::string text, std::string stem, const RecordLimits& limits) : text_(std::move(text)), stem_(std::move(stem)), limits_(limits) {
    blocks_ = parse_cif(text_);
    if (blocks_.empty()) throw InputError("not a CIF: no data block");
    for (const CifBlock& block : blocks_)
      if (holds_structure(block)) structures_.push_back(&block);
    // A file without any structure is told what it lacks by reading its first block.
    if (structures_.empty()) structures_.push_back(&blocks_.front());
  }

  bool next() override { return ++current_ < static_cast<std::int64_t>(structures_.size()); }

  /// The file's name where it holds one structure: block names are often just the formula.
  std::string id() const override { return structures_.size() == 1 ? stem_ : fmt::format("{}:{}", stem_, block().name); }

  void parse(StructureRecord& record) override {
    record.clear();
    record.id = id();
    record.labels.source = source_kind_of(record.id, false, false);
    read_cif_block(block(), record, limits_);
  }

 private:
  const CifBlock& block() const { return *structures_[static_cast<std::size_t>(current_)]; }

  std::string text_;  // the blocks are views of it
  std::string stem_;
  RecordLimits limits_;
  std::vector<CifBlock> blocks_;
  std::vector<const CifBlock*> structures_;
  std::int64_t current_ = -1;
};

}  // namespace

std::unique_ptr<RecordReader> open_cif(ByteStream stream, const std::string& stem, const RecordLimits& limits) {
  return std::make_unique<CifSource>(read_whole(std::move(stream), kMaxFileBytes), stem, limits);
}

}  // namespace xxact::io
