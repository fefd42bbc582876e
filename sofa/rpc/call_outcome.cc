#include "sofa/rpc/call_outcome.h"

#include "sofa/io/env.h"
#include "sofa/rpc/error.h"

namespace sofa::rpc {
namespace {

using observe::Outcome;

Outcome outcome_of_io(io::IoError error) {
  switch (error) {
    case io::IoError::kTimeout:
      return Outcome::kTimeout;
    case io::IoError::kCancelled:
      return Outcome::kCancelled;
    default:
      return Outcome::kFailed;
  }
}

Outcome outcome_of_code(Code code) {
  switch (code) {
    case Code::kBusiness:
      return Outcome::kBusiness;
    case Code::kServerBusy:
      return Outcome::kBusy;
    case Code::kClientTimeout:
      return Outcome::kTimeout;
    case Code::kServerSerialize:
    case Code::kServerDeserialize:
    case Code::kClientSerialize:
    case Code::kClientDeserialize:
      return Outcome::kCodec;
    case Code::kServerNetwork:
    case Code::kClientNetwork:
      return Outcome::kNetwork;
    case Code::kNoInvoker:
    case Code::kClientRouter:
      return Outcome::kRoute;
    default:
      return Outcome::kFailed;
  }
}

}  // namespace

Outcome outcome_of(const Error& error) {
  if (const std::int32_t code = code_of(error)) return outcome_of_code(static_cast<Code>(code));
  const bool is_io = &error.part() == &io::error_part(io::IoError());
  return is_io ? outcome_of_io(static_cast<io::IoError>(error.code())) : Outcome::kFailed;
}

std::int32_t code_of(const Error& error) {
  return &error.part() == &error_part(Code()) ? error.code() : 0;
}

}  // namespace sofa::rpc
