// AdminServer: what people and programs ask of a running process: its health, its metrics, a log level.
//
//   HttpRouter router;
//   router.add("GET", "/health", health).add("POST", "/log_level", set_log_level);
//   AdminServer admin(shards, router);
//   Result<io::Address> at = admin.listen();      // 127.0.0.1 and a free port; or at the address that is configured
//
// An HttpServer for few clients that listens on loopback unless it is told otherwise. It asks nobody who they are: what
// reaches it may ask everything. So that a page in an operator's browser does not reach it, it refuses requests with
// Origin (403), and a Host that is neither a number nor localhost nor one of `names` (421): a name that somebody else
// has made point here. What answers GET should change nothing.
// Ownership, threads, errors: as HttpServer.
#pragma once

#include <string>
#include <vector>

#include "sofa/net/http_router.h"
#include "sofa/net/http_server.h"

namespace sofa::net {

struct AdminOptions {
  /// Names of this machine that clients use, without port.
  std::vector<std::string> names = {};
  HttpServerOptions http = {.max_connections = 32, .max_in_flight = 32};
};

class AdminServer : public HttpServer {
 public:
  AdminServer(io::Shards& shards, const HttpRouter& router, AdminOptions options = {});

  static io::Address loopback(std::uint16_t port = 0) { return {.host = "127.0.0.1", .port = port}; }

  Result<io::Address> listen(const io::Address& address = loopback()) { return HttpServer::listen(address); }
  Task<io::Address> start_listening(io::Address address = loopback()) {
    return HttpServer::start_listening(std::move(address));
  }
};

}  // namespace sofa::net
