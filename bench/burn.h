// A service that computes for a given time: to see whether work spreads over shards.
#pragma once

#include <cstdint>
#include <string_view>

#include "sofa/sdk.h"

class BurnService {
 public:
  static constexpr std::string_view idempotent[] = {"burn"};
  virtual ~BurnService() = default;
  virtual sofa::Task<std::int64_t> burn(std::int32_t rounds) = 0;
};
SOFA_SERVICE(BurnService, "dev.sofa.bench.BurnService", burn)
