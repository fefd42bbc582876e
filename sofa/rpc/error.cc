#include "sofa/rpc/error.h"

namespace sofa::rpc {
namespace {

std::string_view code_name(int code) {
  switch (static_cast<Code>(code)) {
    case Code::kBusiness:
      return "business_exception";
    case Code::kServerBusy:
      return "server_busy";
    case Code::kServerClosed:
      return "server_closed";
    case Code::kNoInvoker:
      return "no_invoker";
    case Code::kServerSerialize:
      return "server_serialize";
    case Code::kServerDeserialize:
      return "server_deserialize";
    case Code::kServerNetwork:
      return "server_network";
    case Code::kServerBiz:
      return "server_biz";
    case Code::kServerFilter:
      return "server_filter";
    case Code::kServerUndeclared:
      return "server_undeclared";
    case Code::kClientTimeout:
      return "client_timeout";
    case Code::kClientRouter:
      return "client_router";
    case Code::kClientSerialize:
      return "client_serialize";
    case Code::kClientDeserialize:
      return "client_deserialize";
    case Code::kClientNetwork:
      return "client_network";
    case Code::kClientCallType:
      return "client_call_type";
    case Code::kClientFilter:
      return "client_filter";
    case Code::kClientUndeclared:
      return "client_undeclared";
  }
  return "unknown";
}

}  // namespace

const ErrorPart& error_part(Code) {
  static constexpr ErrorPart kPart{"rpc", code_name};
  return kPart;
}

}  // namespace sofa::rpc
