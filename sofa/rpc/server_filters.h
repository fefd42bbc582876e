// A provider's filters around a call, whatever binding it came by.
#pragma once

#include "sofa/rpc/filter.h"
#include "sofa/rpc/server_call.h"

namespace sofa::rpc {

/// As `method.serve(service, call)`, through `filters`. `text` names the service; it and the filters outlive the call.
void serve_filtered(const FilterChain& filters, const Method& method, std::string_view text, void* service,
                    ServerCall& call);

}  // namespace sofa::rpc
