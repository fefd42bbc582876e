// Points that customers get for what they do with the bank.
#pragma once

#include <cstdint>
#include <string>

#include "sofa/sdk.h"

namespace bank {

class PointService {
 public:
  virtual ~PointService() = default;
  /// Gives the account's points, these included.
  virtual sofa::Task<std::int64_t> add(std::string account, std::int64_t points) = 0;
  virtual sofa::Task<std::int64_t> get_points(std::string account) = 0;
};

}  // namespace bank

SOFA_SERVICE(bank::PointService, "dev.sofa.bank.PointService", add, get_points)
SOFA_SERVICE_EXTERN(bank::PointService)
