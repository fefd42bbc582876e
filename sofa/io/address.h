// Address: where a stream listens or connects: `127.0.0.1:12200`, `[::1]:12200`, `host:port`, `unix:/run/bank.sock`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sofa/base/error.h"

namespace sofa::io {

struct Address {
  std::string host;  // a number or a name; the path of a unix socket
  std::uint16_t port = 0;
  bool is_unix = false;

  /// IoError::kAddress says what form was expected.
  static Result<Address> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const Address&) const = default;
};

}  // namespace sofa::io
