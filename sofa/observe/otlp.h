// Otlp: finished calls as spans of the OpenTelemetry protocol, JSON over HTTP (`/v1/traces`).
//
//   std::string body;
//   append_traces(body, {.app = "bank", .version = "1.0"}, calls, wall_minus_monotonic);
//
// A SOFA trace has one id for both ends of a call; OpenTelemetry wants a span for each, the server's the child of the
// client's. `span_ids` is the whole mapping, without memory, so every process of ours gives the same ids to the same
// call; a client's are those of the `traceparent` that went with it (io/trace.h).
// Pure; any thread.
// Source: opentelemetry-proto 1.x, trace.proto in its JSON mapping (ids in hex, 64-bit numbers as text); names of
// attributes from OpenTelemetry's semantic conventions for RPC.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sofa/observe/call_record.h"

namespace sofa::observe {

struct SpanIds {
  std::string trace;   // 32 hex digits
  std::string span;    // 16
  std::string parent;  // 16, or empty for the first of a trace
};
/// Of a call's span on one side; `rpc_id` is the dotted `0.1.2`.
SpanIds span_ids(std::string_view trace_id, std::string_view rpc_id, Side side);

/// Who tells of the spans.
struct SpanResource {
  std::string_view app;
  std::string_view version;
};
/// One `ExportTraceServiceRequest`.
void append_traces(std::string& out, const SpanResource& resource, std::span<const FinishedCall> calls,
                   std::chrono::nanoseconds wall_minus_monotonic);

}  // namespace sofa::observe
