// A context that is observed: what the calls that it makes leave in figures and logs.
#include "sofa/rpc/observed_world_test.h"

namespace kiosk {
namespace {

class ObservedCallerTest : public ObservedWorld {
 protected:
  static sofa::ContextConfig caller_config(const std::string& folder) {
    sofa::ContextConfig config{.app = "customer"};
    config.observe.digest = sofa::observe::DigestMode::kAll;
    config.observe.stat = true;
    config.observe.folder = folder;
    return config;
  }
  std::string url() { return "bolt://" + server_->listen().front().to_string(); }
  std::string figures(sofa::Context& caller) { return caller.wait(caller.telemetry()->metrics()); }

  const std::string calls_ = "sofa_rpc_calls_total{side=\"client\",service=\"com.kiosk.KioskService:1.0\",";
};

TEST_F(ObservedCallerTest, CountsEachCallOfAUserOnce) {
  sofa::Context caller(sofa::io::posix::env(), caller_config(folder_.string()));
  // Nobody is at the first of the two, so that some calls take two attempts.
  const std::string two = "bolt://127.0.0.1:1," + server_->listen().front().to_string();
  auto kiosk = caller.reference<KioskService>({.url = two});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(caller.wait(kiosk->pay(i)), i);
  EXPECT_ANY_THROW(caller.wait(kiosk->pay(-1)));
  auto lost = caller.generic("com.kiosk.KioskService", {.url = "bolt://127.0.0.1:1"});
  EXPECT_ANY_THROW(caller.wait(lost.invoke("pay", {1})));
  const std::string text = figures(caller);
  EXPECT_THAT(text, HasSubstr(calls_ + "method=\"pay\",outcome=\"ok\"} 10\n"));
  EXPECT_THAT(text, HasSubstr(calls_ + "method=\"pay\",outcome=\"business\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(calls_ + "method=\"other\",outcome=\"network\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sofa_rpc_calls_in_flight{side=\"client\",service=\"com.kiosk.KioskService:1.0\","
                              "method=\"pay\"} 0\n"));
}

TEST_F(ObservedCallerTest, CountsCallsThatAreGivenUpOrTooLate) {
  sofa::Context caller(sofa::io::posix::env(), caller_config(folder_.string()));
  server_->publish<KioskService>(make_kiosk(), {.version = "2.0"});  // serves two at once
  auto kiosk = caller.reference<KioskService>({.version = "2.0", .url = url(), .timeout = 20ms});
  EXPECT_ANY_THROW(caller.wait(kiosk->wait(20'000)));
  EXPECT_FALSE(sofa::wait(caller.shards(), kiosk.with({.timeout = 20s})->wait(20'000), 5ms));
  const std::string text = figures(caller);
  EXPECT_THAT(text, HasSubstr("KioskService:2.0\",method=\"wait\",outcome=\"timeout\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("method=\"wait\"} 0\n"));
}

TEST_F(ObservedCallerTest, WritesALineForEachCall) {
  const std::string at = url();
  {
    sofa::Context caller(sofa::io::posix::env(), caller_config(folder_.string()));
    auto kiosk = caller.reference<KioskService>({.url = at});
    EXPECT_EQ(caller.wait(kiosk->pay(3)), 3);
    caller.stop(1s);
  }
  server_->stop(10s);
  const auto called = lines("rpc-client-digest.log");
  const auto served = lines("rpc-server-digest.log");
  ASSERT_EQ(called.size(), 1U);
  ASSERT_EQ(served.size(), 1U);
  EXPECT_EQ("bolt://" + called[0]["remote.ip"].get<std::string>(), at);
  EXPECT_EQ(called[0]["router.record"], "DIRECT");
  EXPECT_EQ(called[0]["local.app"], "customer");
  EXPECT_EQ(called[0]["result.code"], "00");
  for (const char* same : {"tracerId", "spanId", "service", "method"})
    EXPECT_EQ(called[0][same], served[0][same]) << same;
  EXPECT_EQ(called[0]["req.size"], served[0]["req.size"]);
  EXPECT_EQ(called[0]["resp.size"], served[0]["resp.size"]);
  EXPECT_EQ(lines("rpc-client-stat.log").size(), 1U);
}

TEST_F(ObservedCallerTest, DecidesWhereATraceStartsWhetherItIsRecorded) {
  const std::string at = url();
  const auto decided = [&](double ratio) {
    sofa::ContextConfig config{.app = "customer"};
    config.observe.otlp_url = "http://127.0.0.1:1/v1/traces";
    config.observe.trace_ratio = ratio;
    sofa::Context caller(sofa::io::posix::env(), config);
    auto kiosk = caller.reference<KioskService>({.url = at});
    return caller.wait(kiosk->trace());
  };
  EXPECT_EQ(decided(0), "no");
  EXPECT_EQ(decided(1), "yes, to all");
  auto undecided = client_.reference<KioskService>({.url = at});
  EXPECT_EQ(client_.wait(undecided->trace()), "yes");
}

}  // namespace
}  // namespace kiosk
