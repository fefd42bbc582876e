// A context that is observed: what the calls that it serves leave in figures and logs.
#include "sofa/base/log_setup.h"
#include "sofa/rpc/observed_world_test.h"

namespace kiosk {
namespace {

using ObservedContextTest = ObservedWorld;

TEST_F(ObservedContextTest, CountsCallsByHowTheyEnded) {
  EXPECT_THAT(scraper_.get(admin_, "/readiness", 503), HasSubstr("starting"));
  call_in_all_ways();
  EXPECT_THAT(scraper_.get(admin_, "/readiness"), HasSubstr("\"status\":\"UP\""));
  const std::string text = scraper_.get(admin_, "/metrics");
  const std::string pay = "sofa_rpc_calls_total{side=\"server\",service=\"com.kiosk.KioskService:1.0\",method=\"pay\",";
  EXPECT_THAT(text, HasSubstr(pay + "outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(pay + "outcome=\"business\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("service=\"other\",method=\"other\",outcome=\"not_found\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sofa_rpc_calls_in_flight{side=\"server\",service=\"com.kiosk.KioskService:1.0\","
                              "method=\"wait\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nsofa_rpc_server_requests_total 4\n"));
  EXPECT_THAT(text, HasSubstr("sofa_shard_connections{shard=\"1\"} "));
}

TEST_F(ObservedContextTest, ShowsCallsUnderWayAndCountsThoseItRefuses) {
  const std::string url = "bolt://" + server_->listen().front().to_string();
  auto kiosk = client_.reference<KioskService>({.url = url, .timeout = 20s, .cluster = {.failover = false}});
  auto waiting = client_.as_future(kiosk->wait(20'000), 20s);
  const std::string wait = "{side=\"server\",service=\"com.kiosk.KioskService:1.0\",method=\"wait\"} ";
  std::string text;
  for (int i = 0; i < 1000 && text.find("sofa_rpc_calls_in_flight" + wait + "1\n") == std::string::npos; ++i) {
    text = scraper_.get(admin_, "/metrics");
  }
  EXPECT_THAT(text, HasSubstr("sofa_rpc_calls_in_flight" + wait + "1\n"));
  EXPECT_ANY_THROW(client_.wait(kiosk->pay(1)));
  EXPECT_THAT(scraper_.get(admin_, "/metrics"), HasSubstr("method=\"pay\",outcome=\"busy\"} 1\n"));
}

TEST_F(ObservedContextTest, WritesALineForEachCall) {
  call_in_all_ways();
  server_->stop(10s);
  std::map<std::string, nlohmann::json> by_code;
  const auto all = lines("rpc-server-digest.log");
  EXPECT_EQ(all.size(), 4U);
  for (const auto& line : all)
    by_code[line["method"].get<std::string>() + line["result.code"].get<std::string>()] = line;
  ASSERT_TRUE(by_code.contains("pay00") && by_code.contains("pay01") && by_code.contains("wait00") &&
              by_code.contains("refund02"));
  const auto& line = by_code["wait00"];
  EXPECT_EQ(line["service"], "com.kiosk.KioskService:1.0");
  EXPECT_EQ(line["remote.app"], "customer");
  EXPECT_EQ(line["local.app"], "kiosk");
  EXPECT_EQ(line["invoke.type"], "sync");
  EXPECT_EQ(line["spanId"], "0");
  EXPECT_GE(std::stoi(line["biz.impl.time"].get<std::string>()), 1);
  EXPECT_GT(std::stoi(line["req.size"].get<std::string>()), 100);
  EXPECT_GT(std::stoi(line["resp.size"].get<std::string>()), 50);
  EXPECT_GE(line["tracerId"].get<std::string>().size(), 26U);
  EXPECT_EQ(by_code["pay01"]["error"], true);
  EXPECT_FALSE(lines("rpc-server-stat.log").empty());
}

TEST(UnobservedContext, HasNoTelemetry) {
  sofa::Context context(sofa::io::posix::env(), {.app = "kiosk"});
  EXPECT_EQ(context.telemetry(), nullptr);
}

TEST(UnobservedContext, SaysWhatKeptTheEndpointFromListening) {
  sofa::ContextConfig config;
  config.observe.admin = "127.0.0.1:0";
  sofa::log::redirect([](sofa::log::Level, std::string_view) {});
  sofa::Context first(sofa::io::posix::env(), config);
  config.observe.admin = "192.0.2.1:9464";
  EXPECT_THROW(sofa::Context(sofa::io::posix::env(), config), sofa::Error);
  sofa::log::redirect({});
}

}  // namespace
}  // namespace kiosk
