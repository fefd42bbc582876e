#include "sofa/rpc/polled_source.h"
#include "sofa/rpc/service_lists.h"
#include "sofa/rpc/sources.h"

namespace sofa::rpc {
namespace {

/// The same providers for every service, for good.
class DirectSource final : public AddressSource {
 public:
  DirectSource(std::string url, std::vector<Provider> providers)
      : url_(std::move(url)),
        list_(std::make_shared<ProviderList>(ProviderList{.providers = std::move(providers), .version = 1})) {}
  Task<void> publish(Publication) override { return cannot_publish(url_); }
  Task<void> unpublish(Publication) override { return Task<void>::ready(); }
  std::unique_ptr<Watch> watch(const ServiceKey&, Changed changed) override {
    changed(list_);
    return std::make_unique<Watch>();
  }

 private:
  const std::string url_;
  const ProviderListPtr list_;
};

}  // namespace

Result<std::vector<Provider>> parse_direct_url(std::string_view url) {
  std::vector<Provider> providers;
  const std::string_view whole = url;
  while (!url.empty()) {
    const std::size_t end = std::min(url.find_first_of(",;"), url.size());
    std::string_view one = url.substr(0, end);
    url.remove_prefix(std::min(end + 1, url.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    if (providers.size() == ServiceLists::kMostProviders) {
      return fail(io::IoError::kAddress, "a list of more than {} addresses", ServiceLists::kMostProviders);
    }
    SOFA_TRY(Provider provider, parse_provider(one));
    if (provider.protocol != "bolt") {
      return fail(io::IoError::kAddress, "cannot call '{}': a url has the form bolt://host:port or bolt://unix:/path",
                  one);
    }
    providers.push_back(std::move(provider));
  }
  if (providers.empty()) return fail(io::IoError::kAddress, "'{}' names no address", whole);
  return providers;
}

Result<std::shared_ptr<AddressSource>> make_direct_source(std::string_view url, SourceEnvironment) {
  SOFA_TRY(auto providers, parse_direct_url(url));
  return std::make_shared<DirectSource>(std::string(url), std::move(providers));
}

}  // namespace sofa::rpc
