#include "sofa/rpc/cluster/peak_ewma.h"

#include <gtest/gtest.h>

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;

constexpr io::TimePoint kStart{1h};

TEST(PeakEwmaTest, KnowsNothingBeforeTheFirstAnswer) {
  EXPECT_EQ(PeakEwma().value(kStart), 0u);
}

TEST(PeakEwmaTest, JumpsUpAndComesDownSlowly) {
  PeakEwma ewma;
  ewma.update(1'000, kStart);
  ewma.update(80'000, kStart + 1ms);
  EXPECT_EQ(ewma.value(kStart + 1ms), 80'000u);
  for (int i = 1; i <= 1'000; ++i) ewma.update(1'000, kStart + 1ms + i * 1ms);
  EXPECT_NEAR(ewma.value(kStart + 1001ms), 1'000 + 79'000 * std::exp(-0.1), 100) << "one second of the ten";
  for (int i = 1; i <= 100; ++i) ewma.update(1'000, kStart + 1s + i * 1s);
  EXPECT_NEAR(ewma.value(kStart + 101s), 1'000, 50);
}

TEST(PeakEwmaTest, ForgetsOneThatGetsNoCalls) {
  PeakEwma ewma;
  ewma.update(100'000, kStart);
  EXPECT_NEAR(ewma.value(kStart + PeakEwma::kDecay), 100'000 / std::exp(1), 2);
  EXPECT_EQ(ewma.value(kStart + 1h), 0u);
}

TEST(PeakEwmaTest, StandsStillWhereTimeDoes) {
  PeakEwma ewma;
  ewma.update(50'000, kStart);
  ewma.update(10, kStart);
  ewma.update(10, kStart - 1s);
  EXPECT_EQ(ewma.value(kStart - 1s), 50'000u);
}

}  // namespace
}  // namespace sofa::rpc
