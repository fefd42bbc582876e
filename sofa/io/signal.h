// Signal: what tasks of one shard wait for until somebody raises it.
//
//   while (!confirmed(url)) co_await changed_.wait();     // throws when the call is cancelled
//   ...
//   changed_.raise();                                     // all that wait now go on, in the order they came
//
// Ownership: outlives those that wait. Threads: one shard's. Errors: IoError::kCancelled, kTimeout by cancellation.
#pragma once

#include <cassert>
#include <coroutine>

#include "sofa/io/call_context.h"
#include "sofa/io/shard.h"

namespace sofa {

class Signal {
  struct Link {
    Link* next = this;
    Link* previous = this;
    bool alone() const { return next == this; }
    void unlink() {
      previous->next = next;
      next->previous = previous;
      next = previous = this;
    }
  };

 public:
  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() { assert(waiting_.alone()); }

  class Wait : Link, CancelNode {
   public:
    explicit Wait(Signal& signal) : CancelNode(on_cancel), signal_(signal) {}
    ~Wait() {
      unlink_all();
      shard_.timers().cancel(due_);
    }
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> waiter) noexcept {
      waiter_ = waiter;
      context_ = waiter.promise().context();
      previous = signal_.waiting_.previous;
      next = &signal_.waiting_;
      previous->next = next->previous = this;
      context_->on_cancel(*this);
    }
    void await_resume() const {
      if (reason_ != CancelReason::kNone) throw cancel_error(reason_);
    }

   private:
    friend class Signal;
    void unlink_all() {
      Link::unlink();
      CancelNode::unlink();
    }
    // By a timer that is due, as sleep does: whoever cancels need not expect the waiter to run.
    static void on_cancel(CancelNode& node) noexcept {
      auto& self = static_cast<Wait&>(node);
      self.reason_ = self.context_->reason();
      self.Link::unlink();
      self.shard_.timers().arm(self.due_, io::TimePoint{});
    }

    Signal& signal_;
    io::Shard& shard_ = *io::Shard::current();
    std::coroutine_handle<> waiter_;
    CallContext* context_ = nullptr;
    CancelReason reason_ = CancelReason::kNone;
    io::Timer due_{[](void* self) noexcept { static_cast<Wait*>(self)->waiter_.resume(); }, this};
  };

  Wait wait() { return Wait(*this); }

  void raise() {
    Link due;
    if (waiting_.alone()) return;
    due.next = waiting_.next;
    due.previous = waiting_.previous;
    due.next->previous = due.previous->next = &due;
    waiting_.next = waiting_.previous = &waiting_;
    while (!due.alone()) {
      auto& first = static_cast<Wait&>(*due.next);
      first.unlink_all();
      first.waiter_.resume();
    }
  }

 private:
  Link waiting_;
};

}  // namespace sofa
