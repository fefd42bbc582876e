#include "sofa/net/http_server.h"

#include <utility>

#include "sofa/io/async.h"
#include "sofa/net/http_server_connection.h"
#include "sofa/net/http_server_shard.h"

namespace sofa::net {
namespace {

constexpr io::Duration kLookAgain = std::chrono::milliseconds(5);  // while stopping

template <class Visit>
void for_each_connection(const HttpServerShard& server, Visit&& visit) {
  for (HttpServerConnection* at = server.connections; at;) {
    HttpServerConnection* next = at->next();
    visit(*at);
    at = next;
  }
}

}  // namespace

HttpServer::HttpServer(io::Shards& shards, HttpHandler handler, HttpServerOptions options)
    : shards_(shards), acceptors_(static_cast<std::size_t>(shards.size())) {
  const auto shared = std::make_shared<const HttpHandler>(std::move(handler));
  for (int i = 0; i < shards.serving(); ++i) {
    servers_.push_back(std::make_shared<HttpServerShard>(shards[i], shared, options));
  }
}

HttpServer::~HttpServer() {
  for (const auto& server : servers_) server->tasks.clear();  // connections keep the rest until their shard goes
}

io::ProtocolFactory HttpServer::protocol_factory() const {
  return [servers = servers_](io::Shard& shard, const io::ConnectionState*) {
    return std::make_unique<HttpServerConnection>(servers[static_cast<std::size_t>(shard.index())]);
  };
}

Result<void> HttpServer::listen_on(io::Shard& shard, io::Address& address) {
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

Result<io::Address> HttpServer::listen(const io::Address& address) {
  io::Address bound = address;
  for (int i = 0; i < shards_.serving(); ++i) SOFA_TRY_VOID(listen_on(shards_[i], bound));
  return bound;
}

Task<io::Address> HttpServer::start_listening(io::Address address) {
  for (int i = 0; i < shards_.serving(); ++i) {
    co_await switch_to(shards_[i]);
    if (Result<void> listening = listen_on(shards_[i], address); !listening) listening.error().raise();
  }
  co_return address;
}

Task<void> HttpServer::stop(io::TimePoint deadline) {
  for (int i = 0; i < shards_.serving(); ++i) {
    co_await switch_to(shards_[i]);
    acceptors_[static_cast<std::size_t>(i)].clear();
    servers_[static_cast<std::size_t>(i)]->stopping = true;
  }
  for (bool open = true; open && io::Shard::current()->now() < deadline;) {
    open = false;
    for (const auto& server : servers_) {
      co_await switch_to(server->shard);
      open = open || server->connections;
      const io::TimePoint since = server->shard.now() - server->options.quiet;
      for_each_connection(*server, [&](HttpServerConnection& connection) { connection.leave_if_quiet_since(since); });
    }
    if (open) co_await sleep(kLookAgain);
  }
  for (const auto& server : servers_) {
    co_await switch_to(server->shard);
    for_each_connection(*server, [](HttpServerConnection& connection) {
      connection.close(Error(io::IoError::kStopped, "the server stopped"));
    });
  }
}

HttpServerCounts<std::uint64_t> HttpServer::counts() const {
  HttpServerCounts<std::uint64_t> sum;
  for (const auto& server : servers_) server->counts.add_to(sum);
  return sum;
}

}  // namespace sofa::net
