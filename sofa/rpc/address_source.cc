#include "sofa/rpc/address_source.h"

#include <map>
#include <mutex>

#include "sofa/rpc/source_url.h"
#include "sofa/rpc/sources.h"

namespace sofa::rpc {
namespace {

struct Schemes {
  std::mutex mutex;
  std::map<std::string, AddressSourceFactory, std::less<>> factories{
      {"bolt", make_direct_source}, {"dns", make_dns_source}, {"file", make_file_source}};
};
Schemes& schemes() {
  static Schemes all;
  return all;
}

}  // namespace

void register_address_source(std::string_view scheme, AddressSourceFactory factory) {
  Schemes& all = schemes();
  const std::lock_guard lock(all.mutex);
  all.factories[std::string(scheme)] = factory;
}

Result<std::shared_ptr<AddressSource>> make_address_source(std::string_view url, SourceEnvironment environment) {
  const std::string_view scheme = url.substr(0, url.find("://"));
  AddressSourceFactory factory = nullptr;
  std::string known;
  {
    Schemes& all = schemes();
    const std::lock_guard lock(all.mutex);
    if (const auto found = all.factories.find(scheme); found != all.factories.end()) factory = found->second;
    for (const auto& [name, made] : all.factories) known += (known.empty() ? "" : "://, ") + name;
  }
  if (!factory || scheme.size() == url.size()) {
    return fail(io::IoError::kAddress, "cannot use '{}' as a source of addresses: its form is one of {}://…",
                url.substr(0, 200), known);
  }
  return factory(url, std::move(environment));
}

}  // namespace sofa::rpc
