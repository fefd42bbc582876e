#include "sofa/base/fault.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace sofa {
namespace {

#ifdef SOFA_MUTANTS

const FaultPoint* find(std::string_view name) {
  const FaultPoint* point = FaultPoint::first();
  while (point && point->name() != name) point = point->next();
  return point;
}

bool never_called() {
  return SOFA_FAULT("test-not-reached");
}

std::vector<bool> strikes(std::uint64_t seed) {
  const ArmedFaults armed(seed);
  std::vector<bool> all;
  for (int i = 0; i < 100'000; ++i) all.push_back(SOFA_FAULT("test-point"));
  return all;
}

TEST(Fault, StrikesOnlyWhileArmedAndAsTheSeedDecides) {
  for (int i = 0; i < 100'000; ++i) ASSERT_FALSE(SOFA_FAULT("test-point"));
  const FaultPoint* point = find("test-point");
  ASSERT_NE(point, nullptr);
  EXPECT_EQ(point->reached(), 0U);
  int idle = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::vector<bool> once = strikes(seed);
    EXPECT_EQ(once, strikes(seed));
    idle += std::find(once.begin(), once.end(), true) == once.end();
  }
  EXPECT_GT(idle, 3);
  EXPECT_LT(idle, 20);
  EXPECT_EQ(point->reached(), 60U * 100'000);
  EXPECT_GT(point->struck(), 0U);
  EXPECT_FALSE(SOFA_FAULT("test-point"));
}

TEST(Fault, IsKnownThoughItWasNeverReached) {
  ASSERT_NE(find("test-not-reached"), nullptr);
  EXPECT_EQ(find("test-not-reached")->reached(), 0U);
  EXPECT_FALSE(never_called());
}

#else

TEST(Fault, IsNotInThisBuild) {
  const ArmedFaults armed(1);
  EXPECT_FALSE(SOFA_FAULT("test-point"));
}

#endif

}  // namespace
}  // namespace sofa
