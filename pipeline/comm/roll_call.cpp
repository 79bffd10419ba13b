#include "pipeline/comm/roll_call.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <thread>
#include <vector>

#include "src/base/mpi.hpp"

namespace xxact::comm {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kQuestion = 1, kAnswer = 2;
// Ranks that wait look for questions many times a second; those on a loaded machine may take a while to get a core.
constexpr auto kPatience = std::chrono::seconds(3);
// What rank 0 needs: its own patience, and as much again to end the job.
constexpr auto kRootsTime = 2 * kPatience;
constexpr auto kPause = std::chrono::milliseconds(5);
constexpr std::size_t kMostNamed = 16;

std::string ranks_text(const std::vector<int>& ranks) {
  const auto named = std::min(ranks.size(), kMostNamed);
  const auto text = fmt::format("rank{} {}", ranks.size() > 1 ? "s" : "", fmt::join(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  return ranks.size() > named ? fmt::format("{} and {} more", text, ranks.size() - named) : text;
}

}  // namespace

RollCall::RollCall(MPI_Comm parent) {
  check_mpi(MPI_Comm_dup(parent, &comm_), "duplicating a communicator");
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
}

void RollCall::send(int to, int tag, const char* what) {
  auto& message = sent_.emplace_back();
  fmt::format_to_n(message.text.begin(), message.text.size() - 1, "{}", what);
  check_mpi(MPI_Isend(message.text.data(), static_cast<int>(message.text.size()), MPI_CHAR, to, tag, comm_, &message.request), "calling the roll");
}

bool RollCall::answer(const char* what) {
  bool asked = false;
  for (int found = 1;;) {
    MPI_Status status;
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kQuestion, comm_, &found, &status), "looking for a roll call");
    if (found == 0) return asked && rank_ == 0;
    Text question{};
    check_mpi(MPI_Recv(question.data(), static_cast<int>(question.size()), MPI_CHAR, status.MPI_SOURCE, kQuestion, comm_, MPI_STATUS_IGNORE), "answering a roll call");
    send(status.MPI_SOURCE, kAnswer, what);
    asked = true;
  }
}

std::string RollCall::call(const char* what) {
  std::vector<int> silent;
  if (rank_ == 0)
    for (int r = 1; r < size_; ++r) silent.push_back(r);
  else silent.push_back(0);
  for (const int r : silent) send(r, kQuestion, what);
  std::map<std::string, std::vector<int>> elsewhere;
  for (const auto end = Clock::now() + kPatience; !silent.empty() && Clock::now() < end; std::this_thread::sleep_for(kPause)) {
    answer(what);
    for (int found = 1; found != 0;) {
      MPI_Status status;
      check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kAnswer, comm_, &found, &status), "calling the roll");
      if (found == 0) break;
      Text where{};
      check_mpi(MPI_Recv(where.data(), static_cast<int>(where.size()), MPI_CHAR, status.MPI_SOURCE, kAnswer, comm_, MPI_STATUS_IGNORE), "calling the roll");
      std::erase(silent, status.MPI_SOURCE);
      if (std::string(where.data()) != what) elsewhere[where.data()].push_back(status.MPI_SOURCE);
    }
  }
  if (rank_ != 0 && silent.empty()) {
    for (const auto end = Clock::now() + kRootsTime; Clock::now() < end; std::this_thread::sleep_for(kPause)) answer(what);
    return "rank 0 waits too, and has not found who is missing";
  }
  std::string text = silent.empty() ? "every rank that was asked answers" : ranks_text(silent) + (silent.size() > 1 ? " do" : " does") + " not answer: lost, stopped, or busy elsewhere";
  for (const auto& [where, ranks] : elsewhere) text += fmt::format("; {} wait{} in '{}'", ranks_text(ranks), ranks.size() > 1 ? "" : "s", where);
  return text;
}

}  // namespace xxact::comm
