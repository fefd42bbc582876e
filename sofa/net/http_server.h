// HttpServer: answers HTTP on every shard of a group.
//
//   HttpServer server(shards, router.handler());
//   Result<io::Address> at = server.listen(*io::Address::parse("127.0.0.1:8080"));
//   …
//   co_await server.stop(deadline);       // answers what is under way, then closes
//
// HTTP/1.1 and 1.0. A connection's requests are handled one after the other, so pipelined ones are answered in order.
// Bodies are read and written piecewise, each side as fast as the other takes them.
//
// At its limits: a head or body that is too large or not sound, a client that is too slow and a handler that takes too
// long are answered (400, 408, 413, 414, 417, 431, 501, 503, 505) and the connection is closed; so are requests above
// max_in_flight and connections above max_connections (503).
// Ownership: destroy it when the shards no longer turn; handlers still waiting are destroyed with it.
// Threads: listen before the shards turn; start_listening and stop on a shard; counts from any.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/acceptor.h"
#include "sofa/io/task.h"
#include "sofa/net/http_handler.h"
#include "sofa/wire/http/parser.h"

namespace sofa::net {

struct HttpServerOptions {
  http::Limits limits = {};
  /// Of one shard. Requests count until their handler is done, also when the client has left.
  std::size_t max_connections = 10'000;
  std::size_t max_in_flight = 1024;
  /// A connection without a request for so long is closed.
  io::Duration idle = std::chrono::seconds(60);
  /// From a head's first byte to its last.
  io::Duration head_timeout = std::chrono::seconds(10);
  /// Between two pieces of a body, while we would read them.
  io::Duration body_timeout = std::chrono::seconds(10);
  /// From a request's head to the head of its answer; then 503. How long an answer takes is up to the client
  /// (io::ConnectionOptions::stall).
  io::Duration handler_timeout = std::chrono::seconds(30);
  /// What is received of a body before its handler reads it.
  std::size_t window = 64 << 10;
  /// What of a body is passed over that the handler did not read, to keep the connection.
  std::size_t most_passed_over = 256 << 10;
  /// A client that is cut off has so long to read why.
  io::Duration farewell = std::chrono::seconds(2);
  /// While stopping: a connection on which nothing moved for so long is taken to have no more requests.
  io::Duration quiet = std::chrono::milliseconds(200);
};

/// What happened since the start; `connections` and `in_flight` go back to zero.
template <class Count>
struct HttpServerCounts {
  Count connections{};
  Count in_flight{};        // requests whose handler is not done
  Count requests{};         // heads that were read
  Count answers{};          // begun, of any kind
  Count refused{};          // of those: requests that were not sound, or too large
  Count busy{};             // of those: 503 at a limit
  Count slow_clients{};     // 408, or closed within a body
  Count failed_handlers{};  // 500
  Count slow_handlers{};    // 503 after handler_timeout
  Count cut_off_answers{};  // an answer whose body ended early; the client can tell
  Count clients_left{};     // closed while a handler was at work
  Count idle_closed{};

  /// Adds these to `sum`.
  template <class Sum>
  void add_to(HttpServerCounts<Sum>& sum) const {
    const auto add = [](Sum& to, const Count& from) { to += static_cast<Sum>(from.value()); };
    add(sum.connections, connections);
    add(sum.in_flight, in_flight);
    add(sum.requests, requests);
    add(sum.answers, answers);
    add(sum.refused, refused);
    add(sum.busy, busy);
    add(sum.slow_clients, slow_clients);
    add(sum.failed_handlers, failed_handlers);
    add(sum.slow_handlers, slow_handlers);
    add(sum.cut_off_answers, cut_off_answers);
    add(sum.clients_left, clients_left);
    add(sum.idle_closed, idle_closed);
  }
};

struct HttpServerShard;

class HttpServer {
 public:
  HttpServer(io::Shards& shards, HttpHandler handler, HttpServerOptions options = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Listens on all shards, before they turn; gives the address with its real port. Further addresses may follow.
  Result<io::Address> listen(const io::Address& address);
  /// The same while they turn. Throws what failed.
  Task<io::Address> start_listening(io::Address address);
  /// Makes the HTTP side of connections that were accepted.
  io::ProtocolFactory protocol_factory() const;

  /// Accepts no more, answers what is under way or arrives until connections are quiet, and closes them; what is left
  /// at `deadline` is closed as it is.
  Task<void> stop(io::TimePoint deadline);

  /// All shards together.
  HttpServerCounts<std::uint64_t> counts() const;

 private:
  using Acceptors = std::vector<std::unique_ptr<io::Acceptor>>;

  Result<void> listen_on(io::Shard& shard, io::Address& address);

  io::Shards& shards_;
  std::vector<std::shared_ptr<HttpServerShard>> servers_;
  std::vector<Acceptors> acceptors_;  // by shard
};

}  // namespace sofa::net
