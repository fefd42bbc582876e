// Gate: what keeps tasks that nobody awaits from outliving their owner.
//
//   if (auto started = gate_.spawn(refresh()); !started) log(started.error());
//   ...
//   co_await gate_.close();      // refuses further tasks, waits for the running ones; then the owner may go
//
// Ownership: the gate owns its tasks; its destructor asserts that none is left. Threads: one shard's. A task that moved
// to another shard is counted out when it has come to its end, by mail.
#pragma once

#include <coroutine>
#include <optional>

#include "sofa/io/task.h"

namespace sofa {

class Gate {
 public:
  explicit Gate(std::size_t most_tasks = 100'000) : most_tasks_(most_tasks) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate();

  /// Starts the task, in `context` (kept alive; null: its own). IoError::kStopped once closed, kLimit when full: the
  /// task is not started then.
  Result<void> spawn(Task<void> task, CallContext* context = nullptr);

  /// `co_await gate.close()`: resumes when no task is left. May be awaited more than once.
  class Closing {
   public:
    explicit Closing(Gate& gate) : gate_(gate) {}
    bool await_ready() const noexcept { return gate_.running_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept;
    void await_resume() const noexcept {}

   private:
    friend class Gate;
    Gate& gate_;
    std::coroutine_handle<> waiter_;
    Closing* next_ = nullptr;
  };
  Closing close() {
    closed_ = true;
    return Closing(*this);
  }
  /// Asks the running tasks to end: cancels their contexts.
  void cancel();

  bool closed() const { return closed_; }
  std::size_t running() const { return running_; }
  /// Tasks that ended with an exception, and the first one's.
  std::uint64_t failed() const { return failed_; }
  const std::optional<Error>& first_error() const { return first_error_; }

 private:
  struct Spawned;
  void finished(Spawned& spawned);

  const std::size_t most_tasks_;
  std::size_t running_ = 0;
  std::uint64_t failed_ = 0;
  bool closed_ = false;
  Closing* waiters_ = nullptr;
  Spawned* tasks_ = nullptr;
  std::optional<Error> first_error_;
};

}  // namespace sofa
