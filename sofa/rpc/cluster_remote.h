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

#include "sofa/rpc/cluster/fault_tolerance.h"
#include "sofa/rpc/cluster/provider.h"
#include "sofa/rpc/cluster/retry_budget.h"
#include "sofa/rpc/counter.h"
#include "sofa/rpc/remote.h"

namespace sofa::io {
class Shard;
class Shards;
}  // namespace sofa::io

namespace sofa::rpc {

class Router;

/// To which of its providers a reference keeps connections.
enum class Connect : std::uint8_t {
  kAll,      // to all, from the start
  kLazy,     // to those that calls went to
  kElastic,  // to some, and to more when these are lost
};

struct ClusterOptions {
  /// False: failfast, no call is tried again (but for those that reached nobody).
  bool failover = true;
  /// Further attempts of a call that may be retried; SOFARPC's default is 0 as well. At most 3.
  std::uint32_t retries = 0;
  RetryBudget::Options retry_budget = {};
  /// Of one attempt, so that a retry has time left; 0: an attempt has the whole call's.
  io::Duration attempt_timeout{0};
  /// An idempotent call that is not answered in this time is asked of another provider too; 0: never.
  io::Duration hedge_after{0};
  std::string load_balancer = "auto";
  /// Calls go to the same provider for as long as it is there.
  bool sticky = false;
  Connect connect = Connect::kAll;
  std::uint32_t elastic_size = 5;
  /// Of the list, instead of a number; 0: the number counts.
  std::uint32_t elastic_percent = 0;
  FaultToleranceOptions fault_tolerance = {};
  std::vector<std::shared_ptr<Router>> routers = {};
  /// Calls of a shard that may wait for the first list.
  std::size_t max_waiting = 1024;
  /// Hosts that are this machine: localPref.
  std::vector<std::string> local_hosts = {"127.0.0.1", "::1", "localhost"};
};

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

  /// io::IoError::kAddress for a balancer that there is not.
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
  std::shared_ptr<ClusterRegulator> regulator_;
};

}  // namespace sofa::rpc
