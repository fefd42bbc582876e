#include "sofa/rpc/cluster/retry_budget.h"

#include <gtest/gtest.h>

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;

/// Attempts for each call when nothing ever succeeds and callers would try `retries` times again.
double amplification(int calls_a_second, int retries, int seconds = 60) {
  RetryBudget budget({});
  std::uint64_t attempts = 0;
  for (int second = 0; second < seconds; ++second) {
    for (int call = 0; call < calls_a_second; ++call) {
      const io::TimePoint now{std::chrono::seconds(second) + 1s * call / calls_a_second};
      budget.deposit();
      ++attempts;
      for (int retry = 0; retry < retries && budget.withdraw(now); ++retry) ++attempts;
    }
  }
  return static_cast<double>(attempts) / (static_cast<double>(calls_a_second) * seconds);
}

TEST(RetryBudgetTest, KeepsTheLoadOfAnOutageWithinAFifthMore) {
  for (const int calls : {100, 1'000, 20'000}) {
    for (const int retries : {1, 3}) EXPECT_LE(amplification(calls, retries), 1.2) << calls;
  }
  EXPECT_GT(amplification(1'000, 3), 1.1);
}

TEST(RetryBudgetTest, HasAFewRetriesForLittleTraffic) {
  EXPECT_EQ(amplification(1, 3), 4);
  RetryBudget budget({.least_per_second = 2});
  const io::TimePoint now{5s};
  EXPECT_TRUE(budget.withdraw(now));
  EXPECT_TRUE(budget.withdraw(now + 900ms));
  EXPECT_FALSE(budget.withdraw(now + 999ms));
  EXPECT_TRUE(budget.withdraw(now + 1s));
}

TEST(RetryBudgetTest, SavesUpOnlySoMuch) {
  RetryBudget budget({.ratio = 0.1, .least_per_second = 0, .most = 100});
  for (int i = 0; i < 1'000'000; ++i) budget.deposit();
  int retries = 0;
  while (budget.withdraw(io::TimePoint{1s})) ++retries;
  EXPECT_EQ(retries, 100);
}

TEST(RetryBudgetTest, TakesNoRatioThatIsNone) {
  RetryBudget budget({.ratio = -5, .least_per_second = 0});
  budget.deposit();
  EXPECT_FALSE(budget.withdraw(io::TimePoint{1s}));
}

}  // namespace
}  // namespace sofa::rpc
