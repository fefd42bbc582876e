// HttpRouter: which handler answers which path.
//
//   HttpRouter router;
//   router.add("GET", "/health", health).add_prefix("GET", "/logs/", logs);
//   HttpServer server(shards, router.handler());
//
// An exact path goes before a prefix, a longer prefix before a shorter one. Paths are compared as they are sent,
// without decoding. HEAD is answered by who answers GET. Nothing fits: 404, and which paths are served; nothing with
// that method: 405 with Allow. Both as JSON. Ownership: `handler` takes a copy. Threads: a handler is called on every
// shard.
#pragma once

#include <string>
#include <vector>

#include "sofa/net/http_handler.h"

namespace sofa::net {

class HttpRouter {
 public:
  HttpRouter& add(std::string method, std::string path, HttpHandler handler);
  HttpRouter& add_prefix(std::string method, std::string prefix, HttpHandler handler);
  HttpHandler handler() const;

 private:
  struct Route {
    std::string method;
    std::string path;
    bool is_prefix;
    HttpHandler handler;
  };
  bool fits(const Route& route, std::string_view path) const;
  Task<HttpResponse> serve(HttpRequest request) const;
  HttpResponse not_found() const;
  HttpResponse not_allowed(const std::vector<std::string>& allowed) const;
  HttpRouter& insert(Route route);

  std::vector<Route> routes_;  // the first that fits answers
};

}  // namespace sofa::net
