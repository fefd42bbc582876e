// Sampler: which traces are recorded. A caller's decision stands; where none was made, a share of all trace ids, by the
// id alone, so that every process of ours decides the same. A call without a trace is not recorded.
//
//   Sampler sampler(0.01);
//   if (sampler.records(call.sampled, call.trace_id)) …
#pragma once

#include <cstdint>
#include <string_view>

#include "sofa/observe/call_record.h"

namespace sofa::observe {

/// 64 bits of a text that are spread evenly, the same in every process and version. Not for keys that a peer could
/// choose to collide.
constexpr std::uint64_t spread(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = seed ^ 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
  return hash ^ hash >> 31;
}

class Sampler {
 public:
  /// `ratio` from 0 (none) to 1 (all).
  explicit Sampler(double ratio = 1)
      : all_(ratio >= 1), below_(ratio > 0 && ratio < 1 ? static_cast<std::uint64_t>(ratio * kRange) : 0) {}

  bool records(Sampled decided, std::string_view trace_id) const {
    if (decided != Sampled::kUndecided) return decided == Sampled::kYes;
    return !trace_id.empty() && (all_ || (below_ != 0 && spread(trace_id, 0) >> 11 < below_));
  }

 private:
  static constexpr double kRange = 0x1p53;
  bool all_;
  std::uint64_t below_;
};

}  // namespace sofa::observe
