// BoltRequests: a reference's requests over Bolt; their constant parts are built when it is made. BoltRemote: its calls
// to one address. Made by BoltClient.
//
// A cluster has one BoltRequests for all its BoltRemotes. Any shard of the client may start calls.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/address.h"
#include "sofa/rpc/remote.h"
#include "sofa/rpc/request_template.h"

namespace sofa {
class TraceIds;
}

namespace sofa::rpc {

class BoltClient;
class ClientConnection;
class ClientPool;
class ClientShard;

class BoltRequests {
 public:
  /// `interface` is in static storage; `trace_ids` may be null and outlives this.
  BoltRequests(CallIdentity identity, const Interface& interface, io::Duration timeout, TraceIds* trace_ids);

  /// Sends a started call over a connection.
  void send(RemoteCall& call, ClientConnection& connection, io::TimePoint deadline) const;
  /// From the call to its answer, where it does not say itself.
  io::Duration timeout() const { return timeout_; }

 private:
  struct Templates {
    RequestTemplate request;
    RequestTemplate oneway;
  };
  /// The call's own trace; false where it has none.
  bool make_span(RemoteCall& call, TraceContext& span) const;
  /// Adds what goes along with `call`; `own` holds its trace as long as `extras` is used, if nobody else does.
  void add_context(RemoteCall& call, io::TimePoint deadline, TraceContext& own, RequestExtras& extras) const;

  const CallIdentity identity_;
  const Interface& interface_;
  const io::Duration timeout_;
  TraceIds* const trace_ids_;         // null: calls without a trace get none
  std::vector<Templates> templates_;  // by method index
};

class BoltRemote final : public Remote {
 public:
  /// `shards` by index.
  BoltRemote(std::vector<std::shared_ptr<ClientShard>> shards, io::Address address,
             std::shared_ptr<const BoltRequests> requests);

  void start(RemoteCall& call) override;
  void abandon(RemoteCall& call) override;
  Readiness readiness() override;
  void prepare() override;
  void release() override;

 private:
  /// The current shard's; null where the client has none.
  ClientPool* pool();

  const std::vector<std::shared_ptr<ClientShard>> shards_;
  std::vector<ClientPool*> pools_;  // by shard; each is touched by its shard only
  const io::Address address_;
  const std::shared_ptr<const BoltRequests> requests_;
};

}  // namespace sofa::rpc
