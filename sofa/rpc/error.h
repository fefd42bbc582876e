// The errors of a call, with SOFARPC's numbers (RpcErrorType), so that logs of both sides speak of the same thing.
#pragma once

#include "sofa/base/error.h"

namespace sofa::rpc {

/// Source of the numbers: SOFARPC 5.13 RpcErrorType. kBusiness is ours: the service itself threw, and
/// `Error::thrown()` holds what it threw.
enum class Code {
  kBusiness = 1,
  kServerBusy = 100,
  kServerClosed = 101,
  kNoInvoker = 110,
  kServerSerialize = 120,
  kServerDeserialize = 130,
  kServerNetwork = 150,
  kServerBiz = 160,
  kServerFilter = 170,
  kServerUndeclared = 199,
  kClientTimeout = 200,
  kClientRouter = 210,
  kClientSerialize = 220,
  kClientDeserialize = 230,
  kClientNetwork = 250,
  kClientCallType = 260,
  kClientFilter = 270,
  kClientUndeclared = 299,
};
const ErrorPart& error_part(Code);

}  // namespace sofa::rpc
