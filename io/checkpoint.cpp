#include "io/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>

#include "io/hdf5_attribute.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/pending_file.hpp"
#include "src/base/error.hpp"
#include "src/base/sha256.hpp"

namespace xxact::io {
namespace {

using hdf5::Element;

constexpr const char* kFormat = "xxact-checkpoint";
constexpr int kVersion = 1;
constexpr const char* kDigest = "content_digest";
constexpr int kMaxDepth = 8;
constexpr std::size_t kMaxObjects = 100000;

bool reserved(const std::string& name) { return name == "format" || name == "version" || name == kDigest; }

hdf5::ArraySpec spec_of(const CheckpointArray& array) {
  hdf5::ArraySpec spec;
  spec.element = std::visit([](const auto& data) { return hdf5::element_of<std::remove_cv_t<typename std::decay_t<decltype(data)>::element_type>>; }, array.data);
  spec.shape = array.shape;
  return spec;
}

std::span<const std::byte> bytes_of(const CheckpointArray& array) {
  return std::visit([](const auto& data) { return std::as_bytes(data); }, array.data);
}

/// Throws IoError for what could not be written or read back: an error of the program, not of its input.
void check_content(const std::filesystem::path& path, const CheckpointContent& content) {
  for (const auto& array : content.arrays) {
    const bool bad = array.name.empty() || array.name.front() == '/' || array.name.back() == '/' || array.name.find("//") != std::string::npos;
    if (bad) throw IoError("{}: cannot write an array named \"{}\"", path.string(), array.name);
    const auto elements = std::accumulate(array.shape.begin(), array.shape.end(), std::int64_t{1}, std::multiplies<>());
    const auto held = std::visit([](const auto& data) { return data.size(); }, array.data);
    if (elements < 0 || static_cast<std::size_t>(elements) != held)
      throw IoError("{}: the array {} has {} elements, its shape says {}", path.string(), array.name, held, elements);
  }
  const auto check_names = [&](const auto& attributes) {
    for (const auto& [name, value] : attributes)
      if (reserved(name)) throw IoError("{}: the attribute name {} is taken by the format", path.string(), name);
  };
  check_names(content.texts);
  check_names(content.integers);
  check_names(content.reals);
  for (const auto& [name, value] : content.texts)
    if (value.find('\0') != std::string::npos) throw IoError("{}: the text {} has a NUL", path.string(), name);
}

/// SHA-256 over every array by name (its kind, name, type, shape, and the digest of its bytes), then every attribute.
/// docs/data-format.md has the recipe.
std::string digest_of(const CheckpointContent& content) {
  Sha256 hash;
  const auto field = [&](const std::string& text) { hash.update(std::as_bytes(std::span(text.c_str(), text.size() + 1))); };
  std::vector<const CheckpointArray*> arrays;
  for (const auto& array : content.arrays) arrays.push_back(&array);
  std::sort(arrays.begin(), arrays.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  static constexpr const char* kTypes[] = {"float32", "float64", "int64"};
  for (const auto* array : arrays) {
    const auto shape = fmt::format("{}", fmt::join(array->shape, ","));
    for (const auto& text : {std::string("array"), array->name, std::string(kTypes[array->data.index()]), shape}) field(text);
    Sha256 bytes;
    bytes.update(bytes_of(*array));
    const auto digest = bytes.finish();
    hash.update(std::as_bytes(std::span(digest)));
  }
  for (const auto& [name, value] : content.texts)
    for (const auto& text : {std::string("text"), name, value}) field(text);
  for (const auto& [name, value] : content.integers)
    for (const auto& text : {std::string("integer"), name, std::to_string(value)}) field(text);
  for (const auto& [name, value] : content.reals) {
    for (const auto& text : {std::string("real"), name}) field(text);
    hash.update(std::as_bytes(std::span(&value, 1)));
  }
  return to_hex(hash.finish());
}

}  // namespace

class CheckpointReader {
 public:
  explicit CheckpointReader(const std::filesystem::path& path) : file_(hdf5::open_file(path)) { checkpoint_.path_ = path; }

  Checkpoint read() {
    hdf5::require_format(file_, kFormat, kVersion, at(""));
    checkpoint_.digest_ = hdf5::read_text_attribute(file_.get(), kDigest, at(""));
    read_attributes();
    read_group("/", 0);
    const auto digest = digest_of(checkpoint_.content_);
    if (digest != checkpoint_.digest_)
      throw InputError("{} is damaged: its content has the digest {}, it was written with {}", checkpoint_.path_.string(), digest, checkpoint_.digest_);
    return std::move(checkpoint_);
  }

 private:
  hdf5::Place at(const std::string& object) const { return {checkpoint_.path_, object}; }

  void read_attributes() {
    auto& content = checkpoint_.content_;
    for (const auto& [name, kind] : hdf5::list_attributes(file_.get(), at(""))) {
      if (reserved(name)) continue;
      switch (kind) {
        case hdf5::AttributeClass::text: content.texts[name] = hdf5::read_text_attribute(file_.get(), name, at("")); break;
        case hdf5::AttributeClass::integer: content.integers[name] = hdf5::read_integer_attribute(file_.get(), name, at("")); break;
        case hdf5::AttributeClass::real: content.reals[name] = hdf5::read_real_attribute(file_.get(), name, at("")); break;
        case hdf5::AttributeClass::other: throw InputError("{}: the attribute {} is of no kind that a checkpoint has", checkpoint_.path_.string(), name);
      }
    }
  }

  /// Groups may contain themselves through hard links: depth and number of objects are capped.
  void read_group(const std::string& group, int depth) {
    if (depth > kMaxDepth) throw InputError("{}: groups are nested more than {} deep", at(group).text(), kMaxDepth);
    for (const auto& member : hdf5::list_group(file_, at(group))) {
      if (++objects_ > kMaxObjects) throw InputError("{} holds more than {} objects", checkpoint_.path_.string(), kMaxObjects);
      const std::string path = group == "/" ? "/" + member.name : group + "/" + member.name;
      if (member.kind == hdf5::ObjectKind::group) read_group(path, depth + 1);
      else read_array(path);
    }
  }

  void read_array(const std::string& path) {
    const auto array = hdf5::open_any_array(file_, at(path));
    checkpoint_.storage_.push_back(std::make_unique_for_overwrite<std::byte[]>(array.spec.bytes()));
    std::byte* data = checkpoint_.storage_.back().get();
    hdf5::read_array(array.dataset, array.spec, data, at(path));
    CheckpointArray entry;
    entry.name = path.substr(1);
    entry.shape = array.spec.shape;
    const std::size_t count = array.spec.bytes() / std::max<std::size_t>(array.spec.element_bytes(), 1);
    switch (array.spec.element) {
      case Element::f32: entry.data = std::span<const float>(reinterpret_cast<const float*>(data), count); break;
      case Element::f64: entry.data = std::span<const double>(reinterpret_cast<const double*>(data), count); break;
      case Element::i64: entry.data = std::span<const std::int64_t>(reinterpret_cast<const std::int64_t*>(data), count); break;
      default: throw InputError("{}: its element type is none of a checkpoint's", at(path).text());
    }
    checkpoint_.content_.arrays.push_back(std::move(entry));
  }

  hdf5::File file_;
  Checkpoint checkpoint_;
  std::size_t objects_ = 0;
};

const CheckpointArray* Checkpoint::find(std::string_view name) const {
  const auto& arrays = content_.arrays;
  const auto found = std::find_if(arrays.begin(), arrays.end(), [&](const CheckpointArray& a) { return a.name == name; });
  return found == arrays.end() ? nullptr : &*found;
}

std::span<const float> Checkpoint::floats(std::string_view name, std::span<const std::int64_t> shape) const {
  const CheckpointArray* array = find(name);
  if (!array) throw InputError("{} has no array {}: it is a checkpoint of another model", path_.string(), name);
  if (!std::equal(shape.begin(), shape.end(), array->shape.begin(), array->shape.end()))
    throw InputError("{}: the array {} has the shape [{}] where [{}] is expected", path_.string(), name, fmt::join(array->shape, ", "), fmt::join(shape, ", "));
  const auto* data = std::get_if<std::span<const float>>(&array->data);
  if (!data) throw InputError("{}: the array {} does not hold float32", path_.string(), name);
  return *data;
}

namespace {

template <class Map>
const typename Map::mapped_type& attribute(const Map& map, const std::string& name, const std::filesystem::path& path) {
  const auto found = map.find(name);
  if (found == map.end()) throw InputError("{} has no attribute {} of the kind that is expected", path.string(), name);
  return found->second;
}

}  // namespace

const std::string& Checkpoint::text(const std::string& name) const { return attribute(content_.texts, name, path_); }
std::int64_t Checkpoint::integer(const std::string& name) const { return attribute(content_.integers, name, path_); }
double Checkpoint::real(const std::string& name) const { return attribute(content_.reals, name, path_); }

std::string write_checkpoint(const std::filesystem::path& path, const CheckpointContent& content) {
  check_content(path, content);
  const auto digest = digest_of(content);
  PendingFile pending(path, true);
  const hdf5::Place at{pending.temporary(), ""};
  auto file = hdf5::create_file(pending.temporary(), {});
  hdf5::write_text_attribute(file.get(), "format", kFormat, at);
  hdf5::write_integer_attribute(file.get(), "version", kVersion, at);
  hdf5::write_text_attribute(file.get(), kDigest, digest, at);
  for (const auto& [name, value] : content.texts) hdf5::write_text_attribute(file.get(), name, value, at);
  for (const auto& [name, value] : content.integers) hdf5::write_integer_attribute(file.get(), name, value, at);
  for (const auto& [name, value] : content.reals) hdf5::write_real_attribute(file.get(), name, value, at);
  for (const auto& array : content.arrays) {
    const hdf5::Place place{pending.temporary(), "/" + array.name};
    const auto spec = spec_of(array);
    hdf5::write_array(hdf5::create_array(file, spec, 0, place), spec, bytes_of(array).data(), place);
  }
  hdf5::check(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "flushing the file", at);
  hdf5::check(file.close(), "closing the file", at);
  pending.commit();
  return digest;
}

Checkpoint read_checkpoint(const std::filesystem::path& path) { return CheckpointReader(path).read(); }

bool is_checkpoint_file(const std::filesystem::path& path) { return hdf5::has_format(path, kFormat); }

std::string checkpoint_file_name(std::int64_t step) { return fmt::format("step-{:012}.h5", step); }

std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder) {
  std::vector<std::pair<std::int64_t, std::filesystem::path>> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with("step-") || !name.ends_with(".h5")) continue;
    std::int64_t step = 0;
    const char* digits = name.data() + 5;
    const char* stop = name.data() + name.size() - 3;
    const auto parsed = std::from_chars(digits, stop, step);
    if (parsed.ec == std::errc() && parsed.ptr == stop && digits != stop) found.emplace_back(step, entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) throw IoError("cannot list {}: {}", folder.string(), error.message());
  std::sort(found.begin(), found.end());
  std::vector<std::filesystem::path> paths;
  for (auto& [step, path] : found) paths.push_back(std::move(path));
  return paths;
}

}  // namespace xxact::io
