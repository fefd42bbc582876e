#include "sofa/io/sim/world.h"

#include <set>

#include <gtest/gtest.h>

#include "sofa/io/sim/chaos.h"
#include "sofa/io/sim/echo_test_util.h"

namespace sofa::io::sim {
namespace {

TEST(WorldTest, RunsEventsInTimeAndEqualTimesBySeed) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    World world(seed);
    std::string order;
    world.at(2ms, [&] { order += "z"; });
    for (const char c : {'a', 'b', 'c'}) world.at(1ms, [&order, c] { order += c; });
    world.run_for(1s);
    EXPECT_EQ(order.back(), 'z');
    EXPECT_EQ(world.now(), 1s);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 3u);
}

TEST(WorldTest, RunUntilStopsAtItsConditionOrLimit) {
  World world(1);
  bool hit = false;
  world.after(5ms, [&] { hit = true; });
  EXPECT_TRUE(world.run_until([&] { return hit; }, 1s));
  EXPECT_EQ(world.now(), 5ms);
  EXPECT_FALSE(world.run_until([] { return false; }, 1s));
  EXPECT_EQ(world.now(), 1005ms);
}

TEST(WorldTest, ClocksDriftApartAndStepOnlyOnTheWall) {
  World world(3);
  Process& a = world.process("a");
  Process& b = world.process("b");
  const TimePoint start_a = a.env().clock.now(), start_b = b.env().clock.now();
  EXPECT_NE(start_a, start_b);
  world.run_for(1000s);
  const Duration spent_a = a.env().clock.now() - start_a, spent_b = b.env().clock.now() - start_b;
  EXPECT_NE(spent_a, spent_b);
  EXPECT_NEAR(static_cast<double>(spent_a.count()), 1e12, 2.1e8);
  const auto wall = a.env().clock.wall();
  const TimePoint mono = a.env().clock.now();
  a.step_wall_clock(-3600s);
  EXPECT_EQ(wall - a.env().clock.wall(), 3600s);
  EXPECT_EQ(a.env().clock.now(), mono);
}

TEST(WorldTest, LocalTimePointsAreReachedExactly) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    const SimClock& clock = world.process("a").clock();
    const TimePoint point = clock.to_local(Time(seed * 1'234'567'891)) + 5ms;
    const Time time = clock.to_world(point);
    EXPECT_GE(clock.to_local(time), point);
    EXPECT_LT(clock.to_local(time - 1ns), point);
    EXPECT_EQ(clock.to_world(kNever), kNoTime);
  }
}

struct Ticker {
  explicit Ticker(Process& process) : env(process.env()), poller(env.net.make_poller()) {
    env.blocking.start("ticker", [this] {
      poller->wait(env.clock.now() + 10ms);
      ++ticks;
      return true;
    });
  }
  Env& env;
  std::unique_ptr<Poller> poller;
  int ticks = 0;
};

TEST(WorldTest, ALoopSleepsUntilItsTimeAndAPauseStopsIt) {
  World world(1);
  Process& process = world.process("a");
  auto* ticker = run<Ticker>(process);
  world.run_for(1s);
  EXPECT_NEAR(ticker->ticks, 100, 3);
  const int before = ticker->ticks;
  process.pause(1s);
  world.run_for(999ms);
  EXPECT_EQ(ticker->ticks, before);
  world.run_for(501ms);
  EXPECT_NEAR(ticker->ticks - before, 50, 3);
}

TEST(WorldTest, AKilledProcessRunsNothingAndRestartsItsProgram) {
  World world(1);
  Process& process = world.process("a");
  int lives = 0;
  std::weak_ptr<Ticker> running;
  process.boot([&](Process& self) {
    ++lives;
    auto ticker = std::make_shared<Ticker>(self);
    running = ticker;
    return ticker;
  });
  world.run_for(100ms);
  EXPECT_GT(running.lock()->ticks, 5);
  process.kill(Death::kKilled);
  EXPECT_FALSE(process.alive());
  EXPECT_TRUE(running.expired());
  world.run_for(100ms);
  process.restart();
  world.run_for(100ms);
  EXPECT_EQ(lives, 2);
  EXPECT_GT(running.lock()->ticks, 5);
}

TEST(WorldTest, WaitingLoopsWakeByWordOrTime) {
  World world(1);
  Env& env = world.process("a").env();
  std::atomic<std::uint32_t> word{0};
  int woken = 0, timed_out = 0;
  bool stop = false;
  const auto first = env.blocking.start("waits", [&] {
    if (word.load() == 1) ++woken;
    if (!stop) env.blocking.wait(word, word.load(), kNever);
    return !stop;
  });
  const TimePoint limit = env.clock.now() + 50ms;
  env.blocking.start("limited", [&] {
    if (env.blocking.wait(word, word.load(), limit)) return true;
    ++timed_out;
    return false;
  });
  world.run_for(20ms);
  EXPECT_EQ(woken, 0);
  EXPECT_EQ(timed_out, 0);
  word = 1;
  env.blocking.wake(word, true);
  world.run_for(20ms);
  EXPECT_EQ(woken, 1);
  world.run_for(20ms);
  EXPECT_EQ(timed_out, 1);
  stop = true;
  env.blocking.join(first);
}

/// Talkers in two processes against one echo, with every kind of fault: what is hashed is all that was delivered.
struct Outcome {
  std::uint64_t hash;
  std::uint64_t events;
  std::size_t heard;
};
Outcome scenario(std::uint64_t seed) {
  World world(seed);
  Process& server = world.process("server");
  Process& left = world.process("left");
  Process& right = world.process("right");
  run<EchoServer>(server);
  ChaosOptions options;
  options.mean_gap = 200ms;
  for (auto& weight : options.weights) weight = 1;
  Chaos chaos(world, {&server, &left, &right}, options);
  chaos.start();
  std::size_t heard = 0;
  for (int round = 0; round < 5; ++round) {
    for (Process* process : {&left, &right}) {
      process->kill(Death::kKilled);
      run<Talker>(*process, server.host(), letters(50'000));
    }
    world.run_for(5s);
    heard += left.descriptors().open_count();
  }
  chaos.stop();
  return {world.trace_hash(), world.events(), heard};
}

TEST(WorldTest, EqualSeedsGiveEqualTraces) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Outcome once = scenario(seed), again = scenario(seed);
    EXPECT_EQ(once.hash, again.hash) << seed;
    EXPECT_EQ(once.events, again.events) << seed;
    EXPECT_GT(once.events, 100u);
    hashes.insert(once.hash);
  }
  EXPECT_EQ(hashes.size(), 10u);
}

// The same in every build and on every machine. It changes when the simulator draws its dice differently: then say so
// in the commit, for old seeds mean new runs from there on.
TEST(WorldTest, TheTraceIsTheSameInEveryBuild) {
  EXPECT_EQ(scenario(42).hash, 16139414954192800126u);
}

TEST(ChaosTest, EveryKindOfFaultStrikesAndAllHeals) {
  World world(5);
  Process& a = world.process("a");
  Process& b = world.process("b");
  run<EchoServer>(a);
  run<EchoServer>(b);
  ChaosOptions options;
  options.mean_gap = 100ms;
  options.longest_fault = 300ms;
  for (auto& weight : options.weights) weight = 1;
  Chaos chaos(world, {&a, &b}, options);
  chaos.start();
  world.run_for(60s);
  for (int fault = 0; fault < static_cast<int>(Fault::kCount); ++fault) {
    EXPECT_GT(chaos.count(static_cast<Fault>(fault)), 0u) << fault;
  }
  chaos.stop();
  EXPECT_TRUE(a.alive() && b.alive());
  EXPECT_FALSE(world.network().blocked(a, b) || world.network().blocked(b, a));
  world.run_for(10s);
  b.kill(Death::kKilled);
  auto* talker = run<Talker>(b, a.host(), std::string("well"));
  EXPECT_TRUE(world.run_until([&] { return talker->heard() == "well"; }, 5s));
}

}  // namespace
}  // namespace sofa::io::sim
