// What people type and read: durations, numbers, JSON on a terminal.
#include <chrono>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/cli/duration.h"
#include "sofa/cli/json_layout.h"
#include "sofa/cli/live_view.h"

namespace sofa::cli {
namespace {

using namespace std::chrono_literals;

TEST(Duration, NeedsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("3s").value(), 3s);
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("500us").value(), 500us);
  EXPECT_EQ(parse_duration("2m").value(), 2min);
  EXPECT_EQ(parse_duration("24h").value(), 24h);
  for (const char* wrong : {"", "3", "s", "0s", "-1s", "25h", "1e300h", "nans", "3 s", "3sec"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

TEST(Numbers, AreGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(JsonLayout, KeepsShortOnesAndBreaksLongOnes) {
  EXPECT_EQ(lay_out(R"({"a":[1,2],"b":"x"})"), R"({"a":[1,2],"b":"x"})");
  const std::string wide(90, 'x');
  EXPECT_EQ(lay_out(R"({"a":")" + wide + R"(","b":[1,{"c":2}],"d":{}})"),
            "{\n  \"a\": \"" + wide + "\",\n  \"b\": [1,{\"c\":2}],\n  \"d\": {}\n}");
}

TEST(JsonLayout, SaysTheSame) {
  const std::string tricky = R"({"a\"{":["}],","\\",{"b":[[[]],{}]}],"c":")" + std::string(120, '[') + R"("})";
  EXPECT_EQ(nlohmann::json::parse(lay_out(tricky)), nlohmann::json::parse(tricky));
}

TEST(LiveView, ShowsRatesBetweenTwoSamples) {
  Sample before, now;
  now.at = before.at + 2s;
  now.server = {.connections = 8, .requests = 20000, .errors = 4, .in_flight = 64};
  now.process = {.cpu = 1s, .resident_bytes = 10 << 20};
  EXPECT_EQ(describe(before, now), "8 connections · 10,000 calls/s · 2 errors/s · 64 in flight · 50 % CPU · 10.0 MB");
}

TEST(LiveView, AsksTheKernel) {
  const ProcessUse use = process_use();
  EXPECT_GT(use.cpu.count(), 0);
  EXPECT_GT(use.resident_bytes, 1U << 20);
}

}  // namespace
}  // namespace sofa::cli
