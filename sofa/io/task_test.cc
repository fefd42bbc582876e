#include "sofa/io/task.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "sofa/io/gate.h"

namespace sofa {
namespace {

using io::IoError;

/// Suspends until `open`; what a timer or a peer is to real tasks.
struct Door {
  struct Awaiter {
    Door& door;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { door.waiter = handle; }
    void await_resume() const noexcept {}
  };
  Awaiter pass() { return {*this}; }
  void open() { std::exchange(waiter, nullptr).resume(); }
  std::coroutine_handle<> waiter;
};

Task<int> add(int a, int b) {
  co_return a + b;
}
Task<int> known() {
  return 7;
}
Task<int> sum(int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) total = co_await add(total, 1);
  co_return total + co_await known();
}
Task<std::string> throws(bool ours) {
  if (ours) throw Error(IoError::kRefused, "no");
  throw std::runtime_error("other");
  co_return "";
}
Task<int> fails() {
  co_return fail(IoError::kLimit, "full");
}

template <class T>
Result<T> run(Task<T> task) {
  EXPECT_TRUE(start(task, nullptr));
  return std::move(task).take_result();
}

TEST(Task, NestsWithoutGrowingTheStack) {
  EXPECT_EQ(run(sum(1'000'000)), 1'000'007);
}

TEST(Task, AReadyValueMakesNoFrame) {
  Task<int> task = known();
  EXPECT_TRUE(task.is_ready());
  EXPECT_EQ(std::move(task).take(), 7);
  EXPECT_TRUE(Task<void>::ready().is_ready());
  Task<std::string> failed = Task<std::string>::failed(Error(IoError::kClosed, "gone"));
  EXPECT_TRUE(failed.is_ready());
  EXPECT_THROW(std::move(failed).take(), Error);
}

TEST(Task, IsLazyAndMayBeDroppedUnstarted) {
  bool ran = false;
  {
    const Task<void> task = [](bool& flag) -> Task<void> {
      flag = true;
      co_return;
    }(ran);
    EXPECT_FALSE(task.is_ready());
  }
  EXPECT_FALSE(ran);
}

struct Derived : Error {
  using Error::Error;
};
Task<int> throws_derived() {
  throw Derived(IoError::kClosed, "derived");
  co_return 0;
}

TEST(Task, ExceptionsPropagateAndBecomeErrors) {
  const auto catches = []() -> Task<int> {
    try {
      co_await throws(true);
    } catch (const Error& error) {
      co_return error.is(IoError::kRefused) ? 1 : 2;
    }
    co_return 3;
  };
  EXPECT_EQ(run(catches()), 1);
  const auto asks = []() -> Task<int> {
    const Result<std::string> ours = co_await as_result(throws(true));
    const Result<std::string> other = co_await as_result(throws(false));
    const Result<int> limit = co_await as_result(fails());
    const bool right = ours.error().is(IoError::kRefused) && other.error().is(IoError::kThrown) &&
                       other.error().message() == "other" && other.error().thrown() &&
                       limit.error().is(IoError::kLimit);
    co_return right ? 1 : 0;
  };
  EXPECT_EQ(run(asks()), 1);
  const Result<int> derived = run(throws_derived());
  ASSERT_FALSE(derived);
  EXPECT_TRUE(derived.error().is(IoError::kClosed));
  EXPECT_THROW(derived.error().raise(), Derived);
}

Task<std::string> xid_here(Door& door) {
  co_await door.pass();
  CallContext& here = co_await context();
  co_return std::string(here.get(kXid)->view());
}
Task<std::string> xid_below(Door& door) {
  co_return co_await xid_here(door);
}

struct Heard : detail::Completion {
  Heard() : Completion([](Completion& self) noexcept { ++static_cast<Heard&>(self).times; }) {}
  int times = 0;
};

TEST(Task, TheContextIsInheritedAndSurvivesSuspension) {
  Door door;
  Task<std::string> task = xid_below(door);
  {
    const ContextPtr context = CallContext::make();
    context->set(kXid, "tx-1");
    ASSERT_FALSE(start(task, context.get()));
  }  // the started task keeps it
  Heard heard;
  ASSERT_TRUE(notify(task, heard));
  EXPECT_EQ(heard.times, 0);
  door.open();
  EXPECT_EQ(heard.times, 1);
  EXPECT_EQ(std::move(task).take(), "tx-1");
}

TEST(Task, NotifyAfterTheEndIsRefused) {
  Door door;
  Task<std::string> task = xid_below(door);
  const ContextPtr context = CallContext::make();
  context->set(kXid, "tx-2");
  ASSERT_FALSE(start(task, context.get()));
  door.open();
  Heard heard;
  EXPECT_FALSE(notify(task, heard));
  EXPECT_EQ(heard.times, 0);
}

TEST(Task, ADetachedOneOwnsItselfAndItsContext) {
  Door door;
  bool ended = false;
  const auto body = [](Door& d, bool& flag) -> Task<void> {
    co_await d.pass();
    flag = !(co_await context()).cancelled();
  };
  start_detached(body(door, ended), nullptr);
  EXPECT_FALSE(ended);
  door.open();
  EXPECT_TRUE(ended);
}

Task<void> pass(Door& door) {
  co_await door.pass();
}
Task<void> pass_and_throw(Door& door) {
  co_await door.pass();
  throw std::runtime_error("late");
}
Task<void> close(Gate& gate, bool& closed) {
  co_await gate.close();
  closed = true;
}

TEST(Gate, CloseWaitsForAllAndRefusesMore) {
  Gate gate(2);
  Door first, second;
  ASSERT_TRUE(gate.spawn(pass(first)));
  ASSERT_TRUE(gate.spawn(pass_and_throw(second)));
  const auto full = gate.spawn(pass(first));
  ASSERT_FALSE(full);
  EXPECT_TRUE(full.error().is(IoError::kLimit));
  bool closed = false;
  start_detached(close(gate, closed), nullptr);
  bool closed_too = false;
  start_detached(close(gate, closed_too), nullptr);
  const auto stopped = gate.spawn(pass(first));
  ASSERT_FALSE(stopped);
  EXPECT_TRUE(stopped.error().is(IoError::kStopped));
  first.open();
  EXPECT_FALSE(closed);
  second.open();
  EXPECT_TRUE(closed && closed_too);
  EXPECT_EQ(gate.failed(), 1u);
  EXPECT_EQ(gate.first_error()->message(), "late");
  bool again = false;
  start_detached(close(gate, again), nullptr);
  EXPECT_TRUE(again);
}

TEST(Gate, CancelReachesEachTaskOnce) {
  Gate gate;
  Door doors[3];
  int cancelled = 0;
  const auto body = [](Door& door, int& count) -> Task<void> {
    co_await door.pass();
    if ((co_await context()).cancelled()) ++count;
  };
  for (Door& door : doors) ASSERT_TRUE(gate.spawn(body(door, cancelled)));
  gate.cancel();
  for (Door& door : doors) door.open();
  EXPECT_EQ(cancelled, 3);
  EXPECT_EQ(gate.running(), 0u);
}

}  // namespace
}  // namespace sofa
