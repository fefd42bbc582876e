// AddressSource: where the addresses of services come from and go to: a fixed list, a file, DNS, ZooKeeper, a registry.
// One source serves all services of a Context; clusters (cluster_remote.h) watch it, servers publish to it.
//
//   SOFA_TRY(auto source, make_address_source("zookeeper://10.0.0.1:2181,10.0.0.2:2181/bank", environment));
//   co_await source->publish({key, provider});                     // returns when the source has it
//   auto watch = source->watch(key, [](ProviderListPtr list) { … });   // now, if known, and at each change
//   watch.reset();                                                 // not called any more once this returned
//   co_await source->unpublish({key, provider});
//
// A scheme's factory is registered at start-up by the part that has it; `bolt`, `file` and `dns` are rpc's own.
// While a source cannot be asked (its server is down, or gives nonsense) watchers keep the last good list, told once
// more with `stale_since`. Where others keep the list (DNS, ZooKeeper), an empty one after one with providers is such
// nonsense: those who did go refuse connections. In a file it is what somebody wrote.
//
// Threads: publish and unpublish on a shard of the environment's group; watch and the end of a Watch anywhere but in
// `changed`. `changed` runs on a thread of the source's choice, one call at a time, and must not block.
// Errors: io::IoError (kAddress: the url; kTimeout: no answer by the context's deadline), the source's own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sofa/base/error.h"
#include "sofa/io/shard.h"
#include "sofa/io/task.h"
#include "sofa/rpc/cluster/provider.h"
#include "sofa/rpc/method.h"

namespace sofa::io {
class WorkerPool;
}

namespace sofa::rpc {

/// One provider of one service, as its server says it.
struct Publication {
  ServiceKey key;
  Provider provider;
};

class AddressSource {
 public:
  /// Ends the watching when it is destroyed.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  using Changed = std::function<void(ProviderListPtr list)>;

  virtual ~AddressSource() = default;
  /// Publishing again what is published does nothing; a source that loses its session publishes again by itself.
  virtual Task<void> publish(Publication publication) = 0;
  virtual Task<void> unpublish(Publication publication) = 0;
  virtual std::unique_ptr<Watch> watch(const ServiceKey& key, Changed changed) = 0;
};

/// What a source may use of the process it is in.
struct SourceEnvironment {
  io::Shards& shards;
  /// For what blocks: files, libraries that wait.
  io::WorkerPool& workers;
  /// The application's name, as consumers are listed.
  std::string app;
};

using AddressSourceFactory = Result<std::shared_ptr<AddressSource>> (*)(std::string_view url,
                                                                        SourceEnvironment environment);
/// At start-up, before contexts are made. The last registration of a scheme stands.
void register_address_source(std::string_view scheme, AddressSourceFactory factory);
/// IoError::kAddress names the schemes that there are.
Result<std::shared_ptr<AddressSource>> make_address_source(std::string_view url, SourceEnvironment environment);

}  // namespace sofa::rpc
