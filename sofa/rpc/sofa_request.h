// SofaRequest on the wire: what a call over Bolt carries besides its arguments.
//
// The content is the Hessian object SofaRequest and then, in the same stream, each argument. A server reads it with
//
//   hessian::Reader in(frame.content, limits, &registry);
//   SofaRequest request;
//   if (!read_sofa_request(in, request)) …                     // in.error() says why
//   entry->find(request.method, request.signatures);           // and `in` stands at the first argument
//
// A client sends RequestTemplates (request_template.h). Source: SOFARPC 5.13 SofaRequest, SofaRequestHessianSerializer,
// and the golden frames. Views point into the stream.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sofa/wire/hessian/definition.h"
#include "sofa/wire/hessian/reader.h"

namespace sofa::rpc {

/// Java methods end at 255 parameters; more than this many is refused.
inline constexpr std::size_t kMaxParameters = 255;

/// Fill it for request after request: then it allocates nothing.
struct SofaRequest {
  /// Empty when null. Proxies rewrite the header only, so what the header says comes first.
  std::string_view method;
  std::string_view service;
  std::vector<std::string_view> signatures;  // methodArgSigs
};

/// Reads the SofaRequest at the start of a stream and leaves `in` at the first argument. False: `in` holds the error.
bool read_sofa_request(hessian::Reader& in, SofaRequest& request);

/// SofaRequest's class definition as Java writes it.
const hessian::Definition& sofa_request_definition();

}  // namespace sofa::rpc
