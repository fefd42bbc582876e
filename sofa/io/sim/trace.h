// Trace: one number for all that happened. Two runs with the same number delivered the same events in the same order.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/io/sim/dice.h"

namespace sofa::io::sim {

enum class TraceKind : std::uint8_t {
  kStep = 1,
  kSyn,
  kConnected,
  kConnectFailed,
  kDelivered,
  kAcknowledged,
  kFin,
  kReset,
  kLost,
  kTimedOut,
  kWritten,
  kRead,
  kClosed,
  kResolved,
  kDiskWrite,
  kDiskSync,
  kDiskEntry,
  kPowerCut,
  kBoot,
  kKill,
  kPause,
  kClockStep,
  kPartition,
  kHeal,
  kUser,
};

class Trace {
 public:
  void add(std::int64_t time, TraceKind kind, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) {
    hash_ = mix(hash_ ^ static_cast<std::uint64_t>(time));
    hash_ = mix(hash_ + (a << 8) + static_cast<std::uint64_t>(kind));
    hash_ = mix(hash_ ^ b) + c;
    ++events_;
  }
  std::uint64_t hash() const { return mix(hash_); }
  std::uint64_t events() const { return events_; }

 private:
  std::uint64_t hash_ = 0x50fa;
  std::uint64_t events_ = 0;
};

/// A hash of content, for traces. Little-endian machines only, as all of ours are.
inline std::uint64_t hash_of(BytesView bytes) {
  std::uint64_t hash = bytes.size();
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hash = mix(hash ^ word) + 0x9e3779b97f4a7c15ull;
    bytes = bytes.subspan(8);
  }
  for (const std::uint8_t byte : bytes) hash = mix(hash ^ byte) + 1;
  return hash;
}

}  // namespace sofa::io::sim
