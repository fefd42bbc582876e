// BoltServer: serves what a ServiceTable holds over Bolt, on every shard of a group.
//
//   ServiceTable services;
//   services.install(key, kInterface<AccountService>, std::make_shared<Accounts>());
//   BoltServer server(shards, services);
//   Result<io::Address> at = server.listen(*io::Address::parse("0.0.0.0:12200"));
//   …
//   co_await server.stop(deadline);       // answers what arrives until it is quiet, then closes
//
// Unmodified Java and Node clients are served as by SOFARPC: Bolt v1, v2 and v2 with CRC, Hessian, the family's texts
// and statuses. What cannot be served is answered, where a Java server stays silent too (a damaged header map).
// Ownership: outlives the services' running calls; destroy it when the shards no longer turn (Shards::stop_and_join
// destroys the calls that are suspended). The table outlives it.
// Threads: listen before the shards turn; start_listening and stop on a shard; counts from any.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/acceptor.h"
#include "sofa/io/task.h"
#include "sofa/rpc/server_shard.h"
#include "sofa/rpc/service_table.h"

namespace sofa::rpc {

class BoltServer {
 public:
  BoltServer(io::Shards& shards, const ServiceTable& services, BoltServerOptions options = {});
  ~BoltServer();
  BoltServer(const BoltServer&) = delete;
  BoltServer& operator=(const BoltServer&) = delete;

  /// Listens on all shards, before they turn; gives the address with its real port. Further addresses may follow.
  Result<io::Address> listen(const io::Address& address);
  /// The same while they turn. Throws what failed.
  Task<io::Address> start_listening(io::Address address);
  /// Makes the Bolt side of connections that were accepted, or moved from another shard of the group.
  io::ProtocolFactory protocol_factory() const;

  /// Accepts no more, goes on answering until all connections are quiet or `deadline`, then half-closes them, waits for
  /// the peers to close, and closes what is left at the deadline.
  Task<void> stop(io::TimePoint deadline);

  /// All shards together.
  BoltServerCounts<std::uint64_t> counts() const;
  /// Calls that took longer than `limit`, from their arrival to their end, of all since the start.
  std::uint64_t slower_than(io::Duration limit) const;

 private:
  using Acceptors = std::vector<std::unique_ptr<io::Acceptor>>;

  /// Shares the port with the other shards, or deals out to them where that cannot be.
  Result<void> listen_on(io::Shard& shard, io::Address& address);
  Task<void> wait_until_quiet(io::Shard& shard, io::TimePoint deadline);
  Task<void> wait_until_closed(io::Shard& shard, io::TimePoint deadline);
  ServerShard& server(const io::Shard& shard) const { return *servers_[static_cast<std::size_t>(shard.index())]; }

  io::Shards& shards_;
  std::vector<std::shared_ptr<ServerShard>> servers_;
  std::vector<Acceptors> acceptors_;  // by shard
};

}  // namespace sofa::rpc
