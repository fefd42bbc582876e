// What a call's priority (kPriority) is worth where there is not enough for all.
#pragma once

#include <algorithm>

#include "sofa/io/call_context.h"

namespace sofa::rpc {

/// The share that a call has of every limit, of a queue's length and of the patience there: all of it from priority 0
/// up; each step below takes a quarter away, down to one. So the lower ones are refused first.
inline float share_of(const CallContext& context) {
  const std::int32_t* priority = context.get(kPriority);
  return priority && *priority < 0 ? static_cast<float>(4 + std::max(*priority, -3)) / 4 : 1;
}

}  // namespace sofa::rpc
