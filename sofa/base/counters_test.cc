#include "sofa/base/counters.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace sofa {
namespace {

TEST(Histogram, KeepsEveryValueWithinItsError) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t value = random() >> (24 + random() % 40);
    const std::uint64_t reported = Histogram::value_of(Histogram::bucket_of(value));
    const double error = std::abs(static_cast<double>(reported) - static_cast<double>(value));
    ASSERT_LE(error, static_cast<double>(value) * 0.016) << value;
    if (value < 64) {
      ASSERT_EQ(reported, value);
    }
  }
  EXPECT_EQ(Histogram::bucket_of(~std::uint64_t{0}), Histogram::kBuckets - 1);
  EXPECT_EQ(Histogram::bucket_of((std::uint64_t{1} << Histogram::kMaxBits) - 1), Histogram::kBuckets - 1);
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) ASSERT_EQ(Histogram::bucket_of(Histogram::value_of(i)), i);
}

TEST(Histogram, TellsPercentilesAsTheSortedValuesDo) {
  std::mt19937_64 random(6);
  std::vector<std::uint64_t> values;
  Histogram histogram;
  std::uint64_t sum = 0;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(std::exp(static_cast<double>(random() % 20'000) / 1000)));
    histogram.record(values.back());
    sum += values.back();
  }
  std::ranges::sort(values);
  HistogramSnapshot snapshot;
  snapshot.add(histogram);
  EXPECT_EQ(snapshot.count(), values.size());
  EXPECT_EQ(snapshot.sum(), sum);
  EXPECT_EQ(snapshot.max(), values.back());
  for (double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[std::max<std::size_t>(rank, 1) - 1]);
    EXPECT_NEAR(static_cast<double>(snapshot.percentile(percent)), exact, exact * 0.016) << percent;
  }
}

TEST(Histogram, AnswersForNothingAndForTooMuch) {
  HistogramSnapshot snapshot;
  EXPECT_EQ(snapshot.percentile(99), 0u);
  EXPECT_EQ(snapshot.mean(), 0);
  Histogram histogram;
  histogram.record(std::uint64_t{1} << 50);
  snapshot.add(histogram);
  EXPECT_EQ(snapshot.percentile(50), std::uint64_t{1} << 50);
}

TEST(Histogram, MergesAndSubtracts) {
  Histogram a;
  Histogram b;
  for (std::uint64_t i = 0; i < 100; ++i) (i % 2 ? a : b).record(i);
  HistogramSnapshot both;
  both.add(a);
  both.add(b);
  EXPECT_EQ(both.count(), 100u);
  EXPECT_EQ(both.percentile(50), 49u);
  EXPECT_EQ(both.count_at_most(9), 10u);
  a.record(5000);
  HistogramSnapshot later;
  later.add(a);
  later.add(b);
  EXPECT_EQ(later.since(both).count(), 1u);
  EXPECT_EQ(later.since(both).sum(), 5000u);
  HistogramSnapshot twice = both;
  twice.add(both);
  EXPECT_EQ(twice.count(), 200u);
}

TEST(Counters, AreSummedOverShardsByName) {
  Counters first;
  Counters second;
  first.counter("calls_total", "calls").add(2);
  second.counter("calls_total", "calls").add();
  first.counter("calls_total", "calls").add();
  second.gauge("open", "open connections").add(5);
  second.gauge("open", "").add(-7);
  first.histogram("latency_ns", "latency").record(10);
  const Counters* shards[] = {&first, &second};
  auto figures = collect(shards);
  ASSERT_EQ(figures.size(), 3u);
  EXPECT_EQ(figures[0].name, "calls_total");
  EXPECT_EQ(figures[0].value, 4);
  EXPECT_EQ(figures[0].help, "calls");
  EXPECT_EQ(figures[1].kind, FigureKind::kHistogram);
  EXPECT_EQ(figures[1].histogram->count(), 1u);
  EXPECT_EQ(figures[2].value, -2);
}

TEST(Counters, AreBounded) {
  Counters counters(2);
  counters.counter("a", "");
  Counter& b = counters.counter("b", "");
  for (int i = 0; i < 1000; ++i) counters.counter("more" + std::to_string(i), "").add();
  counters.histogram("wide", "").record(1);
  EXPECT_EQ(&counters.counter("b", ""), &b);
  counters.gauge("b", "another kind").set(9);
  EXPECT_EQ(counters.size(), 2u);
  EXPECT_EQ(counters.refused(), 1002u);
  const Counters* shards[] = {&counters};
  EXPECT_EQ(collect(shards).size(), 2u);
}

TEST(Counters, AreReadWhileTheyAreWritten) {
  Counters counters;
  const Counters* shards[] = {&counters};
  std::atomic<bool> done{false};
  std::thread shard([&] {
    for (int i = 0; i < 300; ++i) {
      counters.counter("c" + std::to_string(i), "").add(7);
      counters.histogram("h", "").record(static_cast<std::uint64_t>(i));
    }
    done = true;
  });
  std::size_t last = 0;
  while (!done) {
    auto figures = collect(shards);
    EXPECT_GE(figures.size(), last);
    last = figures.size();
  }
  shard.join();
  auto figures = collect(shards);
  ASSERT_EQ(figures.size(), 301u);
  EXPECT_EQ(figures[0].value, 7);
  EXPECT_EQ(figures.back().histogram->count(), 300u);
}

}  // namespace
}  // namespace sofa
