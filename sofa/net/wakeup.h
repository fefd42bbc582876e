// Wakeup: where one task waits for what a protocol will tell it.
//
//   while (!ready_) co_await wakeup_.wait();        // throws when the call is cancelled or its time has come
//   …
//   ready_ = true, wakeup_.notify();                // from on_data, say
//
// The task goes on at the end of the turn, not from within `notify`: who tells need not expect it to run.
// Ownership: outlives the wait. Threads: one shard's.
#pragma once

#include "sofa/io/shard.h"
#include "sofa/io/task.h"

namespace sofa::net {

class Wakeup {
 public:
  explicit Wakeup(io::Shard& shard);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void notify();

  class Awaiter : CancelNode {
   public:
    explicit Awaiter(Wakeup& wakeup);
    ~Awaiter();
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> waiter) noexcept {
      begin(waiter, waiter.promise().context());
    }
    void await_resume() const;

   private:
    friend class Wakeup;
    void begin(std::coroutine_handle<> waiter, CallContext* context) noexcept;

    Wakeup& wakeup_;
    std::coroutine_handle<> waiter_;
    CallContext* context_ = nullptr;
    CancelReason ended_by_ = CancelReason::kNone;
  };
  Awaiter wait() { return Awaiter(*this); }

 private:
  struct Job;
  io::Shard& shard_;
  Awaiter* waiting_ = nullptr;
  Job* job_ = nullptr;  // queued
};

}  // namespace sofa::net
