#include "sofa/io/queue_patience.h"

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sofa::io {
namespace {

using namespace std::chrono_literals;

/// Workers that serve what arrives at random times at `load` times what they can do.
struct Station {
  Station(int workers, Duration job, std::uint64_t seed) : free_at(static_cast<std::size_t>(workers)), job_time(job) {
    dice.seed(seed);
  }

  void run(Duration span, double load) {
    const double gap = static_cast<double>(job_time.count()) / static_cast<double>(free_at.size()) / load;
    std::exponential_distribution<double> next(1 / gap);
    for (const TimePoint end = now + span; now < end;) {
      now += Duration(static_cast<Duration::rep>(next(dice)));
      serve_until(now);
      queue.push_back(now);
    }
  }
  void burst(int jobs) { queue.insert(queue.end(), static_cast<std::size_t>(jobs), now); }

  void serve_until(TimePoint time) {
    while (!queue.empty()) {
      TimePoint& worker = *std::ranges::min_element(free_at);
      const TimePoint start = std::max(worker, queue.front());
      if (start > time) return;
      const Duration wait = start - queue.front();
      queue.pop_front();
      if (!patience.covers(wait, 1, start)) {
        ++refused;
        continue;
      }
      worker = start + job_time;
      patience.ran(job_time);
      waits.push_back(wait);
    }
  }
  Duration p99() {
    std::ranges::sort(waits);
    return waits[waits.size() * 99 / 100];
  }
  void forget() {
    waits.clear();
    refused = 0;
  }

  std::mt19937_64 dice;
  QueuePatience patience;
  std::vector<TimePoint> free_at;
  Duration job_time;
  TimePoint now{1h};
  std::deque<TimePoint> queue;
  std::vector<Duration> waits;
  std::size_t refused = 0;
};

TEST(QueuePatience, UnderOverloadAllWorkersAreBusyAndNobodyServedIsLate) {
  for (const int workers : {4, 8, 64}) {  // of fewer, chance lets the queue end now and then
    for (const Duration job : {Duration(1ms), Duration(10ms), Duration(200ms)}) {
      for (const double load : {1.5, 3.0, 10.0}) {
        Station station(workers, job, 7);
        station.run(60 * std::max<Duration>(job, 5ms), load);
        station.forget();
        const Duration span = 2000 * job;
        station.run(span, load);
        const double could = static_cast<double>(span / job) * workers;
        EXPECT_GE(static_cast<double>(station.waits.size()), 0.9 * could)
            << workers << " " << job.count() << " " << load;
        EXPECT_LE(station.p99() / 1us, std::max<Duration>(job, 5ms) / 1us)
            << workers << " " << job.count() << " " << load;
      }
    }
  }
}

TEST(QueuePatience, HalfTheLoadIsServedWhole) {
  for (const int workers : {2, 4, 8, 64}) {
    Station station(workers, 10ms, 9);
    station.run(60s, 0.5);
    EXPECT_EQ(station.refused, 0U) << workers;
  }
}

TEST(QueuePatience, ABurstIsWorkedOff) {
  Station station(8, 10ms, 11);
  station.run(1s, 0.3);
  station.burst(120);  // 150 ms of work
  station.run(1s, 0.3);
  EXPECT_EQ(station.refused, 0U);
}

TEST(QueuePatience, WhenTheOverloadEndsNothingIsRefusedAnyMore) {
  Station station(8, 10ms, 13);
  station.run(5s, 3);
  EXPECT_TRUE(station.patience.standing());
  station.run(1s, 0.5);
  EXPECT_FALSE(station.patience.standing());
  station.forget();
  station.burst(60);
  station.run(1s, 0.5);
  EXPECT_EQ(station.refused, 0U);
}

TEST(QueuePatience, AFixedOneIsJustThat) {
  QueuePatience patience(50ms);
  const TimePoint now{1h};
  EXPECT_TRUE(patience.covers(50ms, 1, now));
  EXPECT_FALSE(patience.covers(51ms, 1, now));
  EXPECT_TRUE(patience.covers(25ms, 0.5F, now));
  EXPECT_FALSE(patience.covers(26ms, 0.5F, now));
}

}  // namespace
}  // namespace sofa::io
