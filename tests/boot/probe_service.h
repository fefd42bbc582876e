// What the tests' modules publish, and what they find in the host that loads them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sofa/sdk.h"

namespace probe {

/// Comes over the border of a module with its own type.
struct ProbeFailure : sofa::hessian::Exception<ProbeFailure> {
  static constexpr auto java_class = "test.ProbeFailure";
  std::int32_t code = 0;
};
BOOST_DESCRIBE_STRUCT(ProbeFailure, (sofa::hessian::Throwable), (code))

class ProbeService {
 public:
  using Throws = sofa::rpc::Throws<ProbeFailure>;
  virtual ~ProbeService() = default;
  /// `1.0.0 dependency 1`: of the module, and of a library in it that other modules have in another version.
  virtual sofa::Task<std::string> version() = 0;
  virtual sofa::Task<std::string> later(std::int64_t ms) = 0;
  virtual sofa::Task<void> fail(std::int32_t code) = 0;
};

/// Contributed by modules at `probe.names`.
class Named {
 public:
  virtual ~Named() = default;
  virtual std::string name() const = 0;
};

/// The host's: something that a module hands out and never gets back.
void keep(std::shared_ptr<void> object);

}  // namespace probe

SOFA_SERVICE(probe::ProbeService, "test.ProbeService", version, later, fail)
SOFA_SERVICE_EXTERN(probe::ProbeService)
