#include "sofa/cli/load.h"

#include <chrono>

#include "sofa/io/async.h"

namespace sofa::cli {
namespace {

// A caller whose call failed pauses, so that a dead server is not asked a million times a second.
constexpr io::Duration kPauseAfterError = std::chrono::milliseconds(10);

io::TimePoint now(const io::Shard& shard) {
  return shard.env().clock.now();
}

/// Lets the shard have a turn. It does not sleep meanwhile, which a timer would let it do for up to a millisecond.
class Turn : io::Mail {
 public:
  Turn() : Mail([](Mail& self) noexcept { static_cast<Turn&>(self).waiter_.resume(); }) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    io::Shard::current()->post(*this);
  }
  void await_resume() const noexcept {}

 private:
  std::coroutine_handle<> waiter_;
};

}  // namespace

void Load::start_closed(std::uint32_t callers) {
  shard_.post([this, callers] {
    for (std::uint32_t i = 0; i < callers; ++i) {
      if (auto started = gate_.spawn(caller()); !started) failed(started.error());
    }
  });
}

void Load::start_open(double rate) {
  shard_.post([this, rate] {
    if (auto started = gate_.spawn(pacer(rate)); !started) failed(started.error());
  });
}

void Load::stop(io::Duration grace) {
  stopping_.store(true, std::memory_order_relaxed);
  if (auto closed = sofa::wait(shard_, close(), grace); !closed) failed(closed.error());
}

Load::Counts Load::counts() const {
  Counts counts;
  counts.latency_ns.add(latency_ns_);
  counts.errors = errors_.value();
  return counts;
}

std::optional<Error> Load::first_error() const {
  std::lock_guard lock(mutex_);
  return first_error_;
}

Task<void> Load::caller() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    const io::TimePoint begun = now(shard_);
    const auto answer = co_await as_result(reference_.invoke(call_.method, call_.arguments, call_.types));
    if (!record(begun, answer)) co_await sleep(kPauseAfterError);
  }
}

Task<void> Load::pacer(double rate) {
  const double gap_ns = 1e9 / rate;
  const io::TimePoint begin = now(shard_);
  for (double sent = 0; !stopping_.load(std::memory_order_relaxed); co_await Turn()) {
    const auto due = [&] { return begin + io::Duration(static_cast<io::Duration::rep>(sent * gap_ns)); };
    for (const io::TimePoint until = now(shard_); due() <= until; ++sent) {
      if (auto started = gate_.spawn(one(due())); !started) failed(started.error());
    }
  }
}

Task<void> Load::one(io::TimePoint due) {
  record(due, co_await as_result(reference_.invoke(call_.method, call_.arguments, call_.types)));
}

Task<void> Load::close() {
  co_await gate_.close();
}

bool Load::record(io::TimePoint due, const Result<hessian::Value>& answer) {
  if (answer) {
    latency_ns_.record(static_cast<std::uint64_t>((now(shard_) - due).count()));
  } else {
    failed(answer.error());
  }
  return answer.has_value();
}

void Load::failed(const Error& error) {
  errors_.add(1);
  if (errors_.value() > 1) return;
  std::lock_guard lock(mutex_);
  first_error_ = error;
}

}  // namespace sofa::cli
