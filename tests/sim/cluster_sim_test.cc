// Clusters under faults (cluster_run.h), and ten thousand of them without a leak.
#include <gtest/gtest.h>

#include "tests/sim/cluster_run.h"

namespace sofa::tests {
namespace {

SimResult clusters(std::uint64_t seed) {
  return ClusterRun(seed).run();
}

TEST(ClusterSimTest, NoSeedFindsAFault) {
  expect_no_fault("cluster_sim_test", clusters);
}
TEST(ClusterSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(clusters);
}

SimResult ten_thousand_events(std::uint64_t seed) {
  return ClusterRun(seed, rpc::Connect::kAll).run_through(10'000);
}
TEST(ClusterSimTest, TenThousandEventsLeaveNothing) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const SimResult result = ten_thousand_events(seed);
    ASSERT_FALSE(result.fault) << "seed " << seed << ": " << *result.fault;
  }
}

class ClusterMutantTest : public testing::TestWithParam<const char*> {};
TEST_P(ClusterMutantTest, IsFound) {
  expect_mutant_found(GetParam(), clusters);
}
INSTANTIATE_TEST_SUITE_P(Planted, ClusterMutantTest,
                         testing::Values("deadline-resets-on-retry", "unsafe-call-retried", "unsafe-call-hedged",
                                         "retry-budget-ignored", "unsent-call-not-moved", "removed-provider-kept",
                                         "older-list-accepted", "waiting-calls-forgotten", "verdict-lost-on-return"));

class ClusterLeakTest : public testing::TestWithParam<const char*> {};
TEST_P(ClusterLeakTest, IsFound) {
  expect_mutant_found(GetParam(), ten_thousand_events);
}
INSTANTIATE_TEST_SUITE_P(Planted, ClusterLeakTest, testing::Values("inflight-leak", "provider-records-kept"));

}  // namespace
}  // namespace sofa::tests
