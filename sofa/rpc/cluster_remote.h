// ClusterRemote: a reference's calls to a service that has several providers.
//
//   auto remote = std::make_shared<ClusterRemote>(shards, target, options, connect);
//   remote->set_providers(list);                        // and again whenever they change, from any thread
//   RemoteCall call(*remote, method, call_options, &arguments, &result);
//   co_await call;
//
// Each shard has its own view: its balancer, its connections' readiness, its calls under way (cluster_shard.h). A
// provider that leaves the list gets no new calls; those under way end in their time. Calls that come before the first
// list wait for it. Whether a provider fails or is slow is counted over all shards (FaultTolerance).
//
// What is tried again: a call that certainly reached nobody, at once, at another provider; SERVER_BUSY; and, only where
// the method or the call says that it is idempotent, timeouts and lost connections. `retries` and a budget bound the
// latter two; all attempts together end at the call's deadline.
// Ownership: calls under way keep it. Threads: make, set_providers and counts from any; calls on a shard of the group.
// Source of the family's rules: SOFARPC 5.13 FailOverCluster, FailFastCluster, AbstractCluster.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sofa/rpc/cluster/provider.h"
#include "sofa/rpc/cluster_options.h"
#include "sofa/rpc/counter.h"
#include "sofa/rpc/remote.h"

namespace sofa::io {
class ShardLink;
class Shards;
}  // namespace sofa::io

namespace sofa::rpc {

/// What happened since the start.
template <class Count>
struct ClusterCounts {
  Count calls{};
  Count retries{};
  Count retries_denied{};  // by the budget
  Count moved{};           // attempts that reached nobody, made at another provider
  Count hedges{};
  Count hedges_won{};
  Count no_provider{};  // calls that found none

  template <class Other>
  void add_to(ClusterCounts<Other>& sum) const {
    sum.calls += calls;
    sum.retries += retries;
    sum.retries_denied += retries_denied;
    sum.moved += moved;
    sum.hedges += hedges;
    sum.hedges_won += hedges_won;
    sum.no_provider += no_provider;
  }
};

class ClusterRegulator;
class ClusterShard;
struct ClusterState;

class ClusterRemote final : public Remote {
 public:
  struct Target {
    std::string service;      // `interface:version[:uniqueId]`, for messages
    io::Duration timeout{0};  // of a call, where it does not say itself
    std::string source = "";  // where the list comes from, for messages
  };
  /// The way to one provider; null where its protocol or address is none that this process can call. Any shard's.
  using MakeRemote = std::function<std::shared_ptr<Remote>(const Provider& provider)>;

  /// io::IoError::kAddress for a balancer that there is not, Code::kClientRouter for such a router.
  static Result<std::shared_ptr<ClusterRemote>> make(io::Shards& shards, Target target, ClusterOptions options,
                                                     MakeRemote make_remote);
  ~ClusterRemote() override;

  /// Takes over a list, unless it is older than the one that is there. Any thread.
  void set_providers(ProviderListPtr list);
  ProviderListPtr providers() const;

  void start(RemoteCall& call) override;
  void abandon(RemoteCall& call) override;

  ClusterCounts<std::uint64_t> counts() const;
  /// What fault tolerance gives a provider of its weight at the moment, in thousandths; 1000 where it knows nothing.
  std::uint32_t weight_permille(const Provider& provider) const;

 private:
  ClusterRemote(io::Shards& shards, std::shared_ptr<ClusterState> state);
  ClusterShard* here() const;

  const std::shared_ptr<ClusterState> state_;
  std::vector<std::shared_ptr<ClusterShard>> shards_;
  std::vector<std::shared_ptr<io::ShardLink>> links_;  // to them: this may outlive the shards
  std::shared_ptr<ClusterRegulator> regulator_;
};

}  // namespace sofa::rpc
