#include "sofa/net/wakeup.h"

#include <utility>

namespace sofa::net {

/// Outlives its Wakeup where that goes before the turn ends.
struct Wakeup::Job : io::EndOfTurn, io::Pooled {
  explicit Job(Wakeup& wakeup)
      : EndOfTurn([](EndOfTurn& self) noexcept {
          auto* job = static_cast<Job*>(&self);
          Wakeup* owner = job->owner;
          delete job;
          if (!owner) return;
          owner->job_ = nullptr;
          if (Awaiter* waiting = std::exchange(owner->waiting_, nullptr)) waiting->waiter_.resume();
        }),
        owner(&wakeup) {}
  Wakeup* owner;
};

Wakeup::Wakeup(io::Shard& shard) : shard_(shard) {}

Wakeup::~Wakeup() {
  assert(waiting_ == nullptr);
  if (job_) job_->owner = nullptr;
}

void Wakeup::notify() {
  if (!waiting_ || job_) return;
  job_ = new Job(*this);
  shard_.at_end_of_turn(*job_);
}

Wakeup::Awaiter::Awaiter(Wakeup& wakeup)
    : CancelNode([](CancelNode& node) noexcept {
        auto& self = static_cast<Awaiter&>(node);
        self.ended_by_ = self.context_->reason();
        self.wakeup_.notify();
      }),
      wakeup_(wakeup) {}

Wakeup::Awaiter::~Awaiter() {
  if (wakeup_.waiting_ == this) wakeup_.waiting_ = nullptr;
}

void Wakeup::Awaiter::begin(std::coroutine_handle<> waiter, CallContext* context) noexcept {
  assert(wakeup_.waiting_ == nullptr);
  waiter_ = waiter;
  context_ = context;
  wakeup_.waiting_ = this;
  context->on_cancel(*this);
}

void Wakeup::Awaiter::await_resume() const {
  if (ended_by_ != CancelReason::kNone) throw cancel_error(ended_by_);
}

}  // namespace sofa::net
