// The address source `sofa://`: C++ and Java programs find each other in one SOFARegistry, ours or Java's.
//
//   sofa::registry::register_sofa();                   // at start-up
//   ContextConfig config;
//   config.registry = "sofa://10.0.0.1:9603,10.0.0.2:9603";
//   Context context(config);                           // publishes its services there, and finds those of references
//
// What is to be published, and what is watched, is registered again with each connection. While there is none the last
// good lists stay, told as stale. Ownership, threads and errors: as address_source.h says.
#pragma once

#include "sofa/rpc/address_source.h"

namespace sofa::registry {

/// Makes the scheme known to contexts that are made from now on.
void register_sofa();

Result<std::shared_ptr<rpc::AddressSource>> make_sofa_source(std::string_view url, rpc::SourceEnvironment environment);

}  // namespace sofa::registry
