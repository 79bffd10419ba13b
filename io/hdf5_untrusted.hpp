// What files of unknown origin must pass before anything is allocated for them or read from them: only hard links,
// no external or virtual storage, no filters but deflate, shuffle and fletcher32, the type and rank that we expect,
// extents that the file's own size can hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/hdf5.hpp"
#include "io/hdf5_transfer.hpp"

namespace xxact::io::hdf5 {

/// A dataset that passed, with its extents. `spec.bytes()` may be allocated.
struct OpenArray {
  DatasetHandle dataset;
  ArraySpec spec;
};

/// Opens a dataset of this element type and rank; place.object is its path. InputError naming the place otherwise.
OpenArray open_array(const File& file, Element element, std::size_t rank, const Place& place);

/// The same for any of our element types and any rank up to 8.
OpenArray open_any_array(const File& file, const Place& place);

/// Whether there is a link of this path; InputError when one on the way is not a hard link.
bool has_object(const File& file, const Place& place);

enum class ObjectKind { group, array };
struct Member {
  std::string name;
  ObjectKind kind;
};
/// Members of a group in alphabetical order. InputError for a link that is not a hard one, an object that is neither
/// group nor dataset, more than 100,000 members.
std::vector<Member> list_group(const File& file, const Place& place);

/// Throws InputError unless the file's attribute `format` says `format` and `version` is in [1, newest].
void require_format(const File& file, const std::string& format, int newest, const Place& place);

/// Texts of an array of fixed-width texts as read, without their padding.
std::vector<std::string> split_texts(std::string_view padded, std::size_t width);
/// Their opposite: rows of `width` bytes, padded with NUL. No text may be longer.
std::string pad_texts(const std::vector<std::string>& texts, std::size_t width);

}  // namespace xxact::io::hdf5
