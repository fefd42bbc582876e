#include "sofa/io/gate.h"

namespace sofa {

struct Gate::Spawned : detail::Completion, io::Pooled {
  Spawned(Gate& owner, Task<void> work, ContextPtr ctx)
      : Completion([](Completion& self) noexcept {
          auto& spawned = static_cast<Spawned&>(self);
          spawned.gate.finished(spawned);
        }),
        gate(owner),
        task(std::move(work)),
        context(std::move(ctx)) {}

  Gate& gate;
  Task<void> task;
  ContextPtr context;
  Spawned* next_task = nullptr;
  Spawned** at = nullptr;
};

Gate::~Gate() {
  assert(running_ == 0 && "co_await gate.close() before the gate goes");
}

Result<void> Gate::spawn(Task<void> task, CallContext* context) {
  if (closed_) return fail(io::IoError::kStopped, "the gate is closed: its owner is stopping");
  if (running_ >= most_tasks_) return fail(io::IoError::kLimit, "the gate runs {} tasks already", running_);
  auto* spawned = new Spawned(*this, std::move(task), context ? ContextPtr(context) : CallContext::make());
  // Counted before it runs: it may close the gate, or spawn.
  ++running_;
  spawned->next_task = tasks_;
  spawned->at = &tasks_;
  if (tasks_) tasks_->at = &spawned->next_task;
  tasks_ = spawned;
  if (start(spawned->task, spawned->context.get()) || !notify(spawned->task, *spawned)) finished(*spawned);
  return {};
}

void Gate::finished(Spawned& spawned) {
  Result<void> result = std::move(spawned.task).take_result();
  if (!result) {
    if (failed_++ == 0) first_error_ = std::move(result).error();
  }
  *spawned.at = spawned.next_task;
  if (spawned.next_task) spawned.next_task->at = spawned.at;
  delete &spawned;
  if (--running_ != 0) return;
  while (Closing* waiter = waiters_) {
    waiters_ = waiter->next_;
    const bool last = waiters_ == nullptr;
    waiter->waiter_.resume();
    if (last) return;  // the gate may be gone with its last waiter
  }
}

void Gate::Closing::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  next_ = gate_.waiters_;
  gate_.waiters_ = this;
}

void Gate::cancel() {
  // A task told so may end here and now, and others with it: each is visited once by walking until none is uncancelled.
  for (Spawned* task = tasks_; task != nullptr;) {
    if (task->context->cancelled()) {
      task = task->next_task;
      continue;
    }
    const ContextPtr keep = task->context;
    keep->cancel();
    task = tasks_;
  }
}

}  // namespace sofa
