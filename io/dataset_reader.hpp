// Reads a dataset file in two steps, so that the caller decides where its arrays lie: plan (open, check, add up the
// bytes), then fill. Used by read_dataset and by the reader that shares one copy among the ranks of a host.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "io/dataset.hpp"
#include "io/hdf5_untrusted.hpp"

namespace xxact::io {

class DatasetReader {
 public:
  /// Opens the file and checks its structure. InputError naming file, dataset and what is wrong.
  explicit DatasetReader(const std::filesystem::path& path);

  /// Bytes that the arrays need.
  std::size_t bytes() const { return bytes_; }
  /// Reads the data into `storage`, bytes() long and aligned to 64, checks the values, and the content hash if asked.
  void fill(std::byte* storage, HashCheck check) const;
  /// The dataset over storage that was filled by this reader or another one of the same file.
  Dataset over(std::shared_ptr<const std::byte> storage) const;

 private:
  struct Planned {
    std::string path;
    hdf5::OpenArray array;
    std::size_t offset = 0;  // in the storage
  };
  void plan(const std::string& path, hdf5::Element element, std::vector<std::int64_t> row_shape = {});
  void plan_arrays();
  void read_description();
  void check_counts() const;
  DatasetArrays arrays_over(const std::byte* storage) const;
  hdf5::Place at(const std::string& object) const { return {path_, object}; }

  std::filesystem::path path_;
  hdf5::File file_;
  std::vector<Planned> planned_;
  std::size_t bytes_ = 0, id_width_ = 0;
  bool with_laue_code_ = false;
  DatasetDescription description_;
  std::string content_hash_;
};

}  // namespace xxact::io
