// HttpUrl: where a client is to ask: `http://127.0.0.1:4318/v1/traces`, `http://[::1]/`.
#pragma once

#include <string>
#include <string_view>

#include "sofa/base/error.h"
#include "sofa/io/address.h"

namespace sofa::net {

struct HttpUrl {
  io::Address address;
  std::string target;  // path and query, at least `/`

  /// NetError::kUrl says what form was expected. Port 80 when there is none.
  static Result<HttpUrl> parse(std::string_view text);
};

}  // namespace sofa::net
