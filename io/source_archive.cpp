// Archives of sources (tar, plain or compressed, and zip) by libarchive: streamed, nothing is extracted to disk.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>

#include "io/source.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::int64_t kMaxMembers = 50'000'000;
constexpr std::int64_t kFreeExpansion = std::int64_t{1} << 30;
constexpr std::int64_t kMaxRatio = 1000;

struct CloseArchive {
  void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};

/// Why a member of this name is not read; empty where nothing speaks against it. Names are judged as every system reads them.
std::string_view refusal_of_name(const std::string& name) {
  if (name.size() > kMaxNameBytes) return "has a name of more than 4096 bytes";
  if (name.front() == '/' || (name.size() > 1 && name[1] == ':')) return "has an absolute name";
  if (name.find('\\') != std::string::npos) return "has a backslash in its name";
  const std::filesystem::path path(name);
  for (const auto& part : path)
    if (part == "..") return "leads out of the archive";
  if (uncompressed_name(path) != path.filename().string()) return "is compressed inside the archive";
  return {};
}

class ArchiveSource final : public RecordReader {
 public:
  ArchiveSource(const std::filesystem::path& path, const RecordLimits& limits, ReadCounter* counter)
      : handle_(archive_read_new()), limits_(limits), counter_(counter), file_bytes_(static_cast<std::int64_t>(std::filesystem::file_size(path))) {
    if (!handle_) throw IoError("out of memory while opening {}", path.string());
    archive* handle = handle_.get();
    // Only what is decoded in this process: some of libarchive's filters run other programs.
    archive_read_support_format_tar(handle);
    archive_read_support_format_zip(handle);
    archive_read_support_filter_gzip(handle);
    archive_read_support_filter_bzip2(handle);
    archive_read_support_filter_zstd(handle);
    archive_read_support_filter_xz(handle);
    if (archive_read_open_filename(handle, path.c_str(), kBlockBytes) != ARCHIVE_OK) throw InputError("not a readable archive: {}", message());
  }

  bool next() override {
    refusal_.clear();
    for (;;) {
      if (member_ && next_of_member()) return true;
      if (!refusal_.empty()) return true;
      if (!next_member()) return false;
      if (!refusal_.empty()) return true;
    }
  }

  void parse(StructureRecord& record) override {
    record.clear();
    if (!refusal_.empty()) throw InputError("{}", refusal_);
    member_->parse(record);
  }

  std::string id() const override { return refusal_.empty() && member_ ? member_->id() : stem_; }

 private:
  std::string message() const {
    const char* text = archive_error_string(handle_.get());
    return text ? text : "unknown error";
  }

  /// A member that breaks off is one rejected record; the archive goes on behind it.
  bool next_of_member() {
    try {
      if (member_->next()) return true;
      member_.reset();
      return false;
    } catch (const InputError& error) {
      if (over_) throw;
      refuse(error.what());
      return false;
    }
  }

  void count_read() {
    const auto read = static_cast<std::uint64_t>(std::max<std::int64_t>(archive_filter_bytes(handle_.get(), -1), 0));
    if (counter_ != nullptr && read > counted_) counter_->fetch_add(read - counted_, std::memory_order_relaxed);
    counted_ = std::max(counted_, read);
  }

  void refuse(std::string_view reason) {
    member_.reset();
    refusal_ = fmt::format("archive member {:.120}: {}", name_, reason);
  }

  /// Opens the next member that is a source, or refuses it; false at the end of the archive.
  bool next_member() {
    skip_rest();
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(handle_.get(), &entry);
    count_read();
    if (status == ARCHIVE_EOF) return false;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) throw InputError("the archive is damaged or ends early: {}", message());
    if (++members_ > kMaxMembers) throw InputError("the archive has more than {} members", kMaxMembers);
    in_member_ = true;
    place_ = 0;
    if (archive_entry_filetype(entry) == AE_IFDIR) return true;
    const char* name = archive_entry_pathname(entry);
    name_ = name ? name : "";
    stem_ = std::filesystem::path(uncompressed_name(name_)).stem().string();
    if (name_.empty()) {
      refuse("has no readable name");
      return true;
    }
    if (const auto format = format_of_name(name_)) open_member(entry, *format);
    return true;
  }

  void open_member(archive_entry* entry, SourceFormat format) {
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry)) return refuse("is a link or no file");
    if (const auto reason = refusal_of_name(name_); !reason.empty()) return refuse(reason);
    if (archive_entry_is_encrypted(entry)) return refuse("is encrypted");
    if (archive_entry_sparse_count(entry) > 0) return refuse("is a sparse file");
    try {
      member_ = open_records(format, ByteStream::from([this] { return next_block(); }), stem_, limits_);
    } catch (const InputError& error) {
      if (over_) throw;
      refuse(error.what());
    }
  }

  /// What no reader has taken of a member, so that it counts where it is decompressed on the way. Damage shows at the next header.
  void skip_rest() {
    if (!in_member_ || archive_filter_count(handle_.get()) < 2) return;
    try {
      while (!next_block().empty()) continue;
    } catch (const InputError&) {
      if (over_) throw;
    }
  }

  /// The next bytes of the member, valid until the next call; none at its end.
  std::string_view next_block() {
    while (in_member_) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(handle_.get(), &block, &size, &offset);
      in_member_ = status == ARCHIVE_OK;
      if (status == ARCHIVE_EOF) break;
      // A warning is a checksum or a size that does not agree.
      if (status != ARCHIVE_OK) throw InputError("its data are damaged or end early: {}", message());
      if (size == 0) continue;
      in_member_ = offset == place_;
      if (!in_member_) throw InputError("is a sparse file");
      place_ += static_cast<std::int64_t>(size);
      expanded_ += static_cast<std::int64_t>(size);
      over_ = expanded_ > kFreeExpansion && expanded_ / kMaxRatio > file_bytes_;
      if (over_) throw InputError("the archive expands more than {} times", kMaxRatio);
      return {static_cast<const char*>(block), size};
    }
    return {};
  }

  std::unique_ptr<archive, CloseArchive> handle_;
  RecordLimits limits_;
  ReadCounter* counter_;
  std::uint64_t counted_ = 0;
  std::unique_ptr<RecordReader> member_;
  std::string name_, stem_, refusal_;  // of the current member
  std::int64_t file_bytes_, members_ = 0, expanded_ = 0;
  std::int64_t place_ = 0;  // bytes taken of the current member
  bool in_member_ = false;  // it has more
  bool over_ = false;       // the archive expands too much to be read on
};

}  // namespace

std::unique_ptr<RecordReader> open_archive(const std::filesystem::path& path, const RecordLimits& limits, ReadCounter* counter) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || status.type() == std::filesystem::file_type::not_found) throw InputError("no such file");
  if (!std::filesystem::is_regular_file(status)) throw InputError("not a regular file");
  return std::make_unique<ArchiveSource>(path, limits, counter);
}

}  // namespace xxact::io
