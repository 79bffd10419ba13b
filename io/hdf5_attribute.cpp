#include "io/hdf5_attribute.hpp"

#include <algorithm>

#include "src/base/error.hpp"

namespace xxact::io::hdf5 {
namespace {

constexpr std::size_t kMaxText = 16U << 20;

Place attribute_place(const Place& place, const std::string& name) {
  return {place.file, (place.object.empty() ? "/" : place.object) + " @" + name};
}

void write_scalar(hid_t object, const std::string& name, hid_t file_type, hid_t memory_type, const void* value, const Place& at) {
  const auto space = require<Dataspace>(H5Screate(H5S_SCALAR), "creating a scalar dataspace", at);
  const auto attribute = require<Attribute>(H5Acreate2(object, name.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                                            "creating the attribute", at);
  check(H5Awrite(attribute.get(), memory_type, value), "writing the attribute", at);
}

struct OpenAttribute {
  Attribute attribute;
  Datatype type;
};

OpenAttribute open_scalar(hid_t object, const std::string& name, const Place& at) {
  Attribute attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  if (!attribute) throw InputError("{}: there is no such attribute: {}", at.text(), take_error_stack());
  const auto space = require_read<Dataspace>(H5Aget_space(attribute.get()), "asking for the attribute's dataspace", at);
  if (H5Sget_simple_extent_npoints(space.get()) != 1) throw InputError("{}: the attribute is not a scalar", at.text());
  auto type = require_read<Datatype>(H5Aget_type(attribute.get()), "asking for the attribute's type", at);
  return {std::move(attribute), std::move(type)};
}

void read_number(hid_t object, const std::string& name, H5T_class_t wanted, hid_t memory_type, void* value, const Place& at) {
  const auto [attribute, type] = open_scalar(object, name, at);
  if (H5Tget_class(type.get()) != wanted)
    throw InputError("{}: the attribute is not {}", at.text(), wanted == H5T_INTEGER ? "an integer" : "a real number");
  if (H5Aread(attribute.get(), memory_type, value) < 0) throw InputError("{}: cannot be read: {}", at.text(), take_error_stack());
}

AttributeClass class_of(hid_t object, const std::string& name, const Place& place) {
  const auto attribute = require_read<Attribute>(H5Aopen(object, name.c_str(), H5P_DEFAULT), "opening the attribute", place);
  const auto type = require_read<Datatype>(H5Aget_type(attribute.get()), "asking for the attribute's type", place);
  switch (H5Tget_class(type.get())) {
    case H5T_STRING: return AttributeClass::text;
    case H5T_INTEGER: return AttributeClass::integer;
    case H5T_FLOAT: return AttributeClass::real;
    default: return AttributeClass::other;
  }
}

herr_t add_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  auto& out = *static_cast<std::vector<std::string>*>(names);
  out.emplace_back(name);
  return out.size() > 1000 ? -1 : 0;
}

}  // namespace

void write_text_attribute(hid_t object, const std::string& name, const std::string& value, const Place& place) {
  const auto at = attribute_place(place, name);
  if (value.size() > kMaxText) throw IoError("{}: a text of {} bytes is too long for an attribute", at.text(), value.size());
  // Of fixed width: HDF5 1.10.8 crashes on texts of variable width in a damaged file.
  const auto type = require<Datatype>(H5Tcopy(H5T_C_S1), "copying the text type", at);
  check(H5Tset_size(type.get(), std::max<std::size_t>(value.size(), 1)), "setting the text's width", at);
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "setting UTF-8", at);
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "setting the padding", at);
  write_scalar(object, name, type.get(), type.get(), value.c_str(), at);
}

void write_integer_attribute(hid_t object, const std::string& name, std::int64_t value, const Place& place) {
  write_scalar(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value, attribute_place(place, name));
}

void write_real_attribute(hid_t object, const std::string& name, double value, const Place& place) {
  write_scalar(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, attribute_place(place, name));
}

bool has_attribute(hid_t object, const std::string& name, const Place& place) {
  return check_read(H5Aexists(object, name.c_str()), "looking for an attribute", attribute_place(place, name)) > 0;
}

std::string read_text_attribute(hid_t object, const std::string& name, const Place& place) {
  const auto at = attribute_place(place, name);
  const auto open = open_scalar(object, name, at);
  if (H5Tget_class(open.type.get()) != H5T_STRING) throw InputError("{}: the attribute is not a text", at.text());
  if (H5Tis_variable_str(open.type.get()) > 0)
    throw InputError("{}: the text is of variable width; write it with a fixed width (h5py: numpy.bytes_)", at.text());
  const std::size_t width = H5Tget_size(open.type.get());
  if (width == 0 || width > kMaxText) throw InputError("{}: a text of {} bytes is too long", at.text(), width);
  std::string value(width, '\0');
  if (H5Aread(open.attribute.get(), open.type.get(), value.data()) < 0)
    throw InputError("{}: cannot be read: {}", at.text(), take_error_stack());
  value.resize(std::min(value.find('\0'), value.size()));
  return value;
}

std::int64_t read_integer_attribute(hid_t object, const std::string& name, const Place& place) {
  std::int64_t value = 0;
  read_number(object, name, H5T_INTEGER, H5T_NATIVE_INT64, &value, attribute_place(place, name));
  return value;
}

double read_real_attribute(hid_t object, const std::string& name, const Place& place) {
  double value = 0;
  read_number(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, &value, attribute_place(place, name));
  return value;
}

std::vector<AttributeName> list_attributes(hid_t object, const Place& place) {
  std::vector<std::string> names;
  hsize_t position = 0;
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &position, add_name, &names) < 0)
    throw InputError("{}: its attributes cannot be listed: {}", place.text(), names.size() > 1000 ? "too many" : take_error_stack());
  std::vector<AttributeName> out;
  for (const auto& name : names) out.push_back({name, class_of(object, name, attribute_place(place, name))});
  return out;
}

}  // namespace xxact::io::hdf5
