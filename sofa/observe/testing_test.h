// What the tests of observe make again and again: a server's and a client's record.
#pragma once

#include "sofa/observe/call_record.h"

namespace sofa::observe {

using namespace std::chrono_literals;

inline CallRecord server_call(MethodId method = kOtherMethod) {
  CallRecord call;
  call.side = Side::kServer;
  call.method = method;
  call.service = "dev.sofa.bank.EchoService:1.0";
  call.name = "echo";
  call.trace_id = "c00002021795638127640100212624";
  call.rpc_id = "0";
  call.remote_host = "127.0.0.1";
  call.remote_port = 42838;
  call.remote_app = "sofa-peers-client";
  call.request_bytes = 834;
  call.response_bytes = 165;
  call.elapsed = 2ms;
  return call;
}

inline CallRecord client_call(MethodId method = kOtherMethod) {
  CallRecord call = server_call(method);
  call.side = Side::kClient;
  call.remote_port = 23411;
  call.remote_app = {};
  call.local_host = "127.0.0.1";
  call.local_port = 42838;
  call.route = "DIRECT";
  return call;
}

}  // namespace sofa::observe
