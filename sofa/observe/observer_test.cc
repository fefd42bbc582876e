#include "sofa/observe/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/observe/prometheus.h"
#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

class StillClock final : public io::Clock {
 public:
  io::TimePoint now() override { return io::TimePoint(time); }
  std::chrono::sys_time<std::chrono::milliseconds> wall() override { return {}; }
  io::Duration time{0};
};

class ObserverTest : public testing::Test {
 protected:
  Observer& make(Observer::Options options = {}) { return observer.emplace(0, methods, clock, options); }
  std::string text() const {
    const Counters* all[] = {&observer->counters()};
    std::string out;
    append_prometheus(out, collect(all));
    return out;
  }
  MethodTable methods;
  StillClock clock;
  std::optional<Observer> observer;
  const MethodId echo = methods.add(Side::kServer, "a.Echo:1.0", std::array<std::string_view, 1>{"echo"})[0];
};

TEST_F(ObserverTest, CountsByMethodAndOutcome) {
  Observer& it = make();
  CallRecord call = server_call(echo);
  call.waited = true;
  for (int i = 0; i < 3; ++i) {
    it.on_wait(Side::kServer, echo);
    it.on_call(call);
  }
  call.waited = false;
  call.outcome = Outcome::kBusy;
  it.on_call(call);
  it.on_wait(Side::kServer, echo);
  EXPECT_THAT(text(), HasSubstr("sofa_rpc_calls_total{side=\"server\",service=\"a.Echo:1.0\",method=\"echo\","
                                "outcome=\"ok\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("outcome=\"busy\"} 1\n"));
  EXPECT_THAT(text(),
              HasSubstr("sofa_rpc_calls_in_flight{side=\"server\",service=\"a.Echo:1.0\",method=\"echo\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sofa_rpc_call_duration_seconds_count{side=\"server\",service=\"a.Echo:1.0\","
                                "method=\"echo\"} 4\n"));
}

TEST_F(ObserverTest, CountsACallThatIsNotWrittenDownAlike) {
  Observer& it = make({.log_ring = 16, .only_sampled_digests = true, .stat = true, .sampler = Sampler(0)});
  const CallRecord call = server_call(echo);
  EXPECT_FALSE(it.keeps({.trace_id = call.trace_id, .rpc_id = "0", .sampled = true}));
  EXPECT_TRUE(it.keeps({.trace_id = call.trace_id, .rpc_id = "0", .sampled = true, .w3c = true}));
  it.on_end(call, "bank");
  it.on_end(call, "till");
  it.on_call(call);
  EXPECT_THAT(text(), HasSubstr("outcome=\"ok\"} 3\n"));
  EXPECT_EQ(it.stat()->rows().size(), 3U);
  EXPECT_EQ(it.log_ring()->size(), 0U);
}

TEST_F(ObserverTest, APeersTextsAreNoLabels) {
  Observer& it = make();
  for (int i = 0; i < 1000; ++i) {
    const std::string noise = "noise-" + std::to_string(i);
    CallRecord call = server_call();
    call.service = call.name = call.remote_app = noise;
    it.on_call(call);
  }
  EXPECT_THAT(text(), Not(HasSubstr("noise")));
  EXPECT_THAT(text(), HasSubstr("service=\"other\",method=\"other\",outcome=\"ok\"} 1000\n"));
}

TEST_F(ObserverTest, SidesOfOtherMethodsAreApart) {
  Observer& it = make();
  it.on_wait(Side::kClient, kOtherMethod);
  it.on_call(client_call());
  it.on_call(server_call());
  EXPECT_THAT(text(), HasSubstr("{side=\"client\",service=\"other\",method=\"other\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("{side=\"server\",service=\"other\",method=\"other\",outcome=\"ok\"} 1\n"));
}

TEST_F(ObserverTest, KeepsWhatIsRecordedForItsSinks) {
  Observer& it = make({.log_ring = 4, .span_ring = 4, .sampler = Sampler(1)});
  CallRecord call = server_call(echo);
  it.on_call(call);
  call.sampled = Sampled::kNo;
  it.on_call(call);
  EXPECT_EQ(it.log_ring()->size(), 2U);
  EXPECT_EQ(it.span_ring()->size(), 1U);
  for (int i = 0; i < 5; ++i) it.on_call(call);
  EXPECT_EQ(it.log_ring()->dropped(), 3U);
}

TEST_F(ObserverTest, KeepsOnlySampledDigestsWhereThatIsAsked) {
  Observer& it = make({.log_ring = 4, .only_sampled_digests = true, .sampler = Sampler(0)});
  CallRecord call = server_call(echo);
  it.on_call(call);
  call.sampled = Sampled::kYes;
  it.on_call(call);
  EXPECT_EQ(it.log_ring()->size(), 1U);
  EXPECT_EQ(it.span_ring(), nullptr);
}

TEST_F(ObserverTest, ACallBeginsNoEarlierThanTheOneBeforeItEnded) {
  Observer& it = make();
  clock.time = 5ms;
  EXPECT_EQ(it.end_time(), io::TimePoint(5ms));
  EXPECT_EQ(it.start_time(io::TimePoint(3ms)), io::TimePoint(5ms));
  EXPECT_EQ(it.start_time(io::TimePoint(7ms)), io::TimePoint(7ms));
}

TEST_F(ObserverTest, WhatWaitedIsNoLongerInFlightHoweverItEnded) {
  const auto in_flight_after_failure = [this] {
    Observer& it = make();
    CallRecord call = server_call(echo);
    call.outcome = Outcome::kFailed;
    call.waited = true;
    it.on_wait(Side::kServer, echo);
    it.on_call(call);
    return text().find("sofa_rpc_calls_in_flight{side=\"server\",service=\"a.Echo:1.0\",method=\"echo\"} 0\n") ==
           std::string::npos;
  };
  EXPECT_FALSE(in_flight_after_failure());
#ifdef SOFA_MUTANTS
  activate_mutant("failed-calls-stay-in-flight");
  EXPECT_TRUE(in_flight_after_failure());
  activate_mutant(nullptr);
#endif
}

}  // namespace
}  // namespace sofa::observe
