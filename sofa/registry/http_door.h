// The HTTP door of a registry: the list of servers as Java's client asks for it, and a registry for everybody who has
// no client of ours: Go, Python, Rust, curl.
//
//   GET    /api/servers/query, /api/servers/queryWithWeight, /api/servers/query.json
//   POST   /v1/publish     {"dataId": …, "values": […], "group": …, "instanceId": …, "zone": …, "app": …, "ttl_ms": …}
//                          → {"lease": "…", "ttl_ms": 15000}: it lives for so long, and again after each renewal
//   POST   /v1/renew?lease=…           404: it has ended, publish again
//   POST   /v1/unpublish?lease=…
//   GET    /v1/query?dataId=…[&group=…&instanceId=…]      the list as it is
//   GET    /v1/watch?dataId=…[&scope=zone&zone=…]         it and each change, as server-sent events
//   GET    /v1/data                                       what there is
//   GET    /health                                        503 while lists are held back after a start
//
// Threads: the home's shard.
#pragma once

#include <cstdint>
#include <memory>

#include "sofa/net/http_router.h"
#include "sofa/registry/registry_home.h"

namespace sofa::registry {

class HttpDoor {
 public:
  /// `java_port`: of the door for Java clients.
  HttpDoor(std::shared_ptr<RegistryHome> home, std::uint16_t java_port);
  ~HttpDoor();
  HttpDoor(const HttpDoor&) = delete;
  HttpDoor& operator=(const HttpDoor&) = delete;

  net::HttpRouter router();

 private:
  struct State;
  class Events;
  static net::HttpResponse watch(const std::shared_ptr<State>& state, const net::HttpRequest& request);
  const std::shared_ptr<State> state_;
};

}  // namespace sofa::registry
