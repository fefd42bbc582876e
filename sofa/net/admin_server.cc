#include "sofa/net/admin_server.h"

#include <algorithm>
#include <utility>

namespace sofa::net {
namespace {

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

/// A name in DNS does not end in a number (RFC 1123, 2.1), and has no bracket.
bool is_number(std::string_view host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == host.npos;
}

/// Clients without Host are no browsers.
bool is_ours(std::optional<std::string_view> sent, const std::vector<std::string>& names) {
  const std::string_view host = without_port(sent.value_or(std::string_view()));
  return is_number(host) || http::same_text(host, "localhost") ||
         std::any_of(names.begin(), names.end(), [&](const std::string& name) { return http::same_text(host, name); });
}

HttpHandler guarded(HttpHandler handler, std::vector<std::string> names) {
  return [handler = std::move(handler), names = std::move(names)](HttpRequest request) -> Task<HttpResponse> {
    if (request.headers.find("Origin")) {
      return HttpResponse::json(403, "{\"error\": \"web pages are not answered here: ask without Origin\"}\n");
    }
    if (!is_ours(request.headers.find("Host"), names)) {
      return HttpResponse::json(
          421, "{\"error\": \"this host's name is not known here: ask by its address, or configure the name\"}\n");
    }
    return handler(std::move(request));
  };
}

}  // namespace

AdminServer::AdminServer(io::Shards& shards, const HttpRouter& router, AdminOptions options)
    : HttpServer(shards, guarded(router.handler(), std::move(options.names)), options.http) {}

}  // namespace sofa::net
