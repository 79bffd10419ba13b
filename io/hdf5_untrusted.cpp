#include "io/hdf5_untrusted.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "io/hdf5_attribute.hpp"
#include "src/base/error.hpp"

namespace xxact::io::hdf5 {
namespace {

constexpr std::size_t kMaxRank = 8;
constexpr std::size_t kMaxTextWidth = 4096;
constexpr std::size_t kMaxMembers = 100000;
constexpr std::uint64_t kMaxChunkBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxDeflateRatio = 1100;  // deflate cannot do better than 1032 : 1

/// Whether the link exists; throws unless it is a hard link, which cannot lead out of the file.
bool check_link(const File& file, const std::string& path, const Place& place) {
  const htri_t exists = H5Lexists(file.get(), path.c_str(), H5P_DEFAULT);
  if (exists < 0) throw InputError("{}: the file's structure is damaged: {}", place.text(), take_error_stack());
  if (exists == 0) return false;
  H5L_info_t info;
  if (H5Lget_info(file.get(), path.c_str(), &info, H5P_DEFAULT) < 0)
    throw InputError("{}: the file's structure is damaged: {}", place.text(), take_error_stack());
  if (info.type != H5L_TYPE_HARD)
    throw InputError("{}: {} is {} link; links are refused, copy the data into the file", place.text(), path,
                     info.type == H5L_TYPE_SOFT ? "a soft" : info.type == H5L_TYPE_EXTERNAL ? "an external" : "a user-defined");
  return true;
}

void check_filters(const PropertyList& creation, const Place& place) {
  const int filters = static_cast<int>(check_read(H5Pget_nfilters(creation.get()), "counting filters", place));
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, nullptr);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      throw InputError("{}: uses filter {}; only deflate, shuffle and fletcher32 are accepted", place.text(), static_cast<int>(filter));
  }
}

/// Refuses storage outside the file and chunks that would make the library allocate without bound.
void check_storage(const PropertyList& creation, const ArraySpec& spec, const Place& place) {
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if (layout == H5D_VIRTUAL) throw InputError("{}: is a virtual dataset; they are refused", place.text());
  if (layout == H5D_LAYOUT_ERROR) throw InputError("{}: has no layout: {}", place.text(), take_error_stack());
  if (check_read(H5Pget_external_count(creation.get()), "counting external files", place) > 0)
    throw InputError("{}: keeps its data in another file; that is refused", place.text());
  check_filters(creation, place);
  if (layout != H5D_CHUNKED) return;
  std::vector<hsize_t> chunk(spec.shape.size(), 1);
  check_read(H5Pget_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()), "asking for the chunk", place);
  std::uint64_t bytes = spec.element_bytes();
  for (const hsize_t extent : chunk) {
    if (extent == 0 || extent > kMaxChunkBytes || bytes > kMaxChunkBytes / extent)
      throw InputError("{}: its chunks are larger than {} MiB", place.text(), kMaxChunkBytes >> 20);
    bytes *= extent;
  }
}

/// The extents must fit what the file can hold: a few bytes must not claim terabytes.
void check_extents(const DatasetHandle& dataset, const PropertyList& creation, const ArraySpec& spec, const Place& place) {
  std::uint64_t bytes = spec.element_bytes();
  for (const std::int64_t extent : spec.shape) {
    if (extent < 0 || (extent > 0 && bytes > std::uint64_t{1} << 62U >> std::bit_width(static_cast<std::uint64_t>(extent))))
      throw InputError("{}: an extent of {} is absurd", place.text(), extent);
    bytes *= static_cast<std::uint64_t>(extent);
  }
  std::error_code error;
  const std::uint64_t file_bytes = std::filesystem::file_size(place.file, error);
  if (error) throw IoError("cannot ask for the size of {}: {}", place.file.string(), error.message());
  const std::uint64_t stored = std::min<std::uint64_t>(H5Dget_storage_size(dataset.get()), file_bytes);
  const bool filtered = H5Pget_nfilters(creation.get()) > 0;
  const std::uint64_t holds = filtered ? stored * kMaxDeflateRatio : stored;
  if (bytes > holds)
    throw InputError("{}: claims {} bytes where the file holds at most {}; it is incomplete or not genuine", place.text(), bytes, holds);
}

Element element_of_type(const Datatype& type, ArraySpec& spec, const Place& place) {
  if (H5Tget_class(type.get()) == H5T_STRING) {
    if (H5Tis_variable_str(type.get()) > 0) throw InputError("{}: texts of variable width are not accepted", place.text());
    spec.text_width = H5Tget_size(type.get());
    if (spec.text_width == 0 || spec.text_width > kMaxTextWidth)
      throw InputError("{}: texts of {} bytes are not accepted", place.text(), spec.text_width);
    return Element::text;
  }
  for (const Element element : {Element::u8, Element::u32, Element::i64, Element::u64, Element::f32, Element::f64}) {
    ArraySpec probe;
    probe.element = element;
    if (H5Tequal(type.get(), type_of(probe, place).get()) > 0) return element;
  }
  throw InputError("{}: its element type is none of this format", place.text());
}

std::vector<std::int64_t> shape_of(const DatasetHandle& dataset, const Place& place) {
  const auto space = require_read<Dataspace>(H5Dget_space(dataset.get()), "asking for the dataspace", place);
  const H5S_class_t kind = H5Sget_simple_extent_type(space.get());
  if (kind == H5S_SCALAR) return {};
  if (kind != H5S_SIMPLE) throw InputError("{}: has no extents", place.text());
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || static_cast<std::size_t>(rank) > kMaxRank) throw InputError("{}: has {} dimensions", place.text(), rank);
  std::vector<hsize_t> size(static_cast<std::size_t>(rank));
  check_read(H5Sget_simple_extent_dims(space.get(), size.data(), nullptr), "asking for the extents", place);
  std::vector<std::int64_t> shape;
  for (const hsize_t extent : size) {
    if (extent > static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max()))
      throw InputError("{}: an extent of {} is absurd", place.text(), extent);
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  return shape;
}

const char* name_of(Element element) {
  switch (element) {
    case Element::u8: return "uint8";
    case Element::u32: return "uint32";
    case Element::i64: return "int64";
    case Element::u64: return "uint64";
    case Element::f32: return "float32";
    case Element::f64: return "float64";
    case Element::text: return "fixed-width text";
  }
  return "?";
}

herr_t add_member(hid_t, const char* name, const H5L_info_t*, void* names) {
  auto& out = *static_cast<std::vector<std::string>*>(names);
  out.emplace_back(name);
  return out.size() > kMaxMembers ? -1 : 0;
}

}  // namespace

bool has_object(const File& file, const Place& place) {
  std::string path;
  for (std::size_t begin = 1; begin <= place.object.size();) {
    const std::size_t end = std::min(place.object.find('/', begin), place.object.size());
    path = place.object.substr(0, end);
    if (!check_link(file, path, place)) return false;
    begin = end + 1;
  }
  return true;
}

OpenArray open_any_array(const File& file, const Place& place) {
  if (!has_object(file, place)) throw InputError("{}: there is no such dataset", place.text());
  OpenArray array;
  array.dataset = DatasetHandle(H5Dopen2(file.get(), place.object.c_str(), H5P_DEFAULT));
  if (!array.dataset) throw InputError("{}: is not a dataset that can be opened: {}", place.text(), take_error_stack());
  const auto type = require_read<Datatype>(H5Dget_type(array.dataset.get()), "asking for the type", place);
  array.spec.element = element_of_type(type, array.spec, place);
  array.spec.shape = shape_of(array.dataset, place);
  const auto creation = require_read<PropertyList>(H5Dget_create_plist(array.dataset.get()), "asking for the layout", place);
  check_storage(creation, array.spec, place);
  check_extents(array.dataset, creation, array.spec, place);
  return array;
}

OpenArray open_array(const File& file, Element element, std::size_t rank, const Place& place) {
  auto array = open_any_array(file, place);
  if (array.spec.element != element)
    throw InputError("{}: holds {} where {} is expected", place.text(), name_of(array.spec.element), name_of(element));
  if (array.spec.shape.size() != rank)
    throw InputError("{}: has {} dimensions where {} are expected", place.text(), array.spec.shape.size(), rank);
  return array;
}

std::vector<Member> list_group(const File& file, const Place& place) {
  if (place.object != "/" && !has_object(file, place)) throw InputError("{}: there is no such group", place.text());
  const Group group(H5Gopen2(file.get(), place.object.c_str(), H5P_DEFAULT));
  if (!group) throw InputError("{}: is not a group that can be opened: {}", place.text(), take_error_stack());
  std::vector<std::string> names;
  hsize_t position = 0;
  if (H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, &position, add_member, &names) < 0)
    throw InputError("{}: its members cannot be listed: {}", place.text(), names.size() > kMaxMembers ? "too many" : take_error_stack());
  std::vector<Member> members;
  for (const auto& name : names) {
    const std::string path = (place.object == "/" ? "" : place.object) + "/" + name;
    const Place at{place.file, path};
    check_link(file, path, at);
    const Handle<H5Oclose> object(H5Oopen(file.get(), path.c_str(), H5P_DEFAULT));
    if (!object) throw InputError("{}: cannot be opened: {}", at.text(), take_error_stack());
    const H5I_type_t kind = H5Iget_type(object.get());
    if (kind != H5I_GROUP && kind != H5I_DATASET) throw InputError("{}: is neither a group nor a dataset", at.text());
    members.push_back({name, kind == H5I_GROUP ? ObjectKind::group : ObjectKind::array});
  }
  return members;
}

void require_format(const File& file, const std::string& format, int newest, const Place& place) {
  if (!has_attribute(file.get(), "format", place) || read_text_attribute(file.get(), "format", place) != format)
    throw InputError("{} is not a file of format {}: its attribute `format` does not say so", place.file.string(), format);
  const std::int64_t version = read_integer_attribute(file.get(), "version", place);
  if (version < 1 || version > newest)
    throw InputError("{} has version {} of format {}; this program reads up to {}", place.file.string(), version, format, newest);
}

std::vector<std::string> split_texts(std::string_view padded, std::size_t width) {
  std::vector<std::string> texts;
  texts.reserve(padded.size() / width);
  for (std::size_t begin = 0; begin + width <= padded.size(); begin += width) {
    const std::string_view field = padded.substr(begin, width);
    texts.emplace_back(field.substr(0, std::min(field.find('\0'), field.size())));
  }
  return texts;
}

std::string pad_texts(const std::vector<std::string>& texts, std::size_t width) {
  std::string padded(texts.size() * width, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i].copy(padded.data() + i * width, width);
  return padded;
}

}  // namespace xxact::io::hdf5
