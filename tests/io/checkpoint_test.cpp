// Checkpoints: exact round trip, readable elsewhere, and never accepted when damaged.
#include "io/checkpoint.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "h5py_oracle.hpp"
#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

/// Owns what the content looks at.
struct Example {
  std::vector<float> weight = std::vector<float>(6000), bias = {0.5F, -0.0F, 3e-40F};
  std::vector<double> moment = {1.0 / 3.0};
  std::vector<std::int64_t> seen = {1, -2, 3, std::int64_t{1} << 60};
  CheckpointContent content;

  Example() {
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 0.001F * static_cast<float>(i) - 2.5F;
    content.arrays = {{"weights/encoder.0.weight", {60, 100}, std::span<const float>(weight)},
                      {"weights/encoder.0.bias", {3}, std::span<const float>(bias)},
                      {"optimizer/scale", {}, std::span<const double>(moment)},
                      {"optimizer/seen", {2, 2}, std::span<const std::int64_t>(seen)}};
    content.texts = {{"configuration", "[train]\nepochs = 3\n"}, {"program_version", "0.1.0"}, {"note", ""}};
    content.integers = {{"consumed_samples", 123456789012345}, {"step", 7}};
    content.reals = {{"best_validation", 0.0731}};
  }
};

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

TEST(Checkpoint, EverythingComesBackBitForBit) {
  const Example example;
  const auto path = scratch("run/checkpoints/" + checkpoint_file_name(7));
  const auto digest = write_checkpoint(path, example.content);
  const auto got = read_checkpoint(path);
  EXPECT_EQ(got.digest(), digest);
  EXPECT_EQ(got.content().texts, example.content.texts);
  EXPECT_EQ(got.content().integers, example.content.integers);
  EXPECT_EQ(got.content().reals, example.content.reals);
  ASSERT_EQ(got.content().arrays.size(), example.content.arrays.size());
  for (const auto& want : example.content.arrays) {
    const auto* array = got.find(want.name);
    ASSERT_NE(array, nullptr) << want.name;
    EXPECT_EQ(array->shape, want.shape);
    const auto raw = [](const auto& data) { return std::string(reinterpret_cast<const char*>(data.data()), data.size_bytes()); };
    EXPECT_EQ(array->data.index(), want.data.index());
    EXPECT_EQ(std::visit(raw, array->data), std::visit(raw, want.data));
  }
  EXPECT_EQ(got.integer("step"), 7);
  EXPECT_EQ(got.text("program_version"), "0.1.0");
  EXPECT_TRUE(is_checkpoint_file(path));
}

TEST(Checkpoint, H5pyReadsTheArraysAndFindsTheSameDigest) {
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py at " XXACT_H5PY_PYTHON;
  const Example example;
  const auto digest = write_checkpoint(scratch("h5py.h5"), example.content);
  EXPECT_EQ(ask_h5py("checkpoint-digest", scratch("h5py.h5")), digest);
  const auto text = ask_h5py("checkpoint", scratch("h5py.h5"));
  EXPECT_NE(text.find("optimizer/seen int64 (2, 2) [1, -2, 3, 1152921504606846976]"), std::string::npos) << text;
  EXPECT_NE(text.find("weights/encoder.0.bias float32 (3,) [0.5, -0.0, "), std::string::npos) << text;
}

TEST(Checkpoint, AnyFlippedByteIsFoundOrHarmless) {
  const Example example;
  const auto path = scratch("flip.h5");
  const auto digest = write_checkpoint(path, example.content);
  const auto good = bytes_of(path);
  std::size_t refused = 0, tried = 0;
  for (std::size_t at = 0; at < good.size(); at += 61) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write_bytes(path, bad);
    ++tried;
    try {
      // Bytes that nothing uses (padding, free space) may differ; what is read must then still be the same.
      EXPECT_EQ(read_checkpoint(path).digest(), digest) << "byte " << at;
    } catch (const InputError& error) {
      ++refused;
      EXPECT_NE(std::string(error.what()).find("flip.h5"), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(refused, tried / 2);
}

TEST(Checkpoint, AWeightThatChangedIsRefusedByName) {
  const Example example;
  const auto path = scratch("weight.h5");
  write_checkpoint(path, example.content);
  auto bytes = bytes_of(path);
  const std::string wanted(reinterpret_cast<const char*>(example.weight.data() + 100), 64);
  const auto found = bytes.find(wanted);
  ASSERT_NE(found, std::string::npos);
  bytes[found + 3] = static_cast<char>(bytes[found + 3] ^ 1);
  write_bytes(path, bytes);
  try {
    read_checkpoint(path);
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("weight.h5 is damaged"), std::string::npos) << error.what();
  }
}

TEST(Checkpoint, AFileCutShortIsRefused) {
  const Example example;
  const auto path = scratch("short.h5");
  write_checkpoint(path, example.content);
  const auto good = bytes_of(path);
  for (const double part : {0.0, 0.01, 0.5, 0.9, 0.999}) {
    write_bytes(path, good.substr(0, static_cast<std::size_t>(part * static_cast<double>(good.size()))));
    EXPECT_THROW(read_checkpoint(path), InputError) << part;
    EXPECT_FALSE(part < 0.9 && is_checkpoint_file(path)) << part;
  }
}

TEST(Checkpoint, MissingArraysAndOtherShapesAreNamed) {
  const Example example;
  write_checkpoint(scratch("shape.h5"), example.content);
  const auto got = read_checkpoint(scratch("shape.h5"));
  const std::vector<std::int64_t> shape = {60, 100}, other = {100, 60};
  EXPECT_EQ(got.floats("weights/encoder.0.weight", shape).size(), 6000U);
  EXPECT_THROW(got.floats("weights/encoder.0.weight", other), InputError);
  EXPECT_THROW(got.floats("weights/encoder.1.weight", shape), InputError);
  EXPECT_THROW(got.floats("optimizer/scale", {}), InputError);
  EXPECT_THROW(got.integer("epoch"), InputError);
}

TEST(Checkpoint, AContentThatContradictsItselfIsNotWritten) {
  std::filesystem::remove(scratch("bad.h5"));  // of an earlier run
  const std::vector<float> values = {1, 2, 3};
  CheckpointContent content;
  content.arrays = {{"weights/a", {2, 2}, std::span<const float>(values)}};
  EXPECT_THROW(write_checkpoint(scratch("bad.h5"), content), IoError);
  content.arrays[0] = {"weights/a", {3}, std::span<const float>(values)};
  content.texts["format"] = "mine";
  EXPECT_THROW(write_checkpoint(scratch("bad.h5"), content), IoError);
  EXPECT_FALSE(std::filesystem::exists(scratch("bad.h5")));
  EXPECT_FALSE(std::filesystem::exists(scratch("bad.h5.partial")));
}

TEST(Checkpoint, CheckpointsAreListedByStepAndLeftoversAreNot) {
  const auto folder = scratch("listed");
  std::filesystem::create_directories(folder);
  for (const char* name : {"step-000000000010.h5", "step-000000000009.h5", "step-1000000000000.h5", "step-000000000011.h5.partial", "step-x.h5", "best.h5"})
    write_bytes(folder / name, "x");
  const auto found = list_checkpoints(folder);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].filename(), "step-000000000009.h5");
  EXPECT_EQ(found[2].filename(), "step-1000000000000.h5");
  EXPECT_TRUE(list_checkpoints(scratch("no-such-folder")).empty());
}

}  // namespace
}  // namespace xxact::io
