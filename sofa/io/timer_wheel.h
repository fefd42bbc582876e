// TimerWheel: deadlines, by the million, each armed and cancelled in constant time.
//
// Five levels of 256 slots, one millisecond a tick; the node is the caller's (`Timer`), so nothing is allocated. A
// timer fires once, never early and, seen from a loop that turns, less than a tick late. What is due in over 34 years
// never is. Ownership: a Timer must be cancelled or fired before it goes away (its destructor asserts). Threads: one
// shard's.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <functional>

#include "sofa/io/env.h"

namespace sofa::io {

class TimerWheel;

class Timer {
 public:
  using Callback = void (*)(void* owner) noexcept;
  Timer() = default;
  Timer(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { assert(!armed()); }

  /// What runs when the time has come; the timer is no longer armed then and may be armed again or destroyed.
  void set(Callback callback, void* owner) {
    callback_ = callback;
    owner_ = owner;
  }
  bool armed() const { return next_ != nullptr; }

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  std::int64_t tick_ = 0;
  Callback callback_ = nullptr;
  void* owner_ = nullptr;
};

class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(1);

  explicit TimerWheel(TimePoint start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  /// Timers still armed are let go without being called.
  ~TimerWheel();

  /// Arms `timer`, or moves it when it is armed. A deadline that has passed fires at the next `advance`.
  void arm(Timer& timer, TimePoint deadline);
  /// Does nothing when it is not armed.
  void cancel(Timer& timer) {
    if (!timer.armed()) return;
    timer.previous_->next_ = timer.next_;
    timer.next_->previous_ = timer.previous_;
    timer.next_ = nullptr;
    --size_;
  }
  /// Runs what is due at `now`. Callbacks may arm and cancel any timer.
  void advance(TimePoint now);
  /// No later than the next timer's time, and within one tick of it once it is near; kNever when nothing is armed.
  TimePoint next_deadline();
  std::size_t size() const { return size_; }
  /// How many armed timers have a callback of which `is_it` says so by its address: what code may not go yet.
  std::size_t count_calling(const std::function<bool(std::uintptr_t)>& is_it) const;

 private:
  static constexpr int kBits = 8;
  static constexpr int kSlots = 1 << kBits;
  static constexpr int kLevels = 5;
  struct Level {
    std::array<Timer, kSlots> heads;
    std::array<std::uint64_t, kSlots / 64> used{};  // a set bit may be stale: cancel leaves it
  };

  std::int64_t tick_of(TimePoint deadline) const;
  void insert(Timer& timer);
  void take(int level, int slot, Timer& into);
  void cascade(int level, Timer& due);
  std::int64_t next_event();
  int next_used(Level& level, int after);

  TimePoint start_;
  std::int64_t now_ = 0;  // ticks: everything up to and including it has fired
  std::size_t size_ = 0;
  std::array<Level, kLevels> levels_;
};

}  // namespace sofa::io
