// Sampler: which traces are recorded. A caller's decision stands; where none was made, a share of all trace ids, by the
// id alone, so that every process of ours decides the same. A call without a trace is not recorded.
//
//   Sampler sampler(0.01);
//   if (sampler.records(call.sampled, call.trace_id)) …
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "sofa/observe/call_record.h"

namespace sofa::observe {

/// 64 bits of an id that are spread evenly, the same in every process and version: of its last 16 characters, where
/// SOFATracer's ids have time, counter and process. Not for keys that a peer could choose to collide.
inline std::uint64_t spread(std::string_view id) {
  std::uint64_t words[2] = {};  // little-endian, like all machines that this runs on
  if (id.size() >= sizeof words) [[likely]] {
    std::memcpy(words, id.data() + id.size() - sizeof words, sizeof words);
  } else {
    std::memcpy(words, id.data(), id.size());
  }
  const auto product = static_cast<unsigned __int128>(words[0] ^ 0xa0761d6478bd642f) * (words[1] ^ 0xe7037ed1a0b428db);
  const auto folded = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  return (folded ^ folded >> 32) * 0x9e3779b97f4a7c15;
}

class Sampler {
 public:
  /// `ratio` from 0 (none) to 1 (all).
  explicit Sampler(double ratio = 1)
      : all_(ratio >= 1), below_(ratio > 0 && ratio < 1 ? static_cast<std::uint64_t>(ratio * kRange) : 0) {}

  bool records(Sampled decided, std::string_view trace_id) const {
    if (decided != Sampled::kUndecided) return decided == Sampled::kYes;
    return !trace_id.empty() && (all_ || (below_ != 0 && spread(trace_id) >> 11 < below_));
  }

 private:
  static constexpr double kRange = 0x1p53;
  bool all_;
  std::uint64_t below_;
};

}  // namespace sofa::observe
