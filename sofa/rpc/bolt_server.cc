#include "sofa/rpc/bolt_server.h"

#include <utility>

#include "sofa/io/async.h"
#include "sofa/rpc/server_connection.h"

namespace sofa::rpc {
namespace {

constexpr io::Duration kLookAgain = std::chrono::milliseconds(5);  // while stopping

template <class Visit>
void for_each_connection(const ServerShard& server, Visit&& visit) {
  for (ServerConnection* at = server.connections; at;) {
    ServerConnection* next = at->next();
    if (!at->is_closed()) visit(*at);
    at = next;
  }
}

}  // namespace

BoltServer::BoltServer(io::Shards& shards, const ServiceTable& services, BoltServerOptions options)
    : shards_(shards), acceptors_(static_cast<std::size_t>(shards.size())) {
  for (int i = 0; i < shards.serving(); ++i) {
    servers_.push_back(std::make_shared<ServerShard>(shards[i], services, options));
  }
}

BoltServer::~BoltServer() = default;

io::ProtocolFactory BoltServer::protocol_factory() const {
  return [servers = servers_](io::Shard& shard, const io::ConnectionState* moved) {
    return std::make_unique<ServerConnection>(servers[static_cast<std::size_t>(shard.index())], moved);
  };
}

Result<void> BoltServer::listen_on(io::Shard& shard, io::Address& address) {
  io::Acceptor::Options options;
  if (address.is_unix) {
    if (shard.index() != 0) return {};
    for (int i = 0; i < shards_.serving(); ++i) options.deal_to.push_back(&shards_[i]);
  } else {
    options.listen.share_port = shards_.serving() > 1;
  }
  SOFA_TRY(auto acceptor, io::Acceptor::listen(shard, address, protocol_factory(), options));
  address = acceptor->address();
  acceptors_[static_cast<std::size_t>(shard.index())].push_back(std::move(acceptor));
  return {};
}

Result<io::Address> BoltServer::listen(const io::Address& address) {
  io::Address bound = address;
  for (int i = 0; i < shards_.serving(); ++i) SOFA_TRY_VOID(listen_on(shards_[i], bound));
  return bound;
}

Task<io::Address> BoltServer::start_listening(io::Address address) {
  for (int i = 0; i < shards_.serving(); ++i) {
    co_await switch_to(shards_[i]);
    if (Result<void> listening = listen_on(shards_[i], address); !listening) listening.error().raise();
  }
  co_return address;
}

Task<void> BoltServer::wait_until_quiet(io::Shard& shard, io::TimePoint deadline) {
  co_await switch_to(shard);
  while (shard.now() < deadline) {
    const io::TimePoint since = shard.now() - server(shard).options.quiet;
    bool quiet = true;
    for_each_connection(server(shard),
                        [&](ServerConnection& connection) { quiet &= connection.is_quiet_since(since); });
    if (quiet && server(shard).counts.in_flight == 0) co_return;
    co_await sleep(kLookAgain);
  }
}

Task<void> BoltServer::wait_until_closed(io::Shard& shard, io::TimePoint deadline) {
  co_await switch_to(shard);
  while (shard.now() < deadline && server(shard).counts.connections > 0) co_await sleep(kLookAgain);
  for_each_connection(server(shard), [](ServerConnection& connection) {
    connection.connection().close(Error(io::IoError::kStopped, "the server stopped"));
  });
}

Task<void> BoltServer::stop(io::TimePoint deadline) {
  for (int i = 0; i < shards_.serving(); ++i) {
    co_await switch_to(shards_[i]);
    acceptors_[static_cast<std::size_t>(i)].clear();
  }
  for (int i = 0; i < shards_.serving(); ++i) co_await wait_until_quiet(shards_[i], deadline);
  for (int i = 0; i < shards_.serving(); ++i) {
    co_await switch_to(shards_[i]);
    for_each_connection(server(shards_[i]), [](ServerConnection& connection) { connection.connection().half_close(); });
  }
  for (int i = 0; i < shards_.serving(); ++i) co_await wait_until_closed(shards_[i], deadline);
}

BoltServerCounts<std::uint64_t> BoltServer::counts() const {
  BoltServerCounts<std::uint64_t> sum;
  for (const auto& server : servers_) server->counts.add_to(sum);
  return sum;
}

std::uint64_t BoltServer::slower_than(io::Duration limit) const {
  std::uint64_t slower = 0;
  for (const auto& server : servers_) {
    HistogramSnapshot took;
    took.add(server->took_ns);
    slower += took.count() - took.count_at_most(static_cast<std::uint64_t>(limit.count()));
  }
  return slower;
}

}  // namespace sofa::rpc
