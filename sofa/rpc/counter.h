// Counter: counts on one thread, may be read from any.
#pragma once

#include <atomic>
#include <cstdint>

namespace sofa::rpc {

class Counter {
 public:
  void operator++() { add(1); }
  void operator--() { add(~std::uint64_t{0}); }
  operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  void add(std::uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace sofa::rpc
