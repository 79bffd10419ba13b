#include "io/hdf5.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/hdf5_attribute.hpp"
#include "src/base/error.hpp"

namespace xxact::io::hdf5 {
namespace {

herr_t append_error(unsigned depth, const H5E_error2_t* error, void* text) {
  auto& out = *static_cast<std::string*>(text);
  if (depth > 0) out += "; ";
  out += fmt::format("{}(): {}", error->func_name ? error->func_name : "?", error->desc ? error->desc : "no description");
  return 0;
}

/// HDF5 prints its error stack by itself unless told not to; our errors carry it instead.
void keep_errors_quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

/// Filters come only from the library itself: a file must not make it load code.
void forbid_plugins() { H5PLset_loading_state(0); }

PropertyList access_properties(const Place& place) {
  auto list = require<PropertyList>(H5Pcreate(H5P_FILE_ACCESS), "creating file access properties", place);
  // Checksummed object headers and attributes above 64 KiB need the format of HDF5 1.8.
  check(H5Pset_libver_bounds(list.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), "setting the format version", place);
#if H5_VERSION_GE(1, 10, 7)
  // Parallel file systems grant no locks, or hang; our files are renamed when they are whole, and need none.
  check(H5Pset_file_locking(list.get(), false, true), "switching file locks off", place);
#endif
  return list;
}

/// Throws with the system's reason when the file cannot be read, before HDF5 hides that reason.
void require_readable(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && errno == ENOENT) throw InputError("{}: there is no such file", path.string());
  if (descriptor < 0) throw IoError("cannot open {}: {}", path.string(), std::strerror(errno));
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  ::close(descriptor);
  if (!regular) throw InputError("{} is not a regular file", path.string());
}

}  // namespace

std::string Place::text() const { return object.empty() ? file.string() : fmt::format("{}: {}", file.string(), object); }

std::string take_error_stack() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, append_error, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "HDF5 gives no reason" : text;
}

std::int64_t check(std::int64_t result, const char* what, const Place& place) {
  if (result < 0) throw IoError("{}: {} failed: {}", place.text(), what, take_error_stack());
  return result;
}

std::int64_t check_read(std::int64_t result, const char* what, const Place& place) {
  if (result < 0) throw InputError("{}: the file is damaged: {} failed: {}", place.text(), what, take_error_stack());
  return result;
}

File create_file(const std::filesystem::path& path, const CreateOptions& options) {
  keep_errors_quiet();
  forbid_plugins();
  const Place place{path, ""};
  auto access = access_properties(place);
  if (options.comm != MPI_COMM_NULL)
    check(H5Pset_fapl_mpio(access.get(), options.comm, MPI_INFO_NULL), "choosing the MPI driver", place);
  if (options.alignment > 0)
    check(H5Pset_alignment(access.get(), static_cast<hsize_t>(options.alignment / 2), static_cast<hsize_t>(options.alignment)),
          "setting the alignment", place);
  return require<File>(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "creating the file", place);
}

File open_file_to_write(const std::filesystem::path& path, MPI_Comm comm) {
  keep_errors_quiet();
  forbid_plugins();
  const Place place{path, ""};
  auto access = access_properties(place);
  check(H5Pset_fapl_mpio(access.get(), comm, MPI_INFO_NULL), "choosing the MPI driver", place);
  return require<File>(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), "opening the file to write", place);
}

File open_file(const std::filesystem::path& path) {
  keep_errors_quiet();
  forbid_plugins();
  require_readable(path);
  const Place place{path, ""};
  auto access = access_properties(place);
  check(H5Pset_fapl_sec2(access.get()), "choosing the POSIX driver", place);
  File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
  if (!file) throw InputError("{} is not a sound HDF5 file: {}", path.string(), take_error_stack());
  return file;
}

bool has_format(const std::filesystem::path& path, const std::string& format) {
  try {
    const auto file = open_file(path);
    const Place place{path, ""};
    return has_attribute(file.get(), "format", place) && read_text_attribute(file.get(), "format", place) == format;
  } catch (const Error&) {
    return false;
  }
}

void create_groups(const File& file, const Place& place) {
  auto links = require<PropertyList>(H5Pcreate(H5P_LINK_CREATE), "creating link properties", place);
  check(H5Pset_create_intermediate_group(links.get(), 1), "asking for groups above", place);
  const auto group = require<Group>(H5Gcreate2(file.get(), place.object.c_str(), links.get(), H5P_DEFAULT, H5P_DEFAULT),
                                    "creating the group", place);
}

}  // namespace xxact::io::hdf5
