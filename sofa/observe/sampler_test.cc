#include "sofa/observe/sampler.h"

#include <string>

#include <gtest/gtest.h>

namespace sofa::observe {
namespace {

int recorded(const Sampler& sampler, int of) {
  int count = 0;
  for (int i = 0; i < of; ++i) {
    const std::string id = "0a00000717954664976" + std::to_string(1'001'000 + i) + "42";
    count += sampler.records(Sampled::kUndecided, id) ? 1 : 0;
  }
  return count;
}

TEST(Sampler, TakesTheShareThatItWasTold) {
  EXPECT_EQ(recorded(Sampler(0), 1000), 0);
  EXPECT_EQ(recorded(Sampler(1), 1000), 1000);
  EXPECT_NEAR(recorded(Sampler(0.1), 100'000), 10'000, 500);
  EXPECT_NEAR(recorded(Sampler(0.001), 100'000), 100, 50);
}

TEST(Sampler, ACallersDecisionStands) {
  EXPECT_TRUE(Sampler(0).records(Sampled::kYes, "x"));
  EXPECT_FALSE(Sampler(1).records(Sampled::kNo, "x"));
  EXPECT_FALSE(Sampler(1).records(Sampled::kUndecided, ""));
}

TEST(Sampler, SofaTracersTrueIsNoDecisionAndW3csIs) {
  TraceContext trace;
  EXPECT_EQ(sampled_by(trace), Sampled::kUndecided);
  trace.trace_id.assign("c00002021795638127640100212624");
  EXPECT_EQ(sampled_by(trace), Sampled::kNo);
  trace.sampled = true;
  EXPECT_EQ(sampled_by(trace), Sampled::kUndecided);
  trace.w3c = true;
  EXPECT_EQ(sampled_by(trace), Sampled::kYes);
  trace.sampled = false;
  EXPECT_EQ(sampled_by(trace), Sampled::kNo);
}

TEST(Sampler, DecidesTheSameEverywhere) {
  EXPECT_EQ(spread("c00002021795638127640100212624"), spread("c00002021795638127640100212624"));
  EXPECT_NE(spread("a"), spread("b"));
}

}  // namespace
}  // namespace sofa::observe
