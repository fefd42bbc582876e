#include "sofa/rpc/cluster/balancer.h"

#include <algorithm>

#include <fmt/format.h>

#include "sofa/io/env.h"
#include "sofa/rpc/cluster/balancer_kinds.h"

namespace sofa::rpc {
namespace {

struct Kind {
  std::string_view name;
  std::unique_ptr<Balancer> (*make)();
};
constexpr Kind kKinds[] = {
    {"auto", make_random},
    {"random", make_random},
    {"localPref", make_local_pref},
    {"roundRobin", make_round_robin},
    {"weightRoundRobin", make_weight_round_robin},
    {"consistentHash", make_consistent_hash},
    {"weightConsistentHash", make_weight_consistent_hash},
    {"leastActive", make_least_active},
    {"peakEwma", make_peak_ewma},
};

}  // namespace

Result<std::unique_ptr<Balancer>> make_balancer(std::string_view name) {
  const auto* kind = std::ranges::find(kKinds, name, &Kind::name);
  if (kind != std::end(kKinds)) return kind->make();
  return fail(io::IoError::kAddress, "there is no load balancer {}: choose among {}", name,
              fmt::join(balancer_names(), ", "));
}

std::vector<std::string_view> balancer_names() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

}  // namespace sofa::rpc
