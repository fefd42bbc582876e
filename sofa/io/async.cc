#include "sofa/io/async.h"

namespace sofa {
namespace detail {

SleepAwaiter::SleepAwaiter(io::TimePoint until)
    : CancelNode([](CancelNode& node) noexcept {
        auto& self = static_cast<SleepAwaiter&>(node);
        self.ended_by_ = self.context_->reason();
        // By a timer that is due, not from here: whoever cancels need not expect the sleeper to run.
        self.shard_.timers().arm(self.timer_, io::TimePoint{});
      }),
      shard_(*io::Shard::current()),
      until_(until),
      timer_([](void* self) noexcept { static_cast<SleepAwaiter*>(self)->waiter_.resume(); }, this) {}

SleepAwaiter::~SleepAwaiter() {
  shard_.timers().cancel(timer_);
}

void SleepAwaiter::begin(std::coroutine_handle<> waiter, CallContext* context) noexcept {
  waiter_ = waiter;
  context_ = context;
  shard_.timers().arm(timer_, until_);
  context->on_cancel(*this);
}

void SleepAwaiter::await_resume() const {
  if (ended_by_ != CancelReason::kNone) throw cancel_error(ended_by_);
}

Alarm::Alarm(CallContext& outer, CallContext& inner)
    : CancelNode([](CancelNode& node) noexcept {
        auto& self = static_cast<Alarm&>(node);
        self.inner_.cancel(self.outer_.reason());
      }),
      shard_(*io::Shard::current()),
      outer_(outer),
      inner_(inner),
      timer_([](void* self) noexcept { static_cast<Alarm*>(self)->inner_.cancel(CancelReason::kDeadline); }, this) {
  if (inner.deadline() != io::kNever) shard_.timers().arm(timer_, inner.deadline());
  outer.on_cancel(*this);
}

Alarm::~Alarm() {
  assert(io::Shard::current() == &shard_ || io::Shard::current() == nullptr);  // no other shard than it began on
  shard_.timers().cancel(timer_);
}

void Waiting::begin() {
  finished_.keep = shared_from_this();
  if (start_task()) {
    finished_.done(finished_);
  } else {
    shard_.add(*this);
  }
}

void Waiting::end() {
  leave();
  take();
  tell();
}

void Waiting::give_up() noexcept {
  const std::shared_ptr<Waiting> keep = std::move(finished_.keep);
  leave();
  drop(Error(io::IoError::kStopped, "the shard that ran the task was stopped"));
  tell();
}

void Waiting::tell() {
  // The waiter may leave, and this object with it, as soon as it sees the word: keep what wake needs.
  const std::shared_ptr<Waiting> keep = shared_from_this();
  done_.store(1, std::memory_order_release);
  shard_.env().blocking.wake(done_, true);
}

void Waiting::launch(io::Duration timeout) {
  deadline_ = shard_.env().clock.now() + timeout;
  context_->set_deadline(deadline_);
  shard_.post([self = shared_from_this()] { self->begin(); });
}

bool Waiting::wait() {
  assert(io::Shard::current() == nullptr && "sofa::wait would block a shard: co_await instead");
  io::Env& env = shard_.env();
  while (done_.load(std::memory_order_acquire) == 0) {
    if (env.blocking.wait(done_, 0, deadline_)) continue;
    if (done_.load(std::memory_order_acquire) != 0) return true;
    shard_.post([self = shared_from_this()] { self->context_->cancel(CancelReason::kDeadline); });
    return false;
  }
  return true;
}

io::Shard& shard_to_wait_on() {
  io::Shards* shards = io::Shards::first_started();
  if (!shards) throw Error(io::IoError::kStopped, "no shards were started: sofa::wait has nowhere to run the task");
  return shards->any();
}

Error wait_timeout(io::Duration timeout) {
  return Error(
      io::IoError::kTimeout,
      fmt::format("no answer within {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count()));
}

}  // namespace detail
}  // namespace sofa
