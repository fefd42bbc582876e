// Shards as loops: mail, timers, end-of-turn jobs, tasks, worker pools, waits of plain threads.
#include <thread>

#include <gtest/gtest.h>

#include "sofa/io/async.h"
#include "sofa/io/gate.h"
#include "sofa/io/posix/env.h"

namespace sofa::io {
namespace {

using namespace std::chrono_literals;
constexpr auto kLong = 20s;  // a test that waits so long has failed

class Loop : public testing::Test {
 protected:
  Env& env = posix::env();
  Shards shards{env, 2};
  void SetUp() override { shards.start(); }
  void TearDown() override { shards.stop_and_join(); }
};

Task<int> index_of_shard() {
  co_return Shard::current()->index();
}

TEST_F(Loop, APlainThreadWaitsForATask) {
  const Result<int> one = wait(shards[1], index_of_shard(), kLong);
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(wait([]() -> Task<int> { co_return 5; }(), kLong), 5);
  EXPECT_THROW(wait(
                   []() -> Task<void> {
                     throw Error(IoError::kRefused, "no");
                     co_return;
                   }(),
                   kLong),
               Error);
}

TEST_F(Loop, AWaitEndsAtItsTimeoutAndCancelsTheTask) {
  std::atomic<int> ended{0};
  const auto sleeper = [](std::atomic<int>& flag) -> Task<void> {
    const auto slept = co_await as_result([]() -> Task<void> { co_await sleep(1h); }());
    flag = !slept && slept.error().is(IoError::kTimeout) ? 1 : 2;
    posix::env().blocking.wake(reinterpret_cast<std::atomic<std::uint32_t>&>(flag), true);
  };
  const Result<void> waited = wait(shards, sleeper(ended), 5ms);
  ASSERT_FALSE(waited);
  EXPECT_TRUE(waited.error().is(IoError::kTimeout));
  const TimePoint until = env.clock.now() + kLong;
  while (ended == 0 && env.blocking.wait(reinterpret_cast<std::atomic<std::uint32_t>&>(ended), 0, until)) {
  }
  EXPECT_EQ(ended, 1);
}

TEST_F(Loop, SleepIsNeverShort) {
  const auto nap = [](Env& outside) -> Task<Duration> {
    const TimePoint before = outside.clock.now();
    co_await sleep(3ms);
    co_return outside.clock.now() - before;
  };
  const Result<Duration> slept = wait(shards, nap(env), kLong);
  ASSERT_TRUE(slept);
  EXPECT_GE(*slept, 3ms);
}

TEST_F(Loop, ADeadlineEndsWhatHeedsIt) {
  const auto body = []() -> Task<int> {
    (co_await context()).set(kXid, "tx");
    const auto inner = []() -> Task<std::string> {
      CallContext& here = co_await context();
      const std::string xid(here.get(kXid)->view());
      co_await sleep(1h);
      co_return xid;
    };
    const auto late = co_await as_result(with_deadline(Shard::current()->now() + 2ms, inner()));
    const auto early =
        co_await as_result(with_deadline(Shard::current()->now() + 1h, []() -> Task<int> { co_return 3; }()));
    co_return !late && late.error().is(IoError::kTimeout) && !(co_await context()).cancelled() ? *early : 0;
  };
  EXPECT_EQ(wait(shards, body(), kLong).value(), 3);
}

TEST_F(Loop, TheContextSurvivesTheWorkerPoolAndTheMailbox) {
  WorkerPool pool(env, {.name = "test", .threads = 2, .most_queued = 16});
  const auto body = [](Shards& group, WorkerPool& workers) -> Task<std::string> {
    (co_await context()).set(kXid, "tx-9");
    Shard* home = Shard::current();
    const bool outside = co_await on_worker(workers, [] { return Shard::current() == nullptr; });
    if (!outside || Shard::current() != home) co_return "wrong thread";
    Shard& other = group[1 - home->index()];
    co_await switch_to(other);
    if (Shard::current() != &other) co_return "wrong shard";
    const auto thrown = co_await as_result(on_worker(workers, []() -> int { throw std::runtime_error("worker"); }));
    if (thrown || thrown.error().message() != "worker") co_return "no exception";
    co_return std::string((co_await context()).get(kXid)->view());
  };
  EXPECT_EQ(wait(shards, body(shards, pool), kLong).value(), "tx-9");
}

TEST_F(Loop, ACompletionComesHomeFromAnotherShard) {
  const auto wanderer = [](Shards& group) -> Task<void> { co_await switch_to(group[1]); };
  const auto body = [](Shards& group, auto make) -> Task<int> {
    co_await switch_to(group[0]);
    Gate gate;
    for (int i = 0; i < 100; ++i) {
      if (!gate.spawn(make(group))) co_return -1;
    }
    co_await gate.close();
    co_return Shard::current()->index();
  };
  EXPECT_EQ(wait(shards, body(shards, wanderer), kLong).value(), 0);
}

TEST_F(Loop, MailFromFourThreadsArrivesOnceAndInEachSendersOrder) {
  constexpr int kThreads = 4, kEach = 20'000;
  struct Numbered : Mail {
    int thread = 0, number = 0;
    int* next = nullptr;
    std::atomic<std::uint32_t>* left = nullptr;
  };
  std::vector<Numbered> mails(kThreads * kEach);
  int next[kThreads] = {};
  std::atomic<std::uint32_t> left{kThreads * kEach};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        Numbered& mail = mails[static_cast<std::size_t>(t * kEach + i)];
        mail.thread = t;
        mail.number = i;
        mail.next = next;
        mail.left = &left;
        mail.run = [](Mail& self) noexcept {
          auto& numbered = static_cast<Numbered&>(self);
          if (numbered.next[numbered.thread] == numbered.number) ++numbered.next[numbered.thread];
          if (numbered.left->fetch_sub(1) == 1) posix::env().blocking.wake(*numbered.left, true);
        };
        shards[0].post(static_cast<Mail&>(mail));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const TimePoint until = env.clock.now() + kLong;
  for (std::uint32_t now = left; now != 0 && env.blocking.wait(left, now, until); now = left) {
  }
  EXPECT_EQ(left, 0u);
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(next[t], kEach);
}

TEST_F(Loop, EndOfTurnJobsRunOnceInTheTurnThatQueuedThem) {
  struct Job : EndOfTurn {
    Job()
        : EndOfTurn([](EndOfTurn& self) noexcept {
            auto& job = static_cast<Job&>(self);
            ++job.runs;
            job.turn = Shard::current()->counters().turns;
          }) {}
    int runs = 0;
    std::uint64_t turn = 0;
  };
  Job job;
  const auto queue = [](Job& j) -> Task<std::uint64_t> {
    Shard::current()->at_end_of_turn(j);
    Shard::current()->at_end_of_turn(j);
    const std::uint64_t turn = Shard::current()->counters().turns;
    co_await sleep(1ms);
    co_return turn;
  };
  const auto turn = wait(shards, queue(job), kLong);
  EXPECT_EQ(job.runs, 1);
  EXPECT_EQ(job.turn, *turn);
}

TEST_F(Loop, AnIdleShardDoesNotTurn) {
  const auto turns = [](Shard& shard) -> Task<std::uint64_t> { co_return shard.counters().turns; };
  const std::uint64_t before = wait(shards[1], turns(shards[1]), kLong).value();
  EXPECT_TRUE(wait(shards[0], []() -> Task<void> { co_await sleep(50ms); }(), kLong));
  EXPECT_LE(wait(shards[1], turns(shards[1]), kLong).value() - before, 3u);
}

/// A job that holds its worker until it is let go.
struct Holding : WorkerPool::Job {
  Holding()
      : Job([](Job& self) noexcept {
          auto& holding = static_cast<Holding&>(self);
          holding.started.store(1);
          posix::env().blocking.wake(holding.started, true);
          while (holding.go.load() == 0) posix::env().blocking.wait(holding.go, 0, kNever);
          ++*holding.done;
        }) {}
  std::atomic<std::uint32_t> started{0}, go{0};
  std::atomic<int>* done = nullptr;
};

TEST_F(Loop, WhatIsSuspendedWhenTheShardsEndIsDestroyed) {
  const auto held = std::make_shared<int>(0);
  const auto sleeper = [](std::shared_ptr<int>) -> Task<void> { co_await sleep(1h); };
  const auto traveller = [](std::shared_ptr<int>, Shard& there) -> Task<void> {
    co_await switch_to(there);
    co_await sleep(1h);
  };
  shards[0].post([&] {
    start_detached(sleeper(held), nullptr);
    start_detached(traveller(held, shards[1]), nullptr);
  });
  on_result(shards[1], sleeper(held), [](const Result<void>&) { ADD_FAILURE() << "nothing runs any more"; });
  Future<void> waiting = as_future(shards[0], sleeper(held), kLong);
  ASSERT_TRUE(wait(shards[0], index_of_shard(), kLong));
  ASSERT_TRUE(wait(shards[1], index_of_shard(), kLong));
  EXPECT_EQ(held.use_count(), 5);
  shards.stop_and_join();
  EXPECT_EQ(held.use_count(), 1);
  ASSERT_TRUE(waiting.ready());
  EXPECT_TRUE(waiting.get().error().is(IoError::kStopped));
}

TEST(WorkerPool, RejectsWhenFullAndRunsWhatItTook) {
  Env& env = posix::env();
  std::atomic<int> done{0};
  Holding jobs[4];
  for (Holding& job : jobs) job.done = &done;
  {
    WorkerPool pool(env, {.name = "small", .threads = 1, .most_queued = 2});
    ASSERT_TRUE(pool.submit(jobs[0]));
    const TimePoint until = env.clock.now() + kLong;
    while (jobs[0].started.load() == 0 && env.blocking.wait(jobs[0].started, 0, until)) {
    }
    ASSERT_EQ(jobs[0].started.load(), 1u);
    EXPECT_TRUE(pool.submit(jobs[1]));
    EXPECT_TRUE(pool.submit(jobs[2]));
    EXPECT_FALSE(pool.submit(jobs[3]));
    EXPECT_EQ(pool.rejected(), 1u);
    EXPECT_EQ(pool.queued(), 2u);
    for (Holding& job : jobs) {
      job.go.store(1);
      env.blocking.wake(job.go, true);
    }
  }
  EXPECT_EQ(done, 3);
}

TEST_F(Loop, AFullPoolFailsTheTaskWithALimit) {
  WorkerPool pool(env, {.name = "none", .threads = 1, .most_queued = 0});
  const auto body = [](WorkerPool& workers) -> Task<int> { co_return co_await on_worker(workers, [] { return 1; }); };
  const Result<int> refused = wait(shards, body(pool), kLong);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(IoError::kLimit));
  EXPECT_TRUE(refused.error().retriable());
}

TEST_F(Loop, MillionsOfTimersKeepTheLoopRight) {
  const auto body = []() -> Task<int> {
    struct Counting {
      int fired = 0;
      Timer timers[2000];
    };
    auto counting = std::make_unique<Counting>();
    Shard& shard = *Shard::current();
    for (int i = 0; i < 2000; ++i) {
      counting->timers[i].set([](void* self) noexcept { ++static_cast<Counting*>(self)->fired; }, counting.get());
      shard.timers().arm(counting->timers[i], shard.now() + std::chrono::microseconds(i * 7));
    }
    co_await sleep(20ms);
    co_return counting->fired;
  };
  EXPECT_EQ(wait(shards, body(), kLong).value(), 2000);
}

TEST(Resolver, AnswersNumbersNamesAndMisses) {
  Env& env = posix::env();
  Shards shards(env, 1);
  shards.start();
  struct Asked {
    std::atomic<std::uint32_t> done{0};
    std::optional<Result<std::vector<Address>>> answer;
  };
  const auto ask = [&](const std::string& host, Duration patience) {
    auto asked = std::make_shared<Asked>();
    shards[0].post([&env, asked, host, patience] {
      env.resolver.resolve(host, 77, Shard::current()->now() + patience, [asked, &env](Result<std::vector<Address>> r) {
        asked->answer = std::move(r);
        asked->done = 1;
        env.blocking.wake(asked->done, true);
      });
    });
    const TimePoint until = env.clock.now() + kLong;
    while (asked->done == 0 && env.blocking.wait(asked->done, 0, until)) {
    }
    return asked->answer.value();
  };
  EXPECT_EQ(ask("::1", 1s).value().front().to_string(), "[::1]:77");
  EXPECT_EQ(ask("127.0.0.1", 1s).value().front().to_string(), "127.0.0.1:77");
  const auto local = ask("localhost", kLong);
  ASSERT_TRUE(local);
  EXPECT_EQ(local->front().port, 77);
  const auto missing = ask("no-such-host.invalid", 300ms);
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is(IoError::kAddress) || missing.error().is(IoError::kTimeout));
  shards.stop_and_join();
}

}  // namespace
}  // namespace sofa::io
