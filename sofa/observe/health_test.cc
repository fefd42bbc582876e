#include "sofa/observe/health.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::observe {
namespace {

using testing::HasSubstr;

TEST(HealthTest, IsUpWithoutComponents) {
  const Health health;
  EXPECT_TRUE(health.report().up);
  EXPECT_EQ(health.report(Health::kLiveness).json, "{\"status\":\"UP\"}");
}

TEST(HealthTest, IsUpWhenAllComponentsAre) {
  Health health;
  const auto listener = health.component("listener");
  const auto registry = health.component("registry");
  listener.up();
  EXPECT_FALSE(health.report(Health::kReadiness).up);
  EXPECT_EQ(health.report(Health::kReadiness).json,
            "{\"status\":\"DOWN\",\"components\":{\"listener\":{\"status\":\"UP\"},"
            "\"registry\":{\"status\":\"DOWN\",\"details\":{\"reason\":\"starting\"}}}}");
  registry.up();
  EXPECT_EQ(health.report(Health::kReadiness).json,
            "{\"status\":\"UP\",\"components\":{\"listener\":{\"status\":\"UP\"},\"registry\":{\"status\":\"UP\"}}}");
  registry.down("no \"answer\"");
  EXPECT_THAT(health.report().json, HasSubstr("{\"reason\":\"no \\\"answer\\\"\"}"));
}

TEST(HealthTest, TellsLivenessFromReadiness) {
  Health health;
  const auto ready = health.component("ready", Health::kReadiness);
  const auto alive = health.component("alive", Health::kLiveness);
  alive.up();
  EXPECT_TRUE(health.report(Health::kLiveness).up);
  EXPECT_FALSE(health.report(Health::kReadiness).up);
  EXPECT_FALSE(health.report(Health::kAll).up);
}

TEST(HealthTest, AComponentLeavesWithItsHandle) {
  Health health;
  {
    const auto gone = health.component("gone");
  }
  EXPECT_TRUE(health.report().up);
  Health::Component kept = health.component("kept");
  kept = Health::Component();
  EXPECT_TRUE(health.report().up);
}

TEST(HealthTest, AnOlderHandleDoesNotSpeakForItsSuccessor) {
  Health health;
  auto older = std::make_unique<Health::Component>(health.component("x"));
  const auto newer = health.component("x");
  newer.up();
  older->down("stale");
  EXPECT_TRUE(health.report().up);
  older.reset();
  newer.down("now");
  EXPECT_FALSE(health.report().up);
}

TEST(HealthTest, AHandleMayOutliveIt) {
  auto health = std::make_unique<Health>();
  const auto component = health->component("x");
  health.reset();
  component.up();
  SUCCEED();
}

TEST(HealthTest, SaysWhenThereAreTooMany) {
  Health health;
  std::vector<Health::Component> all;
  for (std::size_t i = 0; i < Health::kMostComponents + 10; ++i) {
    all.push_back(health.component("c" + std::to_string(i)));
    all.back().up();
  }
  EXPECT_FALSE(health.report().up);
  EXPECT_THAT(health.report().json, HasSubstr("more components than are kept"));
}

}  // namespace
}  // namespace sofa::observe
