// CallRecord: what rpc tells observe of one call, a client's or a server's, when it has ended.
//
//   observe::CallRecord call;
//   call.side = observe::Side::kServer;
//   call.method = entry.methods()[method.index];       // from MethodTable, at publish time
//   call.outcome = observe::Outcome::kOk;
//   call.elapsed = now - arrival;
//   observer.on_call(call);
//
// A record borrows all its texts and is read before `on_call` returns. FinishedCall is what of it is kept for whoever
// writes it down later: texts inline, cut at their bounds, no memory of its own.
// Threads: values. Errors: none.
// Source of the result codes and of the names of invocation types: SOFARPC 5.13, TracerResultCode and RpcConstants.
#pragma once

#include <cstdint>
#include <string_view>

#include "sofa/io/call_context.h"
#include "sofa/observe/method_table.h"

namespace sofa::observe {

enum class InvokeType : std::uint8_t { kSync, kFuture, kCallback, kOneway };
/// `sync`, `future`, `callback`, `oneway`.
std::string_view name_of(InvokeType type);
/// What a peer's header says; anything else is kSync.
InvokeType invoke_type(std::string_view name);

/// How a call ended; the names are a metric's label.
enum class Outcome : std::uint8_t {
  kOk,
  kBusiness,  // the service threw
  kBusy,      // a limit was reached
  kTimeout,
  kNotFound,  // no such service or method
  kCodec,     // bytes that do not decode, values that do not encode
  kNetwork,   // refused, lost
  kRoute,     // nobody to call
  kCancelled,
  kFailed,  // any other failure of the framework
};
inline constexpr std::size_t kOutcomes = 10;
std::string_view name_of(Outcome outcome);
/// The family's `result.code`: 00 done, 01 business, 02 framework, 03 timeout, 04 routing.
std::string_view result_code(Outcome outcome);

/// Whether the trace of a call is recorded: what its caller decided, where one did.
enum class Sampled : std::uint8_t { kUndecided, kNo, kYes };
/// SOFATracer samples every trace that nobody spoke against, so its `true` decides nothing; W3C's flag does.
inline Sampled sampled_by(const TraceContext& trace) {
  if (trace.trace_id.empty() || (trace.sampled && !trace.w3c)) return Sampled::kUndecided;
  return trace.sampled ? Sampled::kYes : Sampled::kNo;
}

/// A time that was not measured.
inline constexpr io::Duration kUnknown{-1};

/// Where a call's time went.
struct Phases {
  io::Duration queue = kUnknown;        // server: from its bytes to its start
  io::Duration service = kUnknown;      // server: the service's own code
  io::Duration route = kUnknown;        // client
  io::Duration filter = kUnknown;       // client
  io::Duration balance = kUnknown;      // client
  io::Duration connect = kUnknown;      // client: waiting for a connection
  io::Duration serialize = kUnknown;    // client: the request; server: the answer
  io::Duration deserialize = kUnknown;  // client: the answer; server: the request
};

/// What is counted of every call.
struct CallCount {
  Side side = Side::kServer;
  Outcome outcome = Outcome::kOk;
  bool waited = false;  // Observer::on_wait was told of it
  MethodId method = kOtherMethod;
  io::Duration elapsed{0};
};

/// The numbers of a call.
struct CallNumbers : CallCount {
  InvokeType type = InvokeType::kSync;
  Sampled sampled = Sampled::kUndecided;
  std::uint16_t remote_port = 0;
  std::uint16_t local_port = 0;      // client
  std::int32_t error_code = 0;       // rpc::Code
  std::int64_t request_bytes = -1;   // -1: there were none
  std::int64_t response_bytes = -1;  // -1: there were none
  io::TimePoint started{};           // client: when it was called; server: when it was read
  Phases phases;
};

struct CallRecord : CallNumbers {
  std::string_view service;  // `interface:version[:uniqueId]`
  std::string_view name;     // the method
  std::string_view protocol = "bolt";
  std::string_view trace_id;
  std::string_view rpc_id;
  std::string_view baggage;  // the family's `k=v&k=v&`
  std::string_view remote_host;
  std::string_view remote_app;
  std::string_view local_host;  // client
  std::string_view route;       // client: `DIRECT`, `REGISTRY`, …
};

struct FinishedCall : CallNumbers {
  explicit FinishedCall(const CallRecord& call) noexcept;

  FixedText<127> service;
  FixedText<63> name;
  FixedText<15> protocol;
  FixedText<63> trace_id;
  FixedText<127> rpc_id;
  FixedText<127> baggage;
  FixedText<47> remote_host;
  FixedText<63> remote_app;
  FixedText<47> local_host;
  FixedText<31> route;
};

}  // namespace sofa::observe
