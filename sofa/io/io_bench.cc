// io.timer_warm_ns, io.timer_random_ns and rpc.context_ns.
#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "sofa/io/mailbox.h"
#include "sofa/io/task.h"
#include "sofa/io/timer_wheel.h"

namespace sofa {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOthers = 1'000'000;

/// A wheel with a million timers pending, spread over 30 s.
struct Crowd {
  explicit Crowd(std::size_t count = kOthers) : timers(count) {
    for (io::Timer& timer : timers) wheel.arm(timer, deadline());
  }
  ~Crowd() {
    for (io::Timer& timer : timers) wheel.cancel(timer);
  }
  io::TimePoint deadline() { return io::TimePoint(1ms * (1 + dice() % 30'000)); }
  std::minstd_rand dice{1};
  io::TimerWheel wheel{io::TimePoint{}};
  std::vector<io::Timer> timers;
};

// Arming and cancelling one's own timer, as each call does with its deadline.
void BM_TimerWarm(benchmark::State& state) {
  Crowd crowd;
  io::Timer own;
  io::TimePoint deadline{3s};
  for (auto _ : state) {
    crowd.wheel.arm(own, deadline);
    crowd.wheel.cancel(own);
    deadline += 1us;
  }
}
BENCHMARK(BM_TimerWarm);

// Cancelling any one while a million are pending: in an order that no cache foresees. Arming again is not counted.
void BM_TimerRandomCancel(benchmark::State& state) {
  constexpr std::size_t kCancelled = 500'000;
  Crowd crowd(kOthers + kCancelled);
  std::vector<std::uint32_t> order(kOthers + kCancelled);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), crowd.dice);
  std::size_t next = 0;
  for (auto _ : state) {
    crowd.wheel.cancel(crowd.timers[order[next]]);
    if (++next != kCancelled) continue;
    state.PauseTiming();
    while (next != 0) crowd.wheel.arm(crowd.timers[order[--next]], crowd.deadline());
    std::shuffle(order.begin(), order.end(), crowd.dice);
    state.ResumeTiming();
  }
}
BENCHMARK(BM_TimerRandomCancel);

Task<int> passes_context(int depth) {
  CallContext& here = co_await context();
  if (depth == 0) co_return *here.get(kPriority);
  co_return co_await passes_context(depth - 1);
}

// What a coroutine pays for its context: finding it, reading an attribute, and handing it to what it awaits.
struct Passing {
  CallContext* seen = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    seen = self.promise().context();
    return false;
  }
  void await_resume() const noexcept {}
};
Task<void> read_context(benchmark::State& state) {
  for (auto _ : state) {
    CallContext& here = co_await context();
    benchmark::DoNotOptimize(here.get(kPriority));
    Passing passing;
    co_await passing;
    benchmark::DoNotOptimize(passing.seen);
  }
}
void BM_ContextReadAndPass(benchmark::State& state) {
  const ContextPtr context = CallContext::make();
  context->set(kPriority, 3);
  Task<void> task = read_context(state);
  if (!start(task, context.get())) state.SkipWithError("suspended");
}
BENCHMARK(BM_ContextReadAndPass);

void BM_ContextSet(benchmark::State& state) {
  const ContextPtr context = CallContext::make();
  for (auto _ : state) {
    context->set(kPriority, 3);
    benchmark::DoNotOptimize(context->get(kPriority));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_ContextSet);

void BM_ContextMakeAndDrop(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(CallContext::make());
}
BENCHMARK(BM_ContextMakeAndDrop);

// Ten tasks one in another, each with its frame.
void BM_TaskNested10(benchmark::State& state) {
  const ContextPtr context = CallContext::make();
  context->set(kPriority, 3);
  for (auto _ : state) {
    Task<int> task = passes_context(9);
    start(task, context.get());
    benchmark::DoNotOptimize(std::move(task).take());
  }
}
BENCHMARK(BM_TaskNested10);

void BM_MailboxPostAndTake(benchmark::State& state) {
  io::Mailbox mailbox;
  io::Mail mails[16];
  for (auto _ : state) {
    for (io::Mail& mail : mails) mailbox.push(mail);
    for (io::Mail* mail = mailbox.take_all(); mail; mail = mail->next) benchmark::DoNotOptimize(mail);
  }
  state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(BM_MailboxPostAndTake);

}  // namespace
}  // namespace sofa
