// The page: self-contained, well-formed, escaped, with the right numbers, and complete when inputs are missing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "pipeline/report/figures.hpp"
#include "pipeline/report/page.hpp"
#include "pipeline/report/report.hpp"
#include "src/base/error.hpp"
#include "tests/report/sample_folders.hpp"

namespace xxact::report {
namespace {
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool have_gnuplot() { return std::system("gnuplot --version > /dev/null 2>&1") == 0; }

/// Tags that are closed out of order, or never; empty when the page is well-formed.
std::string unbalanced(const std::string& html) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>");
  for (std::sregex_iterator match(html.begin(), html.end(), tag), end; match != end; ++match) {
    const std::string name = (*match)[2], rest = (*match)[3];
    if (name == "meta" || name == "br" || (!rest.empty() && rest.back() == '/')) continue;
    if ((*match)[1].length() == 0) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name) return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

ReportRequest request_for(const fs::path& root) {
  return {.folders = {root}, .output = root / "pages" / "report.html", .title = "A <b>title</b>", .program_version = "1.2.3", .command_line = "xxact report"};
}

fs::path full_inputs(const std::string& name) {
  const fs::path root = empty_folder(name);
  for (const auto& [mode, mae] : std::vector<std::pair<std::string, double>>{{"composition", 0.25}, {"xrd", 0.4}, {"bimodal", 0.2}}) {
    write_run(root / mode, mode);
    write_evaluation(root / mode / "test", root / mode, mode, mae);
  }
  write_screening(root / "screening");
  return root;
}

TEST(Page, FetchesNothingAndRunsNothing) {
  const fs::path root = full_inputs("self-contained");
  const ReportRequest request = request_for(root);
  finish_report(begin_report(request));
  const std::string html = content(request.output);
  for (const char* part : {"http:", "https:", "src=", "@import", "<script", "<link", "<iframe", "<object", "<img", "javascript:", "onload", "onerror"})
    EXPECT_FALSE(has(html, part)) << part;
  // Links and references stay inside the page.
  const std::regex reference("href=[\"']([^\"']*)|url\\(([^)]*)\\)");
  for (std::sregex_iterator match(html.begin(), html.end(), reference), end; match != end; ++match)
    EXPECT_EQ(((*match)[1].str() + (*match)[2].str()).front(), '#') << match->str();
  EXPECT_EQ(unbalanced(html), "");
  EXPECT_TRUE(has(html, "<h1>A &lt;b&gt;title&lt;/b&gt;</h1>"));
  EXPECT_TRUE(has(html, "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>"));
  EXPECT_TRUE(has(html, "&lt;script&gt;alert(&#39;config&#39;)&lt;/script&gt;"));
  EXPECT_TRUE(has(html, "a &lt; b"));
  EXPECT_EQ(has(html, "<svg"), have_gnuplot());
  EXPECT_FALSE(fs::exists(request.output.string() + ".figures"));
}

TEST(Page, SaysWhatXrdAdds) {
  const std::string html = comparison_section(find_inputs({full_inputs("compared")}));
  EXPECT_TRUE(has(html, "bimodal : composition = <strong>0.800</strong>")) << html;
  EXPECT_TRUE(has(html, "20.0&#8239;% smaller")) << html;
  EXPECT_TRUE(has(html, "0.4000 eV/atom")) << html;
  // The baseline of 0.5 is the longest bar; composition's 0.25 half as long.
  EXPECT_TRUE(has(html, "m-baseline\" style=\"width:100.0%\"")) << html;
  EXPECT_TRUE(has(html, "m-composition\" style=\"width:50.0%\"")) << html;
}

TEST(Page, SaysSoWhenXrdDoesNotHelp) {
  const fs::path root = full_inputs("harmful");
  write_evaluation(root / "bimodal" / "test", root / "bimodal", "bimodal", 0.3);
  EXPECT_TRUE(has(comparison_section(find_inputs({root})), "20.0&#8239;% larger"));
}

TEST(Page, DoesNotCompareModelsOfDifferentData) {
  const fs::path root = full_inputs("different");
  write_run(root / "composition", "composition", 'b');
  write_run(root / "xrd", "xrd", 'c');
  EXPECT_TRUE(has(comparison_section(find_inputs({root})), "To compare"));
}

TEST(Page, AveragesSeveralSeeds) {
  const fs::path root = full_inputs("seeds");
  write_run(root / "bimodal2", "bimodal");
  write_evaluation(root / "bimodal2" / "test", root / "bimodal2", "bimodal", 0.1);
  const std::string html = comparison_section(find_inputs({root}));
  EXPECT_TRUE(has(html, "0.1500 eV/atom <span class=\"faint\">&plusmn; 0.07071 eV/atom (2 runs)")) << html;
  EXPECT_TRUE(has(html, "<strong>0.600</strong>")) << html;
}

TEST(Page, MarksTheBestAndListsCosts) {
  const std::string html = results_section(find_inputs({full_inputs("best")}));
  EXPECT_TRUE(has(html, "<strong>0.2000</strong>"));
  EXPECT_FALSE(has(html, "<strong>0.2500</strong>"));
  EXPECT_TRUE(has(html, "1\u202F234\u202F567"));
  EXPECT_TRUE(has(html, "90 s"));
}

TEST(Page, StandsWithPartsMissing) {
  const fs::path root = empty_folder("partial");
  write_run(root / "run", "bimodal");
  const ReportRequest request = request_for(root);
  begin_report(request);
  const std::string html = content(request.output);
  EXPECT_EQ(unbalanced(html), "");
  EXPECT_TRUE(has(html, "No evaluation folder"));
  EXPECT_TRUE(has(html, "best validation, formation_energy_per_atom.mae 0.2500"));
  EXPECT_FALSE(has(html, "id=\"ranking\""));

  const fs::path other = empty_folder("partial-evaluation");
  write_evaluation(other / "test", "runs/lost", "xrd", 0.4);
  const std::string alone = results_section(find_inputs({other}));
  EXPECT_TRUE(has(alone, "run not among the inputs"));
}

TEST(Page, IsWrittenBeforeItsFiguresAndWithoutGnuplot) {
  const fs::path root = full_inputs("undrawn");
  const ReportRequest request = request_for(root);
  const auto begun = begin_report(request);
  EXPECT_TRUE(has(content(request.output), "Results"));
  const std::string path = std::getenv("PATH");
  setenv("PATH", (root / "no-programs").c_str(), 1);
  finish_report(begun);
  setenv("PATH", path.c_str(), 1);
  EXPECT_TRUE(has(content(request.output), "gnuplot was not found"));
  EXPECT_EQ(unbalanced(content(request.output)), "");
}

TEST(Page, ThatCannotBeWrittenIsAnError) {
  const fs::path root = full_inputs("unwritable");
  ReportRequest request = request_for(root);
  write_file(root / "a-file", "");
  request.output = root / "a-file" / "report.html";
  EXPECT_THROW(begin_report(request), IoError);
}

TEST(Figures, OfARunAndAnEvaluationLieBesideTheirData) {
  if (!have_gnuplot()) GTEST_SKIP() << "no gnuplot on this machine";
  const fs::path root = full_inputs("figures");
  draw_learning_curves({(root / "bimodal").string()});
  EXPECT_TRUE(has(content(root / "bimodal" / "training_loss.svg"), "<svg"));
  EXPECT_TRUE(has(content(root / "bimodal" / "validation_formation_energy_per_atom_mae.svg"), "mean absolute error (eV/atom)"));
  const fs::path evaluation = root / "bimodal" / "test";
  draw_confusion({evaluation.string()});
  EXPECT_TRUE(has(content(evaluation / "confusion_crystal_system.svg"), "triclinic"));
  draw_parity({evaluation.string(), to_text({thin_scatter("formation_energy_per_atom", {0, 1}, {0.5F, 1})})});
  EXPECT_TRUE(has(content(evaluation / "parity_formation_energy_per_atom.svg"), "MAE 0.200 eV/atom"));
}

TEST(Figures, LossCurvesKeepTheirMeanWhenThinned) {
  report::Run run;
  for (int step = 1; step <= 1000; ++step) {
    ProgressPoint point;
    point.consumed_samples = step;
    point.loss = step;
    run.progress.push_back(point);
  }
  const Plot plot = loss_plot({&run}, {"run"});
  ASSERT_EQ(plot.series.size(), 1U);
  ASSERT_EQ(plot.series[0].x.size(), 250U);
  EXPECT_EQ(plot.series[0].x.back(), 1000);
  EXPECT_EQ(plot.series[0].y.front(), 2.5);
  EXPECT_EQ(plot.series[0].y.back(), 998.5);
}

}  // namespace
}  // namespace xxact::report
