// CallLimit: how many calls of a service, or of a method, may be under way at once.
//
//   if (!limit.has_room()) …                        // answered SERVER_BUSY
//   limit.begin(); … limit.end();
//
// Calls that are answered at once never count. Shards look first and count later, so that each may let in one call too
// many at the same moment. Threads: any; no lock.
#pragma once

#include <atomic>
#include <cstdint>

namespace sofa::rpc {

class CallLimit {
 public:
  /// 0: there is no limit.
  explicit CallLimit(std::uint32_t most) : most_(most) {}

  bool has_room() const { return most_ == 0 || in_flight() < most_; }
  void begin() { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  void end() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  const std::uint32_t most_;
  std::atomic<std::uint32_t> in_flight_{0};
};

}  // namespace sofa::rpc
