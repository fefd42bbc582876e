// CallLimit: how many calls of a service, or of a method, may be under way at once.
//
//   if (!limit.has_room(share)) …                   // answered SERVER_BUSY
//   limit.begin(); … limit.end();
//
// Calls that are answered at once never count. Shards look first and count later, so that each may let in one call too
// many at the same moment. An adaptive limit (gradient_limit.h) changes with what calls take, window by window.
// Threads: any. No lock and no allocation: of those who end a window one moves the limit, the others go on.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "sofa/io/env.h"
#include "sofa/rpc/gradient_limit.h"

namespace sofa::rpc {

class CallLimit {
 public:
  /// `most` 0: there is no limit, or none that an adaptive one may not exceed.
  explicit CallLimit(std::uint32_t most, bool adaptive = false);
  ~CallLimit();

  /// `share`: what a call has of the limit, up to 1 (priority.h).
  bool has_room(float share = 1) const {
    const std::uint32_t limit = limit_.load(std::memory_order_relaxed);
    if (limit == 0) return true;
    const std::uint32_t calls = in_flight();
    return calls < limit && (share >= 1 || calls < std::max(1U, part(limit, share)));
  }
  void begin();
  void end() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  /// The same for a call that ran as long as it needed, so that what it took is a measure.
  void end(io::TimePoint began, io::TimePoint now) {
    end();
    if (adaptive_) measure(began, now);
  }
  std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  /// As it is now; 0: none.
  std::uint32_t limit() const { return limit_.load(std::memory_order_relaxed); }

 private:
  struct Adaptive;
  static std::uint32_t part(std::uint32_t limit, float share) {
    return static_cast<std::uint32_t>(static_cast<double>(limit) * static_cast<double>(share));
  }
  void measure(io::TimePoint began, io::TimePoint now);

  std::atomic<std::uint32_t> limit_;
  std::atomic<std::uint32_t> in_flight_{0};
  const std::unique_ptr<Adaptive> adaptive_;
};

}  // namespace sofa::rpc
