#include "sofa/net/error.h"

namespace sofa::net {
namespace {

std::string_view code_name(int code) {
  switch (static_cast<NetError>(code)) {
    case NetError::kUrl:
      return "url";
    case NetError::kMessage:
      return "message";
    case NetError::kTooLarge:
      return "too_large";
    case NetError::kBusy:
      return "busy";
    case NetError::kConnection:
      return "connection";
  }
  return "?";
}

}  // namespace

const ErrorPart& error_part(NetError) {
  static constexpr ErrorPart kPart{"net", code_name};
  return kPart;
}

}  // namespace sofa::net
