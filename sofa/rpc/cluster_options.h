// ClusterOptions: how the calls of a reference go to several providers (cluster_remote.h).
//
//   auto accounts = context.reference<AccountService>({.url = "zookeeper://10.0.0.1:2181",
//                                                      .cluster = {.retries = 2, .load_balancer = "roundRobin"}});
//
// SOFARPC's names where it has the thing: retries, loadBalancer, sticky, lazy, router; failover and failfast.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sofa/rpc/cluster/fault_tolerance.h"
#include "sofa/rpc/cluster/retry_budget.h"

namespace sofa::rpc {

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
  /// Names (router.h).
  std::vector<std::string> routers = {};
  /// Calls of a shard that may wait for the first list.
  std::size_t max_waiting = 1024;
  /// Hosts that are this machine: localPref.
  std::vector<std::string> local_hosts = {"127.0.0.1", "::1", "localhost"};
};

}  // namespace sofa::rpc
