// PeakEwma: a provider's latency as a balancer wants it: a slow answer counts at once, a fast one brings it down
// slowly.
//
//   ewma.update(latency_us, now);
//   ewma.value(now)                      // 0 before the first answer
//
// The decay is by time, not by calls: one that gets no calls becomes attractive again. One shard's thread.
#pragma once

#include <cmath>
#include <cstdint>

#include "sofa/io/env.h"

namespace sofa::rpc {

class PeakEwma {
 public:
  /// In which a peak falls to 1/e.
  static constexpr io::Duration kDecay = std::chrono::seconds(10);

  void update(std::uint32_t latency_us, io::TimePoint now) {
    const double latency = latency_us;
    if (latency > value_) {
      value_ = latency;
    } else {
      const double kept = decay_since(at_, now);
      value_ = value_ * kept + latency * (1 - kept);
    }
    at_ = now;
  }
  std::uint32_t value(io::TimePoint now) const { return static_cast<std::uint32_t>(value_ * decay_since(at_, now)); }

 private:
  static double decay_since(io::TimePoint then, io::TimePoint now) {
    if (now <= then) return 1;
    return std::exp(-std::chrono::duration<double>(now - then) / std::chrono::duration<double>(kDecay));
  }
  double value_ = 0;
  io::TimePoint at_{};
};

}  // namespace sofa::rpc
