// The address source `zookeeper://`: C++ and Java SOFARPC programs find each other in one ZooKeeper.
//
//   sofa::registry::register_zookeeper();              // at start-up
//   ContextConfig config;
//   config.registry = "zookeeper://10.0.0.1:2181,10.0.0.2:2181/bank";
//   Context context(config);                           // publishes its services there, and finds those of references
//
// What is to be published is wished for and stays wished for: a new session, or the next connection, makes true what
// the last one did not. The same holds for what is withdrawn, so that no provider stays that has gone.
// Ownership, threads and errors: as address_source.h says.
#pragma once

#include <functional>
#include <memory>

#include "sofa/registry/zookeeper_session.h"

namespace sofa::registry {

/// Makes the scheme known to contexts that are made from now on.
void register_zookeeper();

/// How a source comes to its sessions; tests have others.
using ZookeeperSessions = std::function<std::unique_ptr<ZookeeperSession>(io::Shard& home, const ZookeeperUrl& url,
                                                                          ZookeeperSession::Events events)>;
Result<std::shared_ptr<rpc::AddressSource>> make_zookeeper_source(std::string_view url,
                                                                  const rpc::SourceEnvironment& environment,
                                                                  ZookeeperSessions sessions);

}  // namespace sofa::registry
