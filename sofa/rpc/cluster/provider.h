// Provider: one place where a service is served, with what SOFARPC's registries say about it.
//
//   SOFA_TRY(Provider provider, parse_provider("bolt://10.0.0.7:12200?weight=200&appName=bank&uniqueId=a"));
//   provider.address, provider.weight, provider.attribute("appName")
//   std::string url = provider_url(provider);                 // and back, attributes in their order
//
// Values; any thread. Errors: io::IoError::kAddress, saying what is wrong with the url.
// Source: SOFARPC 5.13 ProviderHelper, ProviderInfoAttrs, RegistryUtils.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sofa/base/error.h"
#include "sofa/io/address.h"
#include "sofa/io/env.h"

namespace sofa::rpc {

struct Provider {
  static constexpr std::uint32_t kDefaultWeight = 100;
  /// What a url may carry; more is refused.
  static constexpr std::size_t kMostUrlBytes = 8 * 1024;
  static constexpr std::size_t kMostAttributes = 128;

  std::string protocol = "bolt";
  io::Address address;
  /// What a consumer gives it of its calls, relative to the others; 0: none.
  std::uint32_t weight = kDefaultWeight;
  /// Everything the url says behind its `?`, the weight too, in order: serialization, rpcVer, appName, uniqueId, …
  std::vector<std::pair<std::string, std::string>> attributes = {};

  /// Empty when it is not there.
  std::string_view attribute(std::string_view key) const;
  bool operator==(const Provider&) const = default;
};

Result<Provider> parse_provider(std::string_view url);
std::string provider_url(const Provider& provider);

/// A just started provider gets `weight` until `wall_end_ms` (milliseconds since 1970), then its own: SOFARPC's step.
struct WarmUp {
  std::uint32_t weight = 0;
  std::int64_t wall_end_ms = 0;
};
/// From startTime, warmupTime and warmupWeight; wall_end_ms is 0 where it has none.
WarmUp warm_up_of(const Provider& provider);

/// All providers of a service as a source knows them: immutable, whole, shared.
struct ProviderList {
  std::vector<Provider> providers;
  /// Goes up with each change; a list never replaces one of a higher version.
  std::uint64_t version = 0;
  /// Since when the source cannot be asked and this is the last good list; kNever while it is up to date.
  io::TimePoint stale_since = io::kNever;
};
using ProviderListPtr = std::shared_ptr<const ProviderList>;

}  // namespace sofa::rpc
