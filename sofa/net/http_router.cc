#include "sofa/net/http_router.h"

#include <algorithm>
#include <utility>

namespace sofa::net {
namespace {

bool answers(std::string_view method, const HttpText& asked) {
  return method == asked || (asked == "HEAD" && method == "GET");
}

}  // namespace

HttpRouter& HttpRouter::add(std::string method, std::string path, HttpHandler handler) {
  return insert({std::move(method), std::move(path), false, std::move(handler)});
}
HttpRouter& HttpRouter::add_prefix(std::string method, std::string prefix, HttpHandler handler) {
  return insert({std::move(method), std::move(prefix), true, std::move(handler)});
}

HttpRouter& HttpRouter::insert(Route route) {
  const auto rank = [](const Route& each) { return std::pair(!each.is_prefix, each.path.size()); };
  const auto at =
      std::find_if(routes_.begin(), routes_.end(), [&](const Route& each) { return rank(each) < rank(route); });
  routes_.insert(at, std::move(route));
  return *this;
}

bool HttpRouter::fits(const Route& route, std::string_view path) const {
  return route.is_prefix ? path.starts_with(route.path) : path == route.path;
}

Task<HttpResponse> HttpRouter::serve(HttpRequest request) const {
  const std::string_view path = request.path();
  std::string allowed;
  for (const Route& route : routes_) {
    if (!fits(route, path)) continue;
    if (answers(route.method, request.method)) return route.handler(std::move(request));
    if (allowed.find(route.method) == allowed.npos) allowed += (allowed.empty() ? "" : ", ") + route.method;
    if (route.method == "GET" && allowed.find("HEAD") == allowed.npos) allowed += ", HEAD";
  }
  if (allowed.empty()) return HttpResponse::text(404, "there is nothing here\n");
  HttpResponse response = HttpResponse::text(405, "this cannot be asked with that method\n");
  response.headers.add("Allow", allowed);
  return response;
}

HttpHandler HttpRouter::handler() const {
  return [router = *this](HttpRequest request) { return router.serve(std::move(request)); };
}

}  // namespace sofa::net
