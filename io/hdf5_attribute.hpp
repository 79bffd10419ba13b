// Scalar attributes of HDF5 objects: texts, integers, reals.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

#include "io/hdf5.hpp"

namespace xxact::io::hdf5 {

/// Writers: collective as the file of `object`. Texts are UTF-8 of fixed width, without NUL.
void write_text_attribute(hid_t object, const std::string& name, const std::string& value, const Place& place);
void write_integer_attribute(hid_t object, const std::string& name, std::int64_t value, const Place& place);
void write_real_attribute(hid_t object, const std::string& name, double value, const Place& place);

bool has_attribute(hid_t object, const std::string& name, const Place& place);

/// Readers throw InputError naming place and attribute when it is missing, not a scalar, of another class, or a text
/// above 16 MiB. Texts of variable width are refused: HDF5 1.10.8 crashes on them in a
/// damaged file. A number may have any width.
std::string read_text_attribute(hid_t object, const std::string& name, const Place& place);
std::int64_t read_integer_attribute(hid_t object, const std::string& name, const Place& place);
double read_real_attribute(hid_t object, const std::string& name, const Place& place);

enum class AttributeClass { text, integer, real, other };
struct AttributeName {
  std::string name;
  AttributeClass kind;
};
/// Attributes of an object in alphabetical order; at most 1,000, InputError above.
std::vector<AttributeName> list_attributes(hid_t object, const Place& place);

}  // namespace xxact::io::hdf5
