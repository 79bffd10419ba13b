// Thin owners of HDF5 handles and checked calls: every failure carries the file, the object and HDF5's whole error stack.
// Not here: moving data (io/hdf5_transfer.hpp), attributes (io/hdf5_attribute.hpp), what a file of ours looks like.
// HDF5 must be first used after MPI_Init and all owners must be gone before MPI_Finalize.
#pragma once

#include <hdf5.h>
#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace xxact::io::hdf5 {

/// Move-only owner of one handle. Closing never throws; a moved-from owner is empty.
template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) noexcept : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close(); }

  hid_t get() const noexcept { return id_; }
  explicit operator bool() const noexcept { return id_ >= 0; }
  /// HDF5's own result: negative when the close failed, which for a file means that its last bytes may be missing.
  herr_t close() noexcept {
    const hid_t id = std::exchange(id_, H5I_INVALID_HID);
    return id < 0 ? 0 : Close(id);
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using DatasetHandle = Handle<H5Dclose>;
using Dataspace = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using Attribute = Handle<H5Aclose>;
using PropertyList = Handle<H5Pclose>;

/// Where a call was made, for messages.
struct Place {
  std::filesystem::path file;
  std::string object;  // "/structures/lattice"; empty: the file itself
  std::string text() const;
};

/// The library's error stack as text, innermost cause last; clears it.
std::string take_error_stack();

/// Throws IoError with `what`, the place and the error stack when `result` is negative; returns it otherwise.
std::int64_t check(std::int64_t result, const char* what, const Place& place);

/// The same for calls that fail when the file that is read is damaged: InputError.
std::int64_t check_read(std::int64_t result, const char* what, const Place& place);

/// Checked, owned: `require<Dataspace>(H5Screate_simple(...), "creating the dataspace", place)`.
template <class Owner>
Owner require(hid_t id, const char* what, const Place& place) {
  return Owner(static_cast<hid_t>(check(id, what, place)));
}

template <class Owner>
Owner require_read(hid_t id, const char* what, const Place& place) {
  return Owner(static_cast<hid_t>(check_read(id, what, place)));
}

/// Where and how a file is created.
struct CreateOptions {
  MPI_Comm comm = MPI_COMM_NULL;  // MPI_COMM_NULL: by this process alone
  std::int64_t alignment = 0;     // bytes; objects of half of it or more begin at its multiples; 0 = packed
};

/// A new file, replacing one of that name. Metadata carry checksums (format of HDF5 1.8 and later).
/// Collective on options.comm, and so is closing the file.
File create_file(const std::filesystem::path& path, const CreateOptions& options);

/// A file of ours that was begun, to go on writing it. Collective on comm, and so is closing the file.
File open_file_to_write(const std::filesystem::path& path, MPI_Comm comm);

/// Read-only, POSIX driver, no file lock, no filter plugins. InputError when there is no such file
/// or it is not sound HDF5, IoError when the system refuses it.
File open_file(const std::filesystem::path& path);

/// Whether the file can be opened, is HDF5 and its attribute `format` says `format`.
bool has_format(const std::filesystem::path& path, const std::string& format);

/// Creates the group and those above it that are missing. Collective as its file.
void create_groups(const File& file, const Place& place);

}  // namespace xxact::io::hdf5
