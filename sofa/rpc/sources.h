// The sources of addresses that rpc has itself; make_address_source (address_source.h) makes them by url.
//
//   bolt://10.0.0.7:12200?weight=200,10.0.0.8:12200;bolt://10.0.0.9:12200     a fixed list, as SOFARPC's direct urls
//   file:///etc/bank/services.yaml?interval_ms=2000                          services and their providers (file_source)
//   dns://accounts.bank.internal:12200?interval_ms=5000                      all addresses of a name
//
// Threads and errors: as address_source.h says.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/rpc/address_source.h"

namespace sofa::rpc {

/// Urls or addresses, between `,` or `;`.
Result<std::vector<Provider>> parse_direct_url(std::string_view url);
Result<std::shared_ptr<AddressSource>> make_direct_source(std::string_view url, SourceEnvironment environment);

/// The providers of each service, by `interface:version[:uniqueId]`, as a services file says them: YAML or JSON,
///   dev.sofa.bank.AccountService:1.0: ["bolt://10.0.0.7:12200?weight=200"]
/// A name without a version means 1.0.
/// What is read or published is UTF-8, so that it comes back as it was, and a name is one that YAML takes as a key.
using ServiceFile = std::map<std::string, std::vector<Provider>>;
bool is_service_name(std::string_view name);
Result<ServiceFile> parse_service_file(std::string_view text, std::string_view path);
/// As JSON, which is YAML too.
std::string print_service_file(const ServiceFile& services);
/// Watched by its content. Publications are written into it: whole, beside, and renamed.
Result<std::shared_ptr<AddressSource>> make_file_source(std::string_view url, SourceEnvironment environment);

Result<std::shared_ptr<AddressSource>> make_dns_source(std::string_view url, SourceEnvironment environment);

}  // namespace sofa::rpc
