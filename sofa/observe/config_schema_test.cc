#include "sofa/observe/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::observe {
namespace {

using testing::HasSubstr;

TEST(ObserveConfig, IsOffUnlessSomethingIsAskedFor) {
  EXPECT_FALSE(Config().on());
  EXPECT_TRUE(config::load<Config>("admin: 127.0.0.1:0\n", "a.yaml")->on());
  EXPECT_TRUE(config::load<Config>("digest: sampled\n", "a.yaml")->on());
  EXPECT_TRUE(config::load<Config>("stat: true\n", "a.yaml")->on());
  EXPECT_TRUE(config::load<Config>("otlp_url: http://127.0.0.1:4318/v1/traces\n", "a.yaml")->on());
}

TEST(ObserveConfig, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(config::load<Config>("digests: all\n", "a.yaml").error().message(),
              HasSubstr("a.yaml:1: digests: unknown key, did you mean 'digest'?"));
  EXPECT_FALSE(config::load<Config>("digest: some\n", "a.yaml"));
  EXPECT_FALSE(config::load<Config>("trace_ratio: 1.5\n", "a.yaml"));
  EXPECT_FALSE(config::load<Config>("log_queue: 1\n", "a.yaml"));
}

TEST(ObserveConfig, SaysWhatItsSchemaCannot) {
  EXPECT_TRUE(problems_of(Config()).empty());
  EXPECT_TRUE(problems_of({.admin = "localhost:9464", .otlp_url = "http://collector:4318/v1/traces"}).empty());
  EXPECT_THAT(problems_of({.admin = "0.0.0.0:9464"}).at(0).second, HasSubstr("not on loopback"));
  EXPECT_EQ(problems_of({.admin = "nowhere"}).at(0).first, "admin");
  EXPECT_EQ(problems_of({.otlp_url = "https://collector"}).at(0).first, "otlp_url");
}

}  // namespace
}  // namespace sofa::observe
