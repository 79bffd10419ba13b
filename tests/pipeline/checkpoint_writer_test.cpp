// Checkpoints that are written while their owner goes on.
#include "pipeline/checkpoint_writer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

CheckpointSnapshot example(double value) {
  CheckpointSnapshot snapshot;
  snapshot.arrays.add("values", std::vector<double>(100000, value));
  snapshot.content.arrays = snapshot.arrays.arrays();
  snapshot.content.integers["step"] = static_cast<std::int64_t>(value);
  return snapshot;
}

TEST(CheckpointWriter, FilesAreWholeAndInOrder) {
  const auto folder = scratch("writer");
  std::vector<int> written;  // by one thread after the other
  {
    CheckpointWriter writer;
    for (int i = 0; i < 5; ++i)
      writer.write(folder / io::checkpoint_file_name(i), example(i), [&, i] {
        EXPECT_EQ(io::read_checkpoint(folder / io::checkpoint_file_name(i)).integer("step"), i);
        written.push_back(i);
      });
    writer.finish();
    EXPECT_EQ(written, (std::vector{0, 1, 2, 3, 4}));
    writer.write(folder / "last.h5", example(7));
  }
  const auto last = io::read_checkpoint(folder / "last.h5");
  EXPECT_EQ(std::get<std::span<const double>>(last.find("values")->data)[99999], 7.0) << "the copies outlive the snapshot's owner";
}

TEST(CheckpointWriter, AFailureIsToldOnceAndAtTheNextCall) {
  const auto folder = scratch("writer-fails");
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "file") << "not a folder";
  const auto impossible = folder / "file" / "x.h5";
  CheckpointWriter writer;
  writer.check();
  writer.write(impossible, example(1));
  EXPECT_THROW(writer.finish(), IoError);
  EXPECT_NO_THROW(writer.finish());
  writer.write(impossible, example(1));
  EXPECT_THROW(writer.write(folder / "good.h5", example(2)), IoError);
  writer.write(impossible, example(1));
  EXPECT_THROW(
      {
        for (;;) writer.check();
      },
      IoError);
}

}  // namespace
}  // namespace xxact::pipeline
