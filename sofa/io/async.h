// What tasks do besides computing: sleep, keep a deadline, change the thread; and how a plain thread waits for a task.
//
//   co_await sofa::sleep(200ms);
//   auto answer = co_await sofa::with_deadline(deadline, ask(question));
//   auto report = co_await sofa::on_worker(pool, [path] { return read_report(path); });
//   int balance = sofa::wait(accounts->get_balance("a-1"), 3s);           // on a plain thread, never on a shard
//
// The CallContext stays with the call through all of them. Cancelling the call ends sleep with IoError::kCancelled or
// kTimeout.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "sofa/io/shard.h"
#include "sofa/io/task.h"
#include "sofa/io/worker_pool.h"

namespace sofa {
namespace detail {

class SleepAwaiter : CancelNode {
 public:
  explicit SleepAwaiter(io::TimePoint until);
  ~SleepAwaiter();
  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) noexcept {
    begin(waiter, waiter.promise().context());
  }
  void await_resume() const;

 private:
  void begin(std::coroutine_handle<> waiter, CallContext* context) noexcept;

  io::Shard& shard_;
  io::TimePoint until_;
  io::Timer timer_;
  std::coroutine_handle<> waiter_;
  CallContext* context_ = nullptr;
  CancelReason ended_by_ = CancelReason::kNone;
};

/// Cancels `inner` at a time, and when `outer` is cancelled.
class Alarm : CancelNode {
 public:
  Alarm(CallContext& outer, CallContext& inner);
  ~Alarm();

 private:
  io::Shard& shard_;
  CallContext& outer_;
  CallContext& inner_;
  io::Timer timer_;
};

/// Runs `function` on a pool and resumes the task on the shard it came from.
template <class F>
class WorkerAwaiter : io::WorkerPool::Job, io::Mail {
 public:
  using R = std::invoke_result_t<F&>;
  WorkerAwaiter(io::WorkerPool& pool, F& function)
      : Job([](Job& self) noexcept { static_cast<WorkerAwaiter&>(self).work(); }),
        Mail([](Mail& self) noexcept { static_cast<WorkerAwaiter&>(self).waiter_.resume(); }),
        pool_(pool),
        function_(function),
        home_(*io::Shard::current()) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    if (pool_.submit(*this)) return true;
    outcome_.set_failure(
        detail::Failure(Error(io::IoError::kLimit, "the worker pool's queue is full", Retriable::kYes)));
    return false;
  }
  R await_resume() { return outcome_.take(); }

 private:
  void work() noexcept {
    try {
      if constexpr (std::is_void_v<R>) {
        function_();
        outcome_.set();
      } else {
        outcome_.set(function_());
      }
    } catch (...) {
      outcome_.set_failure(detail::Failure(std::current_exception()));
    }
    home_.post(*static_cast<Mail*>(this));
  }

  io::WorkerPool& pool_;
  F& function_;
  io::Shard& home_;
  std::coroutine_handle<> waiter_;
  Outcome<R> outcome_;
};

class SwitchAwaiter : io::Mail {
 public:
  explicit SwitchAwaiter(io::Shard& to)
      : Mail([](Mail& self) noexcept { static_cast<SwitchAwaiter&>(self).waiter_.resume(); }), to_(to) {}
  bool await_ready() const noexcept { return io::Shard::current() == &to_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    to_.post(*this);
  }
  void await_resume() const noexcept {}

 private:
  io::Shard& to_;
  std::coroutine_handle<> waiter_;
};

/// A plain thread's wait, shared by the thread and the shard: either may leave first.
class Waiting : public std::enable_shared_from_this<Waiting>, private io::Resident {
 public:
  explicit Waiting(io::Shard& shard) : shard_(shard), context_(CallContext::make()) {}
  virtual ~Waiting() = default;
  /// Has the task run on the shard.
  void launch(io::Duration timeout);
  /// Blocks until it has ended; false when time ran out first (the task's context is cancelled then).
  bool wait();
  bool done() const { return done_.load(std::memory_order_acquire) != 0; }

 protected:
  struct Finished : Completion {
    using Completion::Completion;
    std::shared_ptr<Waiting> keep;
  };
  /// Starts the task; true when it has finished, otherwise `finished_` will be told.
  virtual bool start_task() = 0;
  virtual void take() = 0;
  /// Destroys the task; `why` is what it has come to.
  virtual void drop(Error why) = 0;
  void begin();
  void end();
  void give_up() noexcept override;
  void tell();

  io::Shard& shard_;
  ContextPtr context_;
  Finished finished_{[](Completion& self) noexcept {
    const std::shared_ptr<Waiting> keep = std::move(static_cast<Finished&>(self).keep);
    keep->end();
  }};
  io::TimePoint deadline_{};
  std::atomic<std::uint32_t> done_{0};
};

template <class T>
class WaitingFor final : public Waiting {
 public:
  WaitingFor(io::Shard& shard, Task<T> task) : Waiting(shard), task_(std::move(task)) {}
  std::optional<Result<T>> result;

 private:
  bool start_task() override { return start(*task_, context_.get()) || !notify(*task_, finished_); }
  void take() override {
    result.emplace(std::move(*task_).take_result());
    task_.reset();  // its frame dies on its shard
  }
  void drop(Error why) override {
    result.emplace(tl::unexpected<Error>(std::move(why)));
    task_.reset();
  }
  std::optional<Task<T>> task_;
};

/// The shard for a wait that names none; throws IoError::kStopped when no group was started.
io::Shard& shard_to_wait_on();
Error wait_timeout(io::Duration timeout);

}  // namespace detail

/// `co_await sleep_until(time)`, `co_await sleep(duration)`: never shorter.
inline detail::SleepAwaiter sleep_until(io::TimePoint time) {
  return detail::SleepAwaiter(time);
}
inline detail::SleepAwaiter sleep(io::Duration duration) {
  return detail::SleepAwaiter(io::Shard::current()->now() + duration);
}

/// Runs the task in a context of its own that is cancelled at `deadline`; what heeds cancellation then fails with
/// IoError::kTimeout. Waits for the task in any case. It must end on the shard where it began.
template <class T>
Task<T> with_deadline(io::TimePoint deadline, Task<T> task) {
  CallContext& outer = co_await context();
  const ContextPtr inner = outer.fork();
  inner->set_deadline(std::min(outer.deadline(), deadline));
  const detail::Alarm alarm(outer, *inner);
  co_return co_await in_context(std::move(task), *inner);
}

/// Runs `function()` on the pool; the task goes on where it was. IoError::kLimit when the pool is full.
template <class F>
Task<std::invoke_result_t<F&>> on_worker(io::WorkerPool& pool, F function) {
  detail::WorkerAwaiter<F> work(pool, function);
  co_return co_await work;
}

/// The task goes on on another shard, in a coming turn.
inline detail::SwitchAwaiter switch_to(io::Shard& shard) {
  return detail::SwitchAwaiter(shard);
}

/// A task under way on a shard, for a plain thread that wants its outcome later. Movable.
template <class T>
class Future {
 public:
  Future(std::shared_ptr<detail::WaitingFor<T>> waiting, io::Duration timeout)
      : waiting_(std::move(waiting)), timeout_(timeout) {}
  bool ready() const { return waiting_->done(); }
  /// Blocks until the task has ended, once. After the timeout IoError::kTimeout.
  Result<T> get() {
    if (!waiting_->wait()) return tl::unexpected<Error>(detail::wait_timeout(timeout_));
    return std::move(*waiting_->result);
  }

 private:
  std::shared_ptr<detail::WaitingFor<T>> waiting_;
  io::Duration timeout_;
};

/// Starts a task on `shard`, from any thread. Its time runs from now. IoError::kStopped when the shard ends first.
template <class T>
Future<T> as_future(io::Shard& shard, Task<T> task, io::Duration timeout) {
  auto waiting = std::make_shared<detail::WaitingFor<T>>(shard, std::move(task));
  waiting->launch(timeout);
  return Future<T>(std::move(waiting), timeout);
}

namespace detail {
template <class T, class Done>
Task<void> tell(Task<T> task, Done done) {
  done(co_await as_result(std::move(task)));
}
}  // namespace detail

/// Starts a task on `shard`, from any thread; `done` gets its Result there and must not throw. It is never called when
/// the shard ends first.
template <class T, class Done>
void on_result(io::Shard& shard, Task<T> task, Done done) {
  auto told = std::make_shared<Task<void>>(detail::tell(std::move(task), std::move(done)));
  shard.post([told] { start_detached(std::move(*told), nullptr); });
}

/// Runs a task on `shard` and blocks this plain thread until it has ended, at most `timeout`: then IoError::kTimeout,
/// and the task's context is cancelled.
template <class T>
Result<T> wait(io::Shard& shard, Task<T> task, io::Duration timeout) {
  return as_future(shard, std::move(task), timeout).get();
}
template <class T>
Result<T> wait(io::Shards& shards, Task<T> task, io::Duration timeout) {
  return wait(shards.any(), std::move(task), timeout);
}
/// The same on a shard of the first group that was started; throws instead of giving an Error.
template <class T>
T wait(Task<T> task, io::Duration timeout) {
  Result<T> result = wait(detail::shard_to_wait_on(), std::move(task), timeout);
  if (!result) result.error().raise();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace sofa
