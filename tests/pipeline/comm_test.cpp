// The communicator against sums that are known, also with ranks that bring nothing.
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "pipeline/comm/channel.hpp"
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

TEST_F(CommTest, ABusyRankMayBeWaitedForBeyondTheDeadline) {
  const Communicator impatient(MPI_COMM_WORLD, std::chrono::seconds(1));
  if (comm_.rank() == comm_.size() - 1) std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_NO_THROW(impatient.wait_for_all("the busy rank"));
}

TEST_F(CommTest, AMissingRankEndsTheWaitWithItsNumberAndTheOperation) {
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
    const std::string found = comm_.root() ? "rank 1 does not answer" : "rank 0 waits too";
    EXPECT_NE(message.find(found), std::string::npos) << message;
  }
  comm_.barrier("meeting again");
  if (comm_.rank() == 1) impatient.barrier("the missing barrier");
}

TEST_F(CommTest, ARankThatWaitsElsewhereIsNamedWithItsOperation) {
  if (comm_.size() == 1) GTEST_SKIP() << "one rank waits for nobody";
  // Sums and broadcasts that do not match: every rank waits, each for another thing.
  Communicator impatient(MPI_COMM_WORLD, std::chrono::seconds(comm_.root() ? 60 : 1));
  std::string message;
  try {
    if (comm_.rank() == 1) {
      std::array<std::int64_t, 1> value = {1};
      MPI_Request request = MPI_REQUEST_NULL;
      MPI_Irecv(value.data(), 1, MPI_INT64_T, 0, 7, impatient.handle(), &request);
      impatient.wait(request, "a message that nobody sends");
    } else {
      impatient.barrier("the others' barrier");
    }
  } catch (const CommError& error) {
    message = error.what();
  }
  if (comm_.root()) {
    EXPECT_NE(message.find("'the others' barrier': every rank that was asked answers; rank 1 waits in 'a message that nobody sends'"), std::string::npos) << message;
  } else {
    EXPECT_NE(message.find("rank 0 waits too"), std::string::npos) << message;
  }
  comm_.barrier("meeting again");
}

TEST_F(CommTest, ChannelSumsEveryBuffer) {
  const auto channel = make_mpi_channel(comm_);
  std::vector<float> first(1000), second(7, 1.0F);
  std::iota(first.begin(), first.end(), static_cast<float>(comm_.rank()));
  channel->start_sum(first.data(), std::ssize(first));
  channel->start_sum(second.data(), std::ssize(second));
  channel->wait_all();
  const auto ranks = static_cast<float>(comm_.size());
  EXPECT_FLOAT_EQ(first[10], ranks * 10 + ranks * (ranks - 1) / 2);
  EXPECT_FLOAT_EQ(second[6], ranks);
}

TEST_F(CommTest, ChannelDealsOutSharesOfSumsAndGathersThem) {
  const auto channel = make_mpi_channel(comm_);
  const auto ranks = static_cast<std::size_t>(comm_.size()), rank = static_cast<std::size_t>(comm_.rank());
  EXPECT_EQ(channel->rank(), comm_.rank());
  constexpr std::size_t kShare = 1001;
  std::vector<float> values(ranks * kShare), other(3, static_cast<float>(rank));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * (rank + 1) % 97);
  std::vector<float> expected(values.size(), 0);
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t r = 0; r < ranks; ++r) expected[i] += static_cast<float>(i * (r + 1) % 97);
  // Several under way at once, progress in between.
  channel->start_sum_of_shares(values.data(), kShare);
  channel->start_broadcast(other.data(), 3, comm_.size() - 1);
  channel->progress();
  channel->wait_all();
  EXPECT_EQ(other, std::vector<float>(3, static_cast<float>(ranks - 1)));
  for (std::size_t i = 0; i < kShare; ++i) ASSERT_EQ(values[rank * kShare + i], expected[rank * kShare + i]) << i;
  // The others' parts are nobody's business: what is gathered must not come from them.
  for (std::size_t i = 0; i < values.size(); ++i)
    if (i / kShare != rank) values[i] = -1;
  channel->start_gather_of_shares(values.data(), kShare);
  channel->wait_all();
  EXPECT_EQ(values, expected);
  EXPECT_EQ(channel->transfers().size(), ranks > 1 ? 1U : 0U);
  channel->start_gather_of_shares(values.data(), 0);
  channel->wait_all();
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
