// What a report reads: found wherever it lies, and a broken file is an error that says where.
#include "pipeline/report/inputs.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "src/base/error.hpp"
#include "tests/report/sample_folders.hpp"

namespace xxact::report {
namespace {
namespace fs = std::filesystem;

/// What an InputError says that reading the folder throws.
std::string complaint(const fs::path& folder) {
  try {
    find_inputs({folder});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Inputs, AreFoundBelowTheFolderAndBelongTogether) {
  const fs::path root = empty_folder("found");
  write_run(root / "rocks" / "bimodal", "bimodal");
  write_run(root / "rocks" / "xrd", "xrd");
  write_evaluation(root / "rocks" / "bimodal" / "test", root / "rocks" / "bimodal", "", 0.2);
  // Told from another working folder: only the end of the path agrees.
  write_evaluation(root / "elsewhere", "work/rocks/xrd", "xrd", 0.3);
  write_screening(root / "screening");
  const Inputs inputs = find_inputs({root, root / "rocks"});
  ASSERT_EQ(inputs.runs.size(), 2U);
  ASSERT_EQ(inputs.evaluations.size(), 2U);
  ASSERT_EQ(inputs.screenings.size(), 1U);
  EXPECT_EQ(inputs.runs[0].name, "rocks/bimodal");
  EXPECT_EQ(inputs.runs[0].mode, "bimodal");
  EXPECT_EQ(inputs.runs[0].dataset.test, 10);
  EXPECT_EQ(inputs.evaluations[0].run, 1);
  EXPECT_EQ(inputs.evaluations[1].run, 0);
  EXPECT_EQ(inputs.evaluations[1].mode, "bimodal");
  ASSERT_EQ(inputs.screenings[0].top.size(), 2U);
  EXPECT_EQ(inputs.screenings[0].top[1][3], "Fe2O3, \"rust\"");
}

TEST(Inputs, NumbersThatAreMissingAreNotZero) {
  const fs::path root = empty_folder("missing");
  write_file(root / "metrics.jsonl", "{\"step\": 1, \"consumed_samples\": 8, \"loss\": null}\n\n{\"step\": 2, \"consumed_samples\": 16, \"loss\": 0.5}");
  const Inputs inputs = find_inputs({root});
  const auto& points = inputs.runs.at(0).progress;
  ASSERT_EQ(points.size(), 2U);
  EXPECT_TRUE(std::isnan(points[0].loss));
  EXPECT_EQ(points[1].loss, 0.5);
  EXPECT_TRUE(std::isnan(inputs.runs[0].seconds));
  EXPECT_EQ(inputs.runs[0].parameters, -1);
}

TEST(Inputs, AMalformedLineNamesFileAndLine) {
  const fs::path root = empty_folder("malformed");
  write_file(root / "metrics.jsonl", "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"loss\": }\n{\"step\": 3}\n");
  EXPECT_TRUE(has(complaint(root), "metrics.jsonl:2")) << complaint(root);
  write_file(root / "metrics.jsonl", "{\"step\": 1}\n[2]\n");
  EXPECT_TRUE(has(complaint(root), "metrics.jsonl:2")) << complaint(root);
  write_file(root / "metrics.jsonl", "{\"step\": 1, \"loss\": \"much\"}\n");
  EXPECT_TRUE(has(complaint(root), "metrics.jsonl:1: loss")) << complaint(root);
  write_file(root / "metrics.jsonl", "{\"step\": 1.5}\n");
  EXPECT_TRUE(has(complaint(root), "metrics.jsonl:1: step")) << complaint(root);
  write_file(root / "metrics.jsonl", "{\"step\": 1, \"validation\": {\"x.mae\": []}}\n");
  EXPECT_TRUE(has(complaint(root), "x.mae")) << complaint(root);
}

TEST(Inputs, ALastLineThatIsStillBeingWrittenIsLeftOut) {
  const fs::path root = empty_folder("unfinished");
  write_file(root / "metrics.jsonl", "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"lo");
  EXPECT_EQ(find_inputs({root}).runs.at(0).progress.size(), 1U);
}

TEST(Inputs, OtherBrokenFilesNameFileAndField) {
  fs::path root = empty_folder("broken");
  write_file(root / "metrics.json", R"({"formation_energy_per_atom": {"mae": "small"}})");
  EXPECT_TRUE(has(complaint(root), "metrics.json: formation_energy_per_atom: mae")) << complaint(root);
  write_file(root / "metrics.json", R"({"crystal_system": {"accuracy": 1, "confusion": [[1, 2], [3, 4]]}})");
  EXPECT_TRUE(has(complaint(root), "confusion")) << complaint(root);
  root = empty_folder("broken");
  write_file(root / "ranking.csv", "rank,id\n1,a\n2\n");
  EXPECT_TRUE(has(complaint(root), "ranking.csv: row 2")) << complaint(root);
}

TEST(Inputs, NothingToReportIsAnError) {
  EXPECT_TRUE(has(complaint(empty_folder("nothing")), "neither a run"));
  EXPECT_TRUE(has(complaint("no/such/folder"), "no such folder"));
}

}  // namespace
}  // namespace xxact::report
