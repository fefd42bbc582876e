#include "sofa/cli/process_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sofa::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

/// A scrape of a process with one method, of whose calls `fast` took 50 us to 100 us and `slow` 0.5 s to 1 s.
std::string scrape(int fast, int slow, int busy = 0) {
  const std::string labels = "side=\"server\",service=\"a.b.Echo:1.0\",method=\"echo\"";
  const auto bucket = [&](const char* le, int count) {
    return "sofa_rpc_call_duration_seconds_bucket{" + labels + ",le=\"" + le + "\"} " + std::to_string(count) + "\n";
  };
  return "sofa_build_info{version=\"1.2.3\"} 1\nprocess_start_time_seconds 1000\n"
         "sofa_rpc_calls_total{" +
         labels + ",outcome=\"ok\"} " + std::to_string(fast + slow) + "\n" + "sofa_rpc_calls_total{" + labels +
         ",outcome=\"busy\"} " + std::to_string(busy) + "\n" + "sofa_rpc_calls_in_flight{" + labels + "} 3\n" +
         bucket("5e-05", 0) + bucket("0.0001", fast) + bucket("0.5", fast) + bucket("1", fast + slow) +
         bucket("+Inf", fast + slow) +
         "sofa_shard_connections{shard=\"0\"} 8\nsofa_shard_received_bytes_total{shard=\"0\"} " +
         std::to_string(fast * 1000) + "\nsofa_pool_threads{pool=\"worker\"} 4\nsofa_pool_queued{pool=\"worker\"} 2\n";
}

ProcessRates rates(const std::string& before, const std::string& now) {
  return rates_between(read_totals(before).value(), read_totals(now).value(), 2s);
}

TEST(ProcessFigures, AreOfTheTimeBetweenTwoLooks) {
  const ProcessRates seen = rates(scrape(10'000, 500, 5), scrape(10'196, 504, 25));
  EXPECT_EQ(seen.version, "1.2.3");
  EXPECT_EQ(seen.started, 1000);
  ASSERT_EQ(seen.methods.size(), 1U);
  const MethodRates& echo = seen.methods[0];
  EXPECT_EQ(echo.service, "a.b.Echo:1.0");
  EXPECT_EQ(echo.calls_per_s, 110);
  EXPECT_EQ(echo.errors_per_s, 10);
  EXPECT_EQ(echo.failures_per_s.at("busy"), 10);
  EXPECT_EQ(echo.in_flight, 3);
  EXPECT_EQ(echo.calls, 10'725);
  EXPECT_NEAR(*echo.p50_s, 75e-6, 1e-6);  // in the middle of its bucket
  EXPECT_NEAR(*echo.p99_s, 0.75, 0.01);
  ASSERT_EQ(seen.shards.size(), 1U);
  EXPECT_EQ(seen.shards[0].connections, 8);
  EXPECT_EQ(seen.shards[0].in_bytes_per_s, 98'000);
  ASSERT_EQ(seen.pools.size(), 1U);
  EXPECT_EQ(seen.pools[0].queued, 2);
}

TEST(ProcessFigures, OfAProcessThatWasStartedAgainCountFromItsStart) {
  const ProcessRates seen = rates(scrape(10'000, 500), scrape(20, 0));
  EXPECT_EQ(seen.methods[0].calls_per_s, 10);
  EXPECT_LT(*seen.methods[0].p99_s, 1e-4);
}

TEST(ProcessFigures, WithoutCallsHaveNoTimes) {
  const ProcessRates seen = rates(scrape(5, 5), scrape(5, 5));
  EXPECT_EQ(seen.methods[0].calls_per_s, 0);
  EXPECT_FALSE(seen.methods[0].p50_s);
  EXPECT_THAT(to_table(seen, 5), HasSubstr(" - "));
  EXPECT_TRUE(nlohmann::json::parse("{" + to_json_members(seen) + "}")["methods"][0]["p50_ms"].is_null());
}

TEST(ProcessFigures, AreATableAndJson) {
  const ProcessRates seen = rates(scrape(0, 0), scrape(19'600, 400, 4));
  EXPECT_THAT(to_table(seen, 5), AllOf(HasSubstr("Echo.echo"), HasSubstr("10,002"), HasSubstr("busy 2.0"),
                                       HasSubstr("76 us"), HasSubstr("worker")));
  EXPECT_THAT(to_table(seen, 0), HasSubstr("and 1 more"));
  const auto json = nlohmann::json::parse("{" + to_json_members(seen) + "}");
  EXPECT_EQ(json["methods"][0]["failures_per_s"]["busy"], 2);
  EXPECT_EQ(json["methods"][0]["service"], "a.b.Echo:1.0");
  EXPECT_EQ(json["shards"][0]["shard"], "0");
  EXPECT_EQ(json["pools"][0]["threads"], 4);
}

TEST(ProcessFigures, OfAnotherProgramAreRefused) {
  EXPECT_THAT(read_totals("go_goroutines 8\n").error().message(), HasSubstr("none of a sofa process"));
  EXPECT_THAT(read_totals("<html>").error().message(), HasSubstr("line 1"));
}

}  // namespace
}  // namespace sofa::cli
