// Which tokens are hidden: how many, in runs, every placement as likely as any other.
#include "pipeline/hidden_tokens.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace xxact::pipeline {
namespace {

std::vector<std::int64_t> chosen(std::int64_t tokens, std::int64_t count, std::int64_t run, std::uint64_t sample) {
  std::vector<std::int64_t> hidden(static_cast<std::size_t>(count));
  choose_hidden(tokens, run, {1, Purpose::mask, 0, sample}, hidden);
  return hidden;
}

TEST(HiddenTokens, AreAShareButNeverNoneOrAll) {
  EXPECT_EQ(hidden_count(0.05, 64), 3);
  EXPECT_EQ(hidden_count(0.05, 256), 13);
  EXPECT_EQ(hidden_count(0, 64), 1);
  EXPECT_EQ(hidden_count(0.99, 20), 19);
}

TEST(HiddenTokens, AreDifferentInRisingOrderAndInRuns) {
  for (const std::int64_t run : {1, 2, 5, 7, 64})
    for (std::uint64_t sample = 0; sample < 500; ++sample) {
      const auto hidden = chosen(64, 17, run, sample);
      std::int64_t length = 1, pieces = 1, whole = 0;
      ASSERT_GE(hidden.front(), 0);
      ASSERT_LT(hidden.back(), 64);
      for (std::size_t i = 1; i < hidden.size(); ++i) {
        ASSERT_GT(hidden[i], hidden[i - 1]);
        if (hidden[i] == hidden[i - 1] + 1) {
          ++length;
          continue;
        }
        whole += length >= run ? 1 : 0;
        length = 1;
        ++pieces;
      }
      whole += length >= run ? 1 : 0;
      ASSERT_LE(pieces, (17 + run - 1) / run) << "runs may touch, but there are not more of them";
      ASSERT_GE(whole, run <= 17 ? pieces - 1 : 0) << "one may be shorter";
    }
}

/// How often each outcome came, against equal chances: chi-squared.
double unevenness(std::int64_t tokens, std::int64_t count, std::int64_t run, std::size_t outcomes) {
  constexpr int kDraws = 60000;
  std::map<std::vector<std::int64_t>, int> seen;
  for (int sample = 0; sample < kDraws; ++sample) ++seen[chosen(tokens, count, run, static_cast<std::uint64_t>(sample))];
  EXPECT_EQ(seen.size(), outcomes);
  const double expected = static_cast<double>(kDraws) / static_cast<double>(outcomes);
  double sum = 0;
  for (const auto& [outcome, times] : seen) sum += (times - expected) * (times - expected) / expected;
  return sum;
}

TEST(HiddenTokens, EveryPlacementIsAsLikely) {
  EXPECT_LT(unevenness(7, 3, 1, 35), 65.2) << "7 over 3; 34 degrees of freedom, 0.1 %";
  EXPECT_LT(unevenness(6, 2, 2, 5), 18.5) << "4 degrees of freedom";
}

TEST(HiddenTokens, AreThoseOfTheSample) {
  EXPECT_EQ(chosen(64, 5, 1, 3), chosen(64, 5, 1, 3));
  EXPECT_NE(chosen(64, 5, 1, 3), chosen(64, 5, 1, 4));
}

}  // namespace
}  // namespace xxact::pipeline
