// The smallest service there is, for what modules cost.
#pragma once

#include <cstdint>

#include "sofa/sdk.h"

namespace bench {

class CounterService {
 public:
  virtual ~CounterService() = default;
  /// `n` plus the number of the version that answers.
  virtual sofa::Task<std::int64_t> add(std::int64_t n) = 0;
};

}  // namespace bench

SOFA_SERVICE(bench::CounterService, "bench.CounterService", add)
