// Naming: how the services of a context are found by others, and how its references find theirs.
//
//   Naming naming(env, shards, client, workers, {.registry = "zookeeper://10.0.0.1:2181", .app = "bank"});
//   SOFA_TRY(auto remote, naming.refer(target, "", cluster_options));   // a cluster over what the registry says
//   co_await naming.offer(key, {.weight = 200});                        // this process serves it …
//   co_await naming.open(address);                                      // … here; published from now on
//   co_await naming.withdraw();                                         // before it stops serving
//
// A reference's url is one plain address, a list of them, or a source (address_source.h); an empty one means the
// registry. Sources are shared by all references and services of a context.
// Ownership: outlives nothing of what it made: after `close` its remotes get no more lists. Threads: refer and close
// from any; the rest on a shard. Errors: the source's, saying what could not be published where.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/io/task.h"
#include "sofa/rpc/address_source.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/cluster_options.h"

namespace sofa::rpc {

class Naming {
 public:
  struct Options {
    std::string registry;  // the source of references without a url, and of publications; empty: none
    std::string app;
    std::string announce;  // the host that others call, where it is not the one that is listened at
  };
  /// What callers are told of a service.
  struct Offer {
    std::uint32_t weight = Provider::kDefaultWeight;
    /// For so long after the start it gets `warmup_weight` of its calls.
    io::Duration warmup_time{0};
    std::uint32_t warmup_weight = 0;
  };

  Naming(io::Env& env, io::Shards& shards, BoltClient& client, std::function<io::WorkerPool&()> workers,
         Options options);
  ~Naming();
  Naming(const Naming&) = delete;
  Naming& operator=(const Naming&) = delete;

  /// Where the calls of a reference go; null when neither a url nor a registry says it.
  Result<std::shared_ptr<Remote>> refer(BoltClient::Target target, std::string_view url, const ClusterOptions& options);

  Task<void> offer(ServiceKey key, Offer offer);
  Task<void> retract(ServiceKey key);
  Task<void> open(io::Address address);
  /// Of everything. What could not be told to the registry is logged.
  Task<void> withdraw();
  void close();

 private:
  struct Cluster;

  Result<std::shared_ptr<AddressSource>> source(std::string_view url);
  Result<std::shared_ptr<Remote>> refer_cluster(BoltClient::Target target, std::string_view url,
                                                const ClusterOptions& options);
  Publication publication(const ServiceKey& key, const Offer& offer, const io::Address& address) const;
  Task<void> publish(std::vector<Publication> publications);
  Task<void> unpublish(std::vector<Publication> publications);

  io::Env& env_;
  io::Shards& shards_;
  BoltClient& client_;
  const std::function<io::WorkerPool&()> workers_;
  const Options options_;
  const std::int64_t start_ms_;  // since 1970

  std::mutex mutex_;  // what follows
  bool closed_ = false;
  std::map<std::string, std::shared_ptr<AddressSource>, std::less<>> sources_;
  std::vector<std::weak_ptr<Cluster>> clusters_;
  std::map<std::string, std::pair<ServiceKey, Offer>> offers_;
  std::vector<io::Address> addresses_;
};

}  // namespace sofa::rpc
