#include "sofa/boot/module_state.h"

#include <gtest/gtest.h>

namespace sofa::boot {
namespace {

using enum ModuleState;

TEST(ModuleStates, FollowOneAnotherInTheirWays) {
  for (const auto& path :
       {std::vector{kLoading, kStarting, kChecking, kStandby, kActive, kDraining, kStandby, kActive, kDraining,
                    kStopping, kUnloaded},
        std::vector{kLoading, kBroken, kStopping, kPinned, kUnloaded}, std::vector{kDraining, kActive}}) {
    for (std::size_t i = 1; i < path.size(); ++i) EXPECT_TRUE(may_follow(path[i - 1], path[i])) << to_string(path[i]);
  }
}

TEST(ModuleStates, HaveNoShortCuts) {
  EXPECT_FALSE(may_follow(kLoading, kActive));
  EXPECT_FALSE(may_follow(kBroken, kActive));
  EXPECT_FALSE(may_follow(kActive, kStopping));
  EXPECT_FALSE(may_follow(kUnloaded, kBroken));
  EXPECT_FALSE(may_follow(kUnloaded, kStarting));
}

TEST(ModuleStates, AreLoggedAndTheLogIsBounded) {
  StateLog log;
  EXPECT_EQ(log.state(), kLoading);
  log.enter(kLoading, {}, "");
  log.enter(kStarting, {}, "");
  log.enter(kChecking, {}, "");
  log.enter(kStandby, {}, "");
  for (int i = 0; i < 100; ++i) {
    log.enter(kActive, {}, "");
    log.enter(kDraining, {}, "");
    log.enter(kStandby, {}, "");
  }
  EXPECT_EQ(log.entries().size(), StateLog::kMostEntries);
  EXPECT_EQ(log.state(), kStandby);
}

}  // namespace
}  // namespace sofa::boot
