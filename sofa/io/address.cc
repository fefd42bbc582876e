#include "sofa/io/address.h"

#include <charconv>

#include "sofa/io/env.h"

namespace sofa::io {
namespace {

std::string_view code_name(int code) {
  switch (static_cast<IoError>(code)) {
    case IoError::kWouldBlock:
      return "would-block";
    case IoError::kNoHandles:
      return "no-handles";
    case IoError::kRefused:
      return "refused";
    case IoError::kClosed:
      return "closed";
    case IoError::kTimeout:
      return "timeout";
    case IoError::kCancelled:
      return "cancelled";
    case IoError::kAddress:
      return "address";
    case IoError::kSystem:
      return "system";
    case IoError::kLimit:
      return "limit";
    case IoError::kStopped:
      return "stopped";
    case IoError::kThrown:
      return "thrown";
  }
  return "unknown";
}

}  // namespace

const ErrorPart& error_part(IoError) {
  static constexpr ErrorPart kPart{"io", code_name};
  return kPart;
}

Result<Address> Address::parse(std::string_view text) {
  constexpr std::size_t kMaxHost = 253;      // RFC 1035 names
  constexpr std::size_t kMaxUnixPath = 107;  // sockaddr_un without its final zero
  const auto wrong = [&](std::string_view why) {
    return fail(IoError::kAddress, "'{}' is no address: {}; write host:port, [v6]:port or unix:/path",
                text.substr(0, 256), why);
  };
  Address address;
  if (text.starts_with("unix:")) {
    address.host = text.substr(5);
    address.is_unix = true;
    if (address.host.empty()) return wrong("the path is empty");
    if (address.host.size() > kMaxUnixPath) return wrong("the path is longer than 107 bytes");
    if (address.host.find('\0') != std::string::npos) return wrong("the path holds a zero byte");
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return wrong("the bracket is not closed");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong("an IPv6 number needs brackets");
  }
  if (host.empty() || host.size() > kMaxHost) return wrong("the host is empty or too long");
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || problem != std::errc{} || end != port.data() + port.size()) return wrong("the port is no number");
  address.host = host;
  return address;
}

std::string Address::to_string() const {
  if (is_unix) return "unix:" + host;
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", host, brackets ? "]" : "", port);
}

}  // namespace sofa::io
