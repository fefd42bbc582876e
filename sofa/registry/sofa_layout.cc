#include "sofa/registry/sofa_layout.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "sofa/rpc/source_url.h"

namespace sofa::registry {
namespace {

constexpr std::size_t kMostServers = 64;

void add_missing(rpc::Provider& provider, std::string_view key, std::string_view value) {
  if (!value.empty() && provider.attribute(key).empty()) provider.attributes.emplace_back(key, value);
}

}  // namespace

Result<SofaUrl> parse_sofa_url(std::string_view url) {
  SOFA_TRY(const rpc::SourceUrl parsed, rpc::parse_source_url(url));
  SOFA_TRY_VOID(parsed.only({}));
  SofaUrl made;
  for (std::string_view left = parsed.rest;;) {
    const std::size_t end = std::min(left.find(','), left.size());
    const Result<io::Address> address = io::Address::parse(left.substr(0, end));
    if (!address || address->is_unix || address->port == 0 || made.servers.size() >= kMostServers) {
      return fail(io::IoError::kAddress, "'{}' in '{}' is no server: the form is sofa://host:port[,host:port]",
                  left.substr(0, end), url.substr(0, 200));
    }
    made.servers.push_back(*address);
    if (end == left.size()) return made;
    left.remove_prefix(end + 1);
  }
}

std::string data_id_of(const rpc::ServiceKey& key) {
  return key.to_string() + "@DEFAULT";
}

// Java reads the names with underscores; the others are what its newer releases write beside them.
std::string value_of(const rpc::Provider& provider) {
  rpc::Provider told = provider;
  add_missing(told, "p", "1");
  add_missing(told, "v", "4.0");
  add_missing(told, "_SERIALIZETYPE", told.attribute("serialization"));
  add_missing(told, "_WEIGHT", std::to_string(told.weight));
  add_missing(told, "app_name", told.attribute("appName"));
  const std::string url = rpc::provider_url(told);
  return url.substr(url.find("://") + 3);
}

std::vector<rpc::Provider> sofa_providers_of(const std::vector<std::string>& values) {
  std::vector<rpc::Provider> all;
  for (const std::string& value : values) {
    Result<rpc::Provider> provider = rpc::parse_provider(value.find("://") == value.npos ? "bolt://" + value : value);
    if (!provider || provider->address.is_unix || provider->address.port == 0) continue;
    if (const std::string_view weight = provider->attribute("_WEIGHT");
        provider->attribute("weight").empty() && !weight.empty()) {
      std::uint32_t number = 0;
      const auto [end, error] = std::from_chars(weight.data(), weight.data() + weight.size(), number);
      if (error == std::errc() && end == weight.data() + weight.size()) provider->weight = number;
    }
    all.push_back(*std::move(provider));
  }
  const auto place = [](const rpc::Provider& one) { return std::tie(one.address.host, one.address.port); };
  std::ranges::sort(all, {}, place);
  const auto again = std::ranges::unique(all, {}, place);
  all.erase(again.begin(), again.end());
  return all;
}

}  // namespace sofa::registry
