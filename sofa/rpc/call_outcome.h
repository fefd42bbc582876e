// How a call that failed ended, as observe names it.
//
// Threads: any. Errors: none.
#pragma once

#include "sofa/base/error.h"
#include "sofa/observe/call_record.h"

namespace sofa::rpc {

observe::Outcome outcome_of(const Error& error);
/// Its rpc::Code; 0 where another part says what went wrong.
std::int32_t code_of(const Error& error);

}  // namespace sofa::rpc
