// Truth against prediction: nothing lost when it is thinned, read from a results file as it was written.
#include "pipeline/report/scatter.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "io/hdf5_transfer.hpp"
#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::report {
namespace {
namespace fs = std::filesystem;
namespace hdf5 = io::hdf5;

fs::path scratch_folder(const std::string& name) {
  const fs::path path = xxact::scratch(name);
  fs::create_directories(path);
  return path;
}

void write_floats(const hdf5::File& file, const fs::path& path, const std::string& name, const std::vector<float>& values) {
  const hdf5::ArraySpec spec{.element = hdf5::Element::f32, .shape = {static_cast<std::int64_t>(values.size())}};
  const hdf5::Place place{path, name};
  hdf5::write_array(hdf5::create_array(file, spec, 0, place), spec, values.data(), place);
}

TEST(Scatter, FewPointsStayPoints) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Scatter scatter = thin_scatter("band_gap", {1, nan, 3, 4}, {1.5F, 2, nan, 5});
  EXPECT_EQ(scatter.n, 2);
  EXPECT_EQ(scatter.truth, (std::vector<double>{1, 4}));
  EXPECT_EQ(scatter.prediction, (std::vector<double>{1.5, 5}));
  EXPECT_TRUE(scatter.count.empty());
  EXPECT_LT(scatter.low, 1);
  EXPECT_GT(scatter.high, 5);
}

TEST(Scatter, ManyPointsAreCountedEachOnceInItsCell) {
  std::vector<float> truth, prediction;
  for (int i = 0; i < 5000; ++i) {
    truth.push_back(static_cast<float>(i % 100));
    prediction.push_back(static_cast<float>(i % 100) + 0.25F);
  }
  const Scatter scatter = thin_scatter("x", truth, prediction);
  EXPECT_EQ(scatter.n, 5000);
  EXPECT_EQ(std::accumulate(scatter.count.begin(), scatter.count.end(), 0.0), 5000.0);
  ASSERT_EQ(scatter.truth.size(), scatter.count.size());
  for (std::size_t i = 0; i < scatter.truth.size(); ++i)
    EXPECT_LE(std::fabs(scatter.prediction[i] - scatter.truth[i] - 0.25), scatter.cell + 1e-9);
}

TEST(Scatter, SurvivesTheWayThroughText) {
  const Scatter before = thin_scatter("y", {0.1F, -2}, {0.3F, 7});
  const auto after = scatters_from_text(to_text({before}));
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].label, "y");
  EXPECT_EQ(after[0].truth, before.truth);
  EXPECT_EQ(after[0].prediction, before.prediction);
  EXPECT_EQ(after[0].low, before.low);
}

TEST(Scatter, IsReadFromAResultsFile) {
  const fs::path folder = scratch_folder("evaluation"), path = folder / "predictions.h5";
  {
    const hdf5::File file = hdf5::create_file(path, {});
    write_floats(file, path, "/target/band_gap", {0, 1, 2});
    write_floats(file, path, "/prediction/band_gap/value", {0.5F, 1.5F, 2.5F});
    write_floats(file, path, "/target/unpredicted", {0, 1, 2});
  }
  const auto scatters = read_scatters(folder);
  ASSERT_EQ(scatters.size(), 1U);
  EXPECT_EQ(scatters[0].label, "band_gap");
  EXPECT_EQ(scatters[0].prediction, (std::vector<double>{0.5, 1.5, 2.5}));
  EXPECT_TRUE(read_scatters(scratch_folder("no-predictions")).empty());
}

TEST(Scatter, UnevenColumnsAreAnInputError) {
  const fs::path folder = scratch_folder("uneven"), path = folder / "predictions.h5";
  {
    const hdf5::File file = hdf5::create_file(path, {});
    write_floats(file, path, "/target/band_gap", {0, 1, 2});
    write_floats(file, path, "/prediction/band_gap/value", {0.5F});
  }
  EXPECT_THROW(read_scatters(folder), InputError);
}

}  // namespace
}  // namespace xxact::report
