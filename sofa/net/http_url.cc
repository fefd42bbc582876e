#include "sofa/net/http_url.h"

#include "sofa/net/error.h"
#include "sofa/wire/http/fields.h"
#include "sofa/wire/http/target.h"

namespace sofa::net {

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos || !http::same_text(text.substr(0, scheme), "http") || !http::is_target(text)) {
    return fail(NetError::kUrl, "'{}' is no URL that can be asked: write http://host[:port][/path]", text);
  }
  const http::Target parts = http::split_target(text);
  const bool has_port = parts.authority.find(':', parts.authority.rfind(']') + 1) != parts.authority.npos;
  Result<io::Address> address =
      io::Address::parse(has_port ? std::string(parts.authority) : std::string(parts.authority) + ":80");
  if (parts.authority.find('@') != parts.authority.npos || !address || address->is_unix) {
    return fail(NetError::kUrl, "'{}' names no host and port: write http://host[:port][/path]", text);
  }
  std::string target(parts.path);
  if (!parts.query.empty()) target.append("?").append(parts.query);
  return HttpUrl{*std::move(address), std::move(target)};
}

}  // namespace sofa::net
