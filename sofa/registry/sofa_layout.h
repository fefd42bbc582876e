// sofa_layout: how SOFARPC programs publish themselves in a SOFARegistry.
//
//   dataId `interface:version[:uniqueId]@DEFAULT`, group SOFA, value `host:port?weight=100&_WEIGHT=100&p=1&v=4.0&…`
//
//   data_id_of(key); value_of(provider)
//   std::vector<Provider> all = sofa_providers_of(values);      // and back; what is no provider is passed over
//   SOFA_TRY(SofaUrl url, parse_sofa_url("sofa://10.0.0.1:9603,10.0.0.2:9603"));
//
// Pure; any thread. Errors: io::IoError::kAddress. Source: SOFARPC 5.13 SofaRegistry, SofaRegistryHelper.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sofa/rpc/address_source.h"

namespace sofa::registry {

inline constexpr std::string_view kRpcGroup = "SOFA";

struct SofaUrl {
  std::vector<io::Address> servers;  // of the HTTP door
};
/// `sofa://host:port[,host:port]`.
Result<SofaUrl> parse_sofa_url(std::string_view url);

std::string data_id_of(const rpc::ServiceKey& key);
std::string value_of(const rpc::Provider& provider);
/// In the order of their addresses, one of each.
std::vector<rpc::Provider> sofa_providers_of(const std::vector<std::string>& values);

}  // namespace sofa::registry
