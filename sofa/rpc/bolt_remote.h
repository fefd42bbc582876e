// BoltRemote: a reference's calls to one address over Bolt. Made by BoltClient::make_remote.
//
// Its requests' constant parts are built when it is made. Any shard of its client may start calls.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/address.h"
#include "sofa/rpc/remote.h"
#include "sofa/rpc/request_template.h"

namespace sofa::rpc {

class BoltClient;
class ClientConnection;
class ClientPool;
class ClientShard;

class BoltRemote final : public Remote {
 public:
  /// `interface` is in static storage; `shards` by index.
  BoltRemote(std::vector<ClientShard*> shards, io::Address address, CallIdentity identity, const Interface& interface,
             io::Duration timeout);

  void start(RemoteCall& call) override;
  void abandon(RemoteCall& call) override;

  /// From the pool: sends a started call over a connection.
  void send(RemoteCall& call, ClientConnection& connection, io::TimePoint deadline) const;

 private:
  struct Templates {
    RequestTemplate request;
    RequestTemplate oneway;
  };
  /// The current shard's; null where the client has none.
  ClientPool* pool();

  const std::vector<ClientShard*> shards_;
  std::vector<ClientPool*> pools_;  // by shard; each is touched by its shard only
  const io::Address address_;
  const CallIdentity identity_;
  const Interface& interface_;
  const io::Duration timeout_;
  std::vector<Templates> templates_;  // by method index
};

}  // namespace sofa::rpc
