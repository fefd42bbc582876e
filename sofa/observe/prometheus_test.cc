#include "sofa/observe/prometheus.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string exposed(const Counters& counters, std::size_t left_out = 0) {
  const Counters* all[] = {&counters};
  std::string text;
  EXPECT_EQ(append_prometheus(text, collect(all)), left_out);
  return text;
}

TEST(Prometheus, WritesCountersAndGaugesWithTheirFamily) {
  Counters counters;
  counters.counter(labelled("sofa_calls_total", {{"side", "server"}, {"method", "echo"}}), "calls that ended").add(7);
  counters.counter(labelled("sofa_calls_total", {{"side", "client"}, {"method", "echo"}}), "calls that ended").add(2);
  counters.gauge("sofa_connections", "open").add(-3);
  EXPECT_EQ(exposed(counters),
            "# HELP sofa_calls_total calls that ended\n"
            "# TYPE sofa_calls_total counter\n"
            "sofa_calls_total{side=\"client\",method=\"echo\"} 2\n"
            "sofa_calls_total{side=\"server\",method=\"echo\"} 7\n"
            "# HELP sofa_connections open\n"
            "# TYPE sofa_connections gauge\n"
            "sofa_connections -3\n");
}

TEST(Prometheus, SumsShards) {
  Counters one, two;
  one.counter("sofa_a_total", "a").add(1);
  two.counter("sofa_a_total", "a").add(2);
  const Counters* all[] = {&one, &two};
  std::string text;
  append_prometheus(text, collect(all));
  EXPECT_THAT(text, HasSubstr("\nsofa_a_total 3\n"));
}

TEST(Prometheus, KeepsAFamilyTogetherWhereAnotherNameSortsInto) {
  Counters counters;
  counters.counter("sofa_a", "a").add(1);
  counters.counter("sofa_a_b", "b").add(1);
  counters.counter("sofa_a{x=\"1\"}", "a").add(1);
  EXPECT_THAT(exposed(counters), HasSubstr("sofa_a 1\nsofa_a{x=\"1\"} 1\n# HELP sofa_a_b"));
}

TEST(Prometheus, WritesNanosecondsAsSecondsInCumulativeBuckets) {
  Counters counters;
  Histogram& histogram = counters.histogram("sofa_call_duration_seconds{method=\"echo\"}", "how long");
  histogram.record(20'000);         // 20 us
  histogram.record(3'000'000);      // 3 ms
  histogram.record(60'000'000'000)  // a minute
      ;
  const std::string text = exposed(counters);
  EXPECT_THAT(text, HasSubstr("# TYPE sofa_call_duration_seconds histogram\n"
                              "sofa_call_duration_seconds_bucket{method=\"echo\",le=\"1e-05\"} 0\n"
                              "sofa_call_duration_seconds_bucket{method=\"echo\",le=\"2.5e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"echo\",le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"echo\",le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"echo\",le=\"10\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"echo\",le=\"+Inf\"} 3\n"
                              "sofa_call_duration_seconds_sum{method=\"echo\"} 60.00302\n"
                              "sofa_call_duration_seconds_count{method=\"echo\"} 3\n"));
}

TEST(Prometheus, WritesOtherHistogramsInTheirUnit) {
  Counters counters;
  counters.histogram("sofa_size_bytes", "sizes").record(300);
  const std::string text = exposed(counters);
  EXPECT_THAT(text, HasSubstr("sofa_size_bytes_bucket{le=\"256\"} 0\nsofa_size_bytes_bucket{le=\"1024\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sofa_size_bytes_sum 300\nsofa_size_bytes_count 1\n"));
}

TEST(Prometheus, EscapesValuesAndHelp) {
  Counters counters;
  counters.counter(labelled("sofa_a_total", {{"text", "a\"b\\c\nd"}}), "one\\two\nthree").add(1);
  EXPECT_EQ(exposed(counters),
            "# HELP sofa_a_total one\\\\two\\nthree\n"
            "# TYPE sofa_a_total counter\n"
            "sofa_a_total{text=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(Prometheus, LeavesOutWhatAScraperWouldRefuse) {
  Counters counters;
  for (const char* name : {"", "1a", "a-b", "a{", "a{x}", "a{x=1}", "a{x=\"1}", "a{x=\"1\",}", "a{x=\"1\"y=\"2\"}",
                           "a{1x=\"1\"}", "a{x=\"\\q\"}", "a{x=\"\n\"}", "a{x=\"1\"}b", "a b"}) {
    counters.counter(name, "bad").add(1);
  }
  counters.counter("good:name_1{x=\"1\",y=\"\"}", "good").add(1);
  EXPECT_EQ(exposed(counters, 14),
            "# HELP good:name_1 good\n# TYPE good:name_1 counter\ngood:name_1{x=\"1\",y=\"\"} 1\n");
}

TEST(Prometheus, LeavesOutAFamilysOtherKind) {
  Counters counters;
  counters.counter("sofa_a{x=\"1\"}", "a").add(1);
  counters.gauge("sofa_a{x=\"2\"}", "a").add(1);
  EXPECT_THAT(exposed(counters, 1), Not(HasSubstr("x=\"2\"")));
}

}  // namespace
}  // namespace sofa::observe
