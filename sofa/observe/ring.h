// Ring: values from one thread to another, in order, in fixed memory; what finds no room is dropped and counted.
//
//   Ring<FinishedCall> ring(4096);
//   ring.push(call);                                            // the writer's thread: never waits, allocates nothing
//   ring.take(512, [&](const FinishedCall& call) { … });        // the reader's thread
//
// Memory is touched as it fills for the first time. Threads: one pushes, one takes; the counts may be read by any.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "sofa/base/histogram.h"
#include "sofa/base/mutant.h"

namespace sofa::observe {

template <class T>
class Ring {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  /// Room for `capacity` values, a power of two made of it.
  explicit Ring(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique_for_overwrite<Slot[]>(mask_ + 1)) {}

  /// How many are in it then; 0 where it was full and the value dropped.
  template <class... Args>
  std::size_t push(Args&&... args) noexcept {
    const std::uint64_t at = pushed_.load(std::memory_order_relaxed);
    const std::uint64_t used = at - taken_.load(std::memory_order_acquire);
    if (used > mask_ && !SOFA_MUTANT("ring-overwrites-when-full")) {
      dropped_.add(1);
      return 0;
    }
    new (&slots_[at & mask_]) T(std::forward<Args>(args)...);
    pushed_.store(at + 1, std::memory_order_release);
    return static_cast<std::size_t>(used) + 1;
  }

  /// Shows at most `most` values, oldest first, and gives their number.
  template <class Visit>
  std::size_t take(std::size_t most, Visit&& visit) {
    std::uint64_t at = taken_.load(std::memory_order_relaxed);
    const std::uint64_t end = pushed_.load(std::memory_order_acquire);
    std::size_t taken = 0;
    for (; at != end && taken < most; ++at, ++taken) visit(*reinterpret_cast<const T*>(&slots_[at & mask_]));
    taken_.store(at, std::memory_order_release);
    return taken;
  }

  std::size_t size() const {
    const std::uint64_t taken = taken_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(pushed_.load(std::memory_order_acquire) - taken);
  }
  std::size_t capacity() const { return mask_ + 1; }
  std::uint64_t dropped() const { return dropped_.value(); }

 private:
  struct alignas(T) Slot {
    unsigned char bytes[sizeof(T)];
  };
  const std::uint64_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  alignas(64) std::atomic<std::uint64_t> pushed_{0};
  SingleWriter dropped_;
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

}  // namespace sofa::observe
