// Some consecutive rows of a planned dataset file at a time, for those who go through files that memory does not hold.
// Not here: which rows (pipeline/streaming/), checksums (io/dataset_reader.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/dataset_plan.hpp"
#include "io/file_bytes.hpp"
#include "io/hdf5_untrusted.hpp"

namespace xxact::io {

/// InputError naming the array and the way out when one is stored so that only HDF5 can read it (compressed, or in very many chunks).
void require_readable_in_parts(const DatasetPlan& plan);

/// One a thread: it has its own descriptor and memory.
class RowReader {
 public:
  /// What becomes of arrays that only HDF5 can read (compressed, or in very many chunks): they are refused, or read by the library, which serves
  /// one thread of a process at a time.
  enum class Compressed { refused, by_hdf5 };

  /// The plan must outlive it. InputError as require_readable_in_parts when it is refused; IoError when the file cannot be opened.
  explicit RowReader(const DatasetPlan& plan, Compressed compressed = Compressed::refused);

  /// Rows [first, end) of the file, 0 <= first < end <= plan.rows(), numbered from 0, their values checked as a whole dataset's are. The
  /// result is valid until the next call. InputError naming the file, the array and what is wrong, IoError when it cannot be read.
  const Dataset& read(std::int64_t first, std::int64_t end);

  /// Asks the system to begin reading these rows, which are wanted soon.
  void announce(std::int64_t first, std::int64_t end) const;

 private:
  struct alignas(kStorageAlignment) Line {
    std::byte bytes[kStorageAlignment];
  };
  /// Places in the arrays of atoms or composition entries where rows begin.
  struct Offsets {
    std::size_t array;                 // of the plan
    std::vector<std::int64_t> values;  // [rows + 1]
  };

  void read_offsets(Offsets& offsets, std::int64_t first, std::int64_t end, std::int64_t most);
  void read_bytes(std::size_t array, std::int64_t first, std::int64_t rows, std::byte* target) const;

  const DatasetPlan& plan_;
  DatasetExtents extents_;
  FileBytes file_;
  std::vector<hdf5::OpenArray> by_hdf5_;  // [arrays] where there is one, else none
  Offsets atoms_{}, entries_{};
  std::vector<Line> memory_;
  Dataset rows_;
};

}  // namespace xxact::io
