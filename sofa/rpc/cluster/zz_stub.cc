#include "sofa/rpc/cluster/balancer.h"
#include "sofa/rpc/cluster/fault_tolerance.h"
#include <algorithm>
namespace sofa::rpc {
namespace {
struct R final : Balancer {
  void rebuild(std::span<const Candidate>) override {}
  std::size_t choose(std::span<const Candidate> c, const Choice& ch) override {
    if (c.empty()) return kNobody;
    std::size_t s = ch.random % c.size();
    for (std::size_t i = 0; i < c.size(); ++i) {
      std::size_t at = (s + i) % c.size();
      if (c[at].available && std::ranges::find(ch.tried, static_cast<std::uint32_t>(at)) == ch.tried.end()) return at;
    }
    return kNobody;
  }
};
}
Result<std::unique_ptr<Balancer>> make_balancer(std::string_view) { return std::unique_ptr<Balancer>(new R); }
std::vector<std::string_view> balancer_names() { return {"random"}; }
FaultTolerance::FaultTolerance(FaultToleranceOptions o) : options_(o) {}
std::vector<Verdict> FaultTolerance::regulate(io::TimePoint, std::span<const ProviderWindow>) { return {}; }
}
