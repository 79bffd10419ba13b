// The communicator against sums that are known, also with ranks that bring nothing.
#include <gtest/gtest.h>

#include <numeric>

#include "pipeline/comm/gradient_channel.hpp"
#include "src/base/error.hpp"

namespace xxact::comm {
namespace {

class CommTest : public testing::Test {
 protected:
  Communicator comm_{MPI_COMM_WORLD};
};

TEST_F(CommTest, SumsAndMaxima) {
  std::array<double, 2> values = {static_cast<double>(comm_.rank()), 1};
  comm_.sum(values, "test sum");
  EXPECT_EQ(values[0], comm_.size() * (comm_.size() - 1) / 2.0);
  EXPECT_EQ(values[1], comm_.size());
}

TEST_F(CommTest, GathersRaggedValuesInRankOrder) {
  const std::vector<std::int64_t> own(static_cast<std::size_t>(comm_.rank()), comm_.rank());  // rank 0 brings none
  const auto all = comm_.all_gather(std::span<const std::int64_t>(own), "test gather");
  std::vector<std::int64_t> expected;
  for (std::int64_t r = 0; r < comm_.size(); ++r) expected.insert(expected.end(), static_cast<std::size_t>(r), r);
  EXPECT_EQ(all, expected);
}

TEST_F(CommTest, BroadcastsAndGathersTexts) {
  EXPECT_EQ(comm_.broadcast(comm_.root() ? "a checkpoint" : "", 0, "test broadcast"), "a checkpoint");
  const auto texts = comm_.gather(std::string(static_cast<std::size_t>(comm_.rank()), 'x'), 0, "test gather");
  for (std::size_t r = 0; r < texts.size(); ++r) EXPECT_EQ(texts[r].size(), r);  // none but on rank 0
}

TEST_F(CommTest, NamesTheRankThatDisagrees) {
  if (comm_.size() == 1) GTEST_SKIP() << "one rank cannot disagree";
  std::string message;
  try {
    comm_.require_equal(comm_.rank() == 1 ? 1 : 0, "the plan");
  } catch (const CommError& error) {
    message = error.what();
  }
  EXPECT_NE(message.find("the plan: rank 1"), std::string::npos) << message;
}

TEST_F(CommTest, AMissingRankEndsTheWaitWithTheOperationsName) {
  if (comm_.size() == 1) GTEST_SKIP() << "one rank waits for nobody";
  Communicator impatient(MPI_COMM_WORLD, std::chrono::seconds(1));
  std::string message;
  if (comm_.rank() != 1) {
    try {
      impatient.barrier("the missing barrier");
    } catch (const CommError& error) {
      message = error.what();
    }
    EXPECT_NE(message.find("the missing barrier"), std::string::npos) << message;
  }
  comm_.barrier("meeting again");
  if (comm_.rank() == 1) impatient.barrier("the missing barrier");
}

TEST_F(CommTest, GradientChannelSumsEveryBucket) {
  const auto channel = make_mpi_gradient_channel(comm_);
  std::vector<float> first(1000), second(7, 1.0F);
  std::iota(first.begin(), first.end(), static_cast<float>(comm_.rank()));
  channel->start_sum(first.data(), std::ssize(first));
  channel->start_sum(second.data(), std::ssize(second));
  channel->wait_all();
  const auto ranks = static_cast<float>(comm_.size());
  EXPECT_FLOAT_EQ(first[10], ranks * 10 + ranks * (ranks - 1) / 2);
  EXPECT_FLOAT_EQ(second[6], ranks);
}

TEST(ShareOf, CoversAllRowsOnce) {
  for (const std::int64_t total : {0, 1, 2, 7, 100})
    for (const int size : {1, 2, 3, 7}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < size; ++rank) {
        const auto share = share_of(total, rank, size);
        EXPECT_EQ(share.first, next);
        next = share.last;
      }
      EXPECT_EQ(next, total);
    }
}

}  // namespace
}  // namespace xxact::comm
