#include "sofa/net/http_router.h"

#include <algorithm>
#include <utility>

#include "sofa/base/json_text.h"

namespace sofa::net {
namespace {

bool answers(std::string_view method, const HttpText& asked) {
  return method == asked || (asked == "HEAD" && method == "GET");
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// {"error": why, key: [names]}
HttpResponse refusal(int status, std::string_view why, std::string_view key, const std::vector<std::string>& names) {
  std::string json = "{\"error\": ";
  append_json_string(json, why);
  json += ", ";
  append_json_string(json, key);
  json += ": [";
  for (const std::string& name : names) {
    if (&name != names.data()) json += ", ";
    append_json_string(json, name);
  }
  return HttpResponse::json(status, json + "]}\n");
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
  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    if (!fits(route, path)) continue;
    if (answers(route.method, request.method)) return route.handler(std::move(request));
    add_once(allowed, route.method);
    if (route.method == "GET") add_once(allowed, "HEAD");
  }
  return allowed.empty() ? not_found() : not_allowed(allowed);
}

HttpResponse HttpRouter::not_found() const {
  std::vector<std::string> served;
  served.reserve(routes_.size());
  for (const Route& route : routes_) served.push_back(route.method + " " + route.path + (route.is_prefix ? "*" : ""));
  std::sort(served.begin(), served.end());
  return refusal(404, "nothing is served at this path", "served", served);
}

HttpResponse HttpRouter::not_allowed(const std::vector<std::string>& allowed) const {
  HttpResponse response = refusal(405, "this path is not asked with that method", "allowed", allowed);
  std::string list;
  for (const std::string& method : allowed) list += (list.empty() ? "" : ", ") + method;
  response.headers.add("Allow", list);
  return response;
}

HttpHandler HttpRouter::handler() const {
  return [router = *this](HttpRequest request) { return router.serve(std::move(request)); };
}

}  // namespace sofa::net
