// BoltClient: calls services over Bolt at plain addresses, from every shard of a group.
//
//   BoltClient client(shards);
//   auto remote = client.make_remote({.address = address, .key = {"dev.sofa.bank.AccountService"},
//                                     .interface = &kInterface<AccountService>, .app = "teller"});
//   RemoteCall call(*remote, method, options, &arguments, &result);
//   co_await call;
//
// Each shard keeps its own connections to an address, shared by all references to it: made when a call needs one, kept
// alive by heartbeats, made again after a loss. What fails says so with rpc::Code: kClientNetwork (retriable) when no
// connection could be had or it was lost, kClientTimeout at the deadline, kServer… for what the server said.
// Ownership: outlives its remotes' calls; destroy it when the shards no longer turn. Threads: make_remote, counts and
// close from any; calls on a shard of the group.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sofa/rpc/client_shard.h"
#include "sofa/rpc/remote.h"

namespace sofa::io {
class Shards;
}

namespace sofa::rpc {

class BoltRequests;

class BoltClient {
 public:
  explicit BoltClient(io::Shards& shards, BoltClientOptions options = {});
  ~BoltClient();
  BoltClient(const BoltClient&) = delete;
  BoltClient& operator=(const BoltClient&) = delete;

  struct Target {
    io::Address address;
    ServiceKey key;
    const Interface* interface;  // in static storage
    std::string app = {};        // ours, as the server sees it
    io::Duration timeout{0};     // 0: the client's
  };
  /// Code::kClientSerialize when the names are too long for a frame.
  Result<std::shared_ptr<Remote>> make_remote(Target target);
  /// The same in two steps, for many addresses of one service: the target's address is not looked at.
  Result<std::shared_ptr<const BoltRequests>> make_requests(Target target) const;
  std::shared_ptr<Remote> make_remote(io::Address address, std::shared_ptr<const BoltRequests> requests) const;

  /// Closes all connections, in a coming turn of each shard; calls under way fail.
  void close();

  /// All shards together.
  BoltClientCounts<std::uint64_t> counts() const;

 private:
  io::Shards& shards_;
  const BoltClientOptions options_;
  std::vector<std::shared_ptr<ClientShard>> clients_;
};

}  // namespace sofa::rpc
