#include "sofa/observe/prometheus_reader.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/observe/prometheus.h"

namespace sofa::observe {
namespace {

using testing::HasSubstr;

TEST(PrometheusReader, ReadsBackWhatIsWritten) {
  Counters counters(16);
  counters.counter(labelled("a_total", {{"method", "quo\"te\\d\n"}, {"side", "server"}}), "counts").add(7);
  counters.gauge("b", "a level\nof two lines").set(-3);
  counters.histogram("c_seconds", "times").record(1'000'000);
  std::string text;
  const Counters* all[] = {&counters};
  append_prometheus(text, collect(all));
  const auto samples = parse_prometheus(text);
  ASSERT_TRUE(samples) << samples.error().what();
  EXPECT_EQ(samples->at(0).name, "a_total");
  EXPECT_EQ(samples->at(0).label("method"), "quo\"te\\d\n");
  EXPECT_EQ(samples->at(0).label("side"), "server");
  EXPECT_EQ(samples->at(0).label("none"), "");
  EXPECT_EQ(samples->at(0).value, 7);
  EXPECT_EQ(samples->at(1).value, -3);
  EXPECT_EQ(samples->at(2).label("le"), "1e-05");
  EXPECT_EQ(samples->back().name, "c_seconds_count");
}

TEST(PrometheusReader, ReadsWhatOthersWrite) {
  const auto samples = parse_prometheus(
      "# TYPE x counter\n\n  x { a = "
      "\"1\" , b=\"}\",} +Inf 1395066363000\r\ny NaN\nz:q 1.5e3");
  ASSERT_TRUE(samples) << samples.error().what();
  ASSERT_EQ(samples->size(), 3U);
  EXPECT_TRUE(std::isinf(samples->at(0).value));
  EXPECT_EQ(samples->at(0).label("b"), "}");
  EXPECT_TRUE(std::isnan(samples->at(1).value));
  EXPECT_EQ(samples->at(2).value, 1500);
}

TEST(PrometheusReader, RefusesWithTheLineWhatIsNoFigure) {
  for (const std::string wrong : {"<html>", "x", "x{", "x{a} 1", "x{a=1} 1", "x{a=\"1} 1", "x{a=\"1\\", "x 1 2 3",
                                  "x 1y", "x{a=\"1\"b=\"2\"} 1", "{a=\"1\"} 1"}) {
    const auto samples = parse_prometheus("a 1\n" + wrong);
    ASSERT_FALSE(samples) << wrong;
    EXPECT_THAT(samples.error().message(), HasSubstr("line 2")) << wrong;
  }
  std::string many = "x{";
  for (std::size_t i = 0; i <= kMostLabels; ++i) many += "a=\"1\",";
  EXPECT_FALSE(parse_prometheus(many + "} 1"));
}

}  // namespace
}  // namespace sofa::observe
