// Balancer: which provider gets the next call. Pure: numbers in, an index out. One a shard and reference.
//
//   auto balancer = make_balancer("weightRoundRobin");                 // SOFARPC's names, and ours
//   balancer->rebuild(candidates);                                     // the list or a weight changed
//   std::size_t chosen = balancer->choose(candidates, {.random = random.next(), .key = account});
//
// A provider that is not available, or was tried already, is chosen by none: `kNobody` when nobody is left. One of
// weight 0 takes calls only when all available ones have weight 0; but consistentHash knows no weights, as in SOFARPC:
// the key's provider is the same for consumers of all languages. `choose` gets the candidates of the last `rebuild`;
// all but their providers and weights may have changed since. It allocates nothing, and looks at few candidates,
// however many there are, unless most of them are not available. One shard's thread. Source of the family's rules:
// SOFARPC 5.13 AbstractLoadBalancer and its implementations; the rings are compared with recorded ones.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sofa/base/error.h"
#include "sofa/rpc/cluster/provider.h"

namespace sofa::rpc {

/// A provider as the cluster sees it on one shard at the moment.
struct Candidate {
  const Provider* provider = nullptr;
  /// Now: warming up and degraded ones have less than their own.
  std::uint32_t weight = Provider::kDefaultWeight;
  /// Calls of this shard under way.
  std::uint32_t in_flight = 0;
  /// Peak EWMA: jumps up with a slow answer, comes down slowly. 0: nothing is known yet.
  std::uint32_t latency_us = 0;
  /// Not ejected, not unreachable, let through by the routers.
  bool available = true;
  /// On this machine.
  bool is_local = false;
};

inline constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

/// What a choice is made by, besides the candidates.
struct Choice {
  std::uint64_t random = 0;
  /// Consistent hashing: calls of one key go to one provider.
  std::string_view key = {};
  /// Indices of those that this call has tried.
  std::span<const std::uint32_t> tried = {};
};

class Balancer {
 public:
  virtual ~Balancer() = default;
  virtual void rebuild(std::span<const Candidate> candidates) = 0;
  virtual std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) = 0;
  /// Whether `Choice::key` matters: nobody else needs to make one.
  virtual bool needs_key() const { return false; }
  /// Whether `Candidate::weight` counts, beyond 0 or not.
  virtual bool knows_weights() const { return true; }
};

/// random (weighted), roundRobin, weightRoundRobin, consistentHash, weightConsistentHash, localPref as in SOFARPC;
/// leastActive, peakEwma; auto is random. Error: io::IoError::kAddress with the names that there are.
Result<std::unique_ptr<Balancer>> make_balancer(std::string_view name);
std::vector<std::string_view> balancer_names();

}  // namespace sofa::rpc
