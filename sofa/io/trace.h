// Trace ids: SOFATracer's, made and counted on, and W3C's that stand beside them.
//
//   TraceIds ids(env.clock, env.random, {.address = "10.0.0.7"});
//   context.trace() = ids.start();                   // trace 0a0000071795466497646100142; RPC id 0; sampled
//   child_of(context.trace(), context.next_child())  // RPC id 0.1, 0.2, …: what a call made there sends
//   traceparent(trace)                               // 00-0a0000071795466497646100142fffff-…-01
//
// SOFATracer's trace id is 8 hex digits of the IPv4 address, 13 digits of milliseconds, 4 digits of a counter and the
// process id: 26 to 32 characters, all of them hex digits. Filled up with `f` at its end (no decimal process id has
// one) it is W3C's id of 32 digits, so both are read in either log, and taking the `f`s away gives it back. A W3C id of
// another origin is a SOFA trace id of 32 characters as it is, and passes a Java program so. A trace id that is not hex
// or too long has a hash as its W3C id, which does not lead back. W3C's span id is a hash of trace id and RPC id: every
// program gives the same span the same one.
//
// Everything is pure but TraceIds, which any thread may use. Sources: SOFATracer 3.1 (TraceIdGenerator,
// SofaTracerSpanContext), W3C Trace Context.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "sofa/io/call_context.h"
#include "sofa/io/env.h"

namespace sofa {

class TraceIds {
 public:
  struct Options {
    /// This machine's IPv4 address; anything else is written as SOFATracer writes an unknown one, ffffffff.
    std::string address = {};
    /// 0: a random number of at most six digits.
    std::uint32_t process = 0;
  };
  TraceIds(io::Clock& clock, io::Random& random, const Options& options);
  /// A new trace in its root.
  TraceContext start();

 private:
  io::Clock& clock_;
  const std::string address_;
  const std::string process_;
  std::atomic<std::uint32_t> count_;
};

/// The span of the call with this number made in `parent`, which is the root when it has no RPC id. An RPC id that grew
/// too long stays its parent's.
TraceContext child_of(const TraceContext& parent, std::uint32_t number);

FixedText<32> w3c_trace_id(std::string_view trace_id);
FixedText<16> w3c_span_id(const TraceContext& trace);
/// W3C's header of this span.
FixedText<55> traceparent(const TraceContext& trace);
/// Makes `into` the root of what the header says. False, and nothing changed, where it is none.
bool read_traceparent(std::string_view header, TraceContext& into);

}  // namespace sofa
