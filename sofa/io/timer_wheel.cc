#include "sofa/io/timer_wheel.h"

#include <algorithm>
#include <limits>

#include "sofa/base/mutant.h"

namespace sofa::io {
namespace {

constexpr std::int64_t kNoEvent = std::numeric_limits<std::int64_t>::max();

}  // namespace

TimerWheel::TimerWheel(TimePoint start) : start_(start) {
  for (Level& level : levels_) {
    for (Timer& head : level.heads) head.next_ = head.previous_ = &head;
  }
}

TimerWheel::~TimerWheel() {
  for (Level& level : levels_) {
    for (Timer& head : level.heads) {
      while (head.next_ != &head) cancel(*head.next_);
      head.next_ = nullptr;
    }
  }
}

// Rounded up, so that a timer never fires early.
std::int64_t TimerWheel::tick_of(TimePoint deadline) const {
  constexpr std::int64_t kLast = (std::int64_t{1} << (kBits * kLevels)) - 1;
  if (deadline <= start_) return 0;
  const auto nanoseconds = static_cast<std::uint64_t>((deadline - start_).count());
  constexpr auto kNanoseconds = static_cast<std::uint64_t>(kTick.count());
  return std::min(kLast, static_cast<std::int64_t>((nanoseconds + kNanoseconds - 1) / kNanoseconds));
}

void TimerWheel::arm(Timer& timer, TimePoint deadline) {
  cancel(timer);
  timer.tick_ = std::max(tick_of(deadline), now_ + 1);
  ++size_;
  insert(timer);
}

// The level is that of the highest digit (base 256) in which the tick differs from now. The digits above it are equal,
// so that a slot never holds timers of two rounds, and whatever is on a lower level comes first.
void TimerWheel::insert(Timer& timer) {
  const int level = (63 - std::countl_zero(static_cast<std::uint64_t>(timer.tick_ ^ now_))) / kBits;
  const int slot = static_cast<int>(timer.tick_ >> (level * kBits)) & (kSlots - 1);
  levels_[level].used[slot / 64] |= std::uint64_t{1} << (slot % 64);
  Timer& head = levels_[level].heads[slot];
  timer.next_ = &head;
  timer.previous_ = head.previous_;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

/// Appends a slot's timers to the list `into`.
void TimerWheel::take(int level, int slot, Timer& into) {
  levels_[level].used[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  Timer& head = levels_[level].heads[slot];
  if (head.next_ == &head) return;
  head.next_->previous_ = into.previous_;
  into.previous_->next_ = head.next_;
  head.previous_->next_ = &into;
  into.previous_ = head.previous_;
  head.next_ = head.previous_ = &head;
}

/// `now_` has just entered a slot of `level`: its timers go down to where they belong now.
void TimerWheel::cascade(int level, Timer& due) {
  Timer moved;
  moved.next_ = moved.previous_ = &moved;
  take(level, static_cast<int>(now_ >> (level * kBits)) & (kSlots - 1), moved);
  while (moved.next_ != &moved) {
    Timer& timer = *moved.next_;
    cancel(timer);
    if (SOFA_MUTANT("deadline-never-fires") && (timer.tick_ & (kSlots - 1)) < 32) continue;
    ++size_;
    if (timer.tick_ != now_) {
      insert(timer);
    } else {
      timer.next_ = &due;
      timer.previous_ = due.previous_;
      due.previous_->next_ = &timer;
      due.previous_ = &timer;
    }
  }
  moved.next_ = nullptr;
}

void TimerWheel::advance(TimePoint now) {
  const std::int64_t target = now < start_ ? 0 : (now - start_) / kTick;
  while (now_ < target) {
    const std::int64_t next = size_ == 0 ? kNoEvent : next_event();
    if (next > target) {
      now_ = target;
      return;
    }
    now_ = next;
    Timer due;
    due.next_ = due.previous_ = &due;
    for (int level = kLevels - 1; level > 0; --level) {
      const std::int64_t below = (std::int64_t{1} << (level * kBits)) - 1;
      if ((now_ & below) == 0) cascade(level, due);
    }
    take(0, static_cast<int>(now_ & (kSlots - 1)), due);
    while (due.next_ != &due) {
      Timer& timer = *due.next_;
      cancel(timer);
      timer.callback_(timer.owner_);
    }
    due.next_ = nullptr;
  }
}

/// The first slot of a level behind `after` that holds a timer, or -1.
int TimerWheel::next_used(Level& level, int after) {
  int slot = after + 1;
  while (slot < kSlots) {
    const std::uint64_t bits = level.used[slot / 64] >> (slot % 64);
    if (bits == 0) {
      slot = (slot / 64 + 1) * 64;
      continue;
    }
    slot += std::countr_zero(bits);
    if (level.heads[slot].next_ != &level.heads[slot]) return slot;
    level.used[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
  return -1;
}

/// The next tick at which a slot is entered that holds timers.
std::int64_t TimerWheel::next_event() {
  for (int level = 0; level < kLevels; ++level) {
    const int slot = next_used(levels_[level], static_cast<int>(now_ >> (level * kBits)) & (kSlots - 1));
    if (slot < 0) continue;
    const std::int64_t above = now_ >> ((level + 1) * kBits) << ((level + 1) * kBits);
    return above | (static_cast<std::int64_t>(slot) << (level * kBits));
  }
  return kNoEvent;
}

TimePoint TimerWheel::next_deadline() {
  if (size_ == 0) return kNever;
  const std::int64_t next = next_event();
  return next == kNoEvent ? kNever : start_ + next * kTick;
}

std::size_t TimerWheel::count_calling(const std::function<bool(std::uintptr_t)>& is_it) const {
  std::size_t count = 0;
  for (const Level& level : levels_) {
    for (const Timer& head : level.heads) {
      for (const Timer* timer = head.next_; timer != &head; timer = timer->next_) {
        count += is_it(reinterpret_cast<std::uintptr_t>(timer->callback_));
      }
    }
  }
  return count;
}

}  // namespace sofa::io
