// url: where a service listens or is called, as text: bolt://host:port, bolt://unix:/path. What follows a `?` are
// SOFARPC's parameters of a provider; they are passed over.
#pragma once

#include <string_view>

#include "sofa/base/error.h"
#include "sofa/io/address.h"

namespace sofa::rpc {

/// Error: io::IoError::kAddress, with the form that was expected.
Result<io::Address> parse_url(std::string_view url);

}  // namespace sofa::rpc
