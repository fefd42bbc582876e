// zookeeper_layout: what stands where in a ZooKeeper that SOFARPC programs share.
//
//   <root>sofa-rpc/<interface>/providers/<Java's URLEncoder of bolt://host:port?version=1.0&…>     ephemeral, data 1
//
//   SOFA_TRY(const ZookeeperUrl url, parse_zookeeper_url("zookeeper://10.0.0.1:2181,10.0.0.2:2181/bank"));
//   providers_path(url.root, key.interface) + "/" + provider_node({key, provider})
//   std::vector<Provider> all = providers_of(children, key.unique_id);       // and back
//
// Pure; any thread. Errors: io::IoError::kAddress, saying what is wrong with a url.
// Source: SOFARPC 5.14 ZookeeperRegistry, RegistryUtils, ProviderHelper; java.net.URLEncoder and URLDecoder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/rpc/address_source.h"

namespace sofa::registry {

struct ZookeeperUrl {
  std::string servers;     // host:port[,host:port…], as libzookeeper takes them
  std::string root = "/";  // ends with a slash
  io::Duration session_timeout{0};
};
/// `zookeeper://host:port[,host:port][/root][?session_timeout_ms=15000]`.
Result<ZookeeperUrl> parse_zookeeper_url(std::string_view url);

/// As java.net.URLEncoder and URLDecoder with UTF-8; nothing where the decoder would throw.
std::string url_encode(std::string_view text);
std::optional<std::string> url_decode(std::string_view text);

std::string providers_path(std::string_view root, std::string_view interface);
/// kAddress when no consumer could read it.
Result<std::string> provider_node(const rpc::Publication& publication);

/// In the order of their addresses. Passes over what is no provider's url, and over those with another unique id. Of
/// two at one address the one that was started later stands: the other belongs to a session that has yet to expire.
std::vector<rpc::Provider> providers_of(const std::vector<std::string>& nodes, std::string_view unique_id);

}  // namespace sofa::registry
