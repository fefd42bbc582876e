#include "sofa/observe/otlp.h"

#include <iterator>

#include <fmt/format.h>

#include "sofa/base/json_text.h"
#include "sofa/io/trace.h"

namespace sofa::observe {
namespace {

// A client's span is what its `traceparent` names. The server's, which shares its ids, is that of an RPC id that no
// call has.
std::string span_id(std::string_view trace_id, std::string_view rpc_id, Side side) {
  TraceContext trace;
  trace.trace_id.assign(trace_id);
  trace.rpc_id.assign(side == Side::kClient ? std::string(rpc_id) : fmt::format("s{}", rpc_id));
  return std::string(w3c_span_id(trace).view());
}

class Attributes {
 public:
  explicit Attributes(std::string& out) : out_(out) { out_ += "\"attributes\":["; }
  void close() { out_ += ']'; }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    open(key, "stringValue");
    append_json_string(out_, value);
    out_ += "}}";
  }
  void number(std::string_view key, std::int64_t value) {
    open(key, "intValue");
    fmt::format_to(std::back_inserter(out_), "\"{}\"}}}}", value);
  }

 private:
  void open(std::string_view key, std::string_view kind) {
    if (out_.back() != '[') out_ += ',';
    fmt::format_to(std::back_inserter(out_), "{{\"key\":\"{}\",\"value\":{{\"{}\":", key, kind);
  }
  std::string& out_;
};

void append_span(std::string& out, const FinishedCall& call, std::chrono::nanoseconds wall_minus_monotonic) {
  const SpanIds ids = span_ids(call.trace_id.view(), call.rpc_id.view(), call.side);
  const auto start = call.started.time_since_epoch() + wall_minus_monotonic;
  fmt::format_to(std::back_inserter(out), "{{\"traceId\":\"{}\",\"spanId\":\"{}\",", ids.trace, ids.span);
  if (!ids.parent.empty()) fmt::format_to(std::back_inserter(out), "\"parentSpanId\":\"{}\",", ids.parent);
  out += "\"name\":";
  append_json_string(out, fmt::format("{}/{}", call.service.view(), call.name.view()));
  fmt::format_to(std::back_inserter(out), ",\"kind\":{},\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",",
                 call.side == Side::kServer ? 2 : 3, start.count(), (start + call.elapsed).count());
  Attributes attributes(out);
  attributes.text("rpc.system", "sofarpc");
  attributes.text("rpc.service", call.service.view());
  attributes.text("rpc.method", call.name.view());
  attributes.text("network.protocol.name", call.protocol.view());
  attributes.text("network.peer.address", call.remote_host.view());
  if (call.remote_port != 0) attributes.number("network.peer.port", call.remote_port);
  attributes.text("peer.service", call.remote_app.view());
  if (call.outcome != Outcome::kOk) attributes.text("error.type", name_of(call.outcome));
  if (call.error_code != 0) attributes.number("sofa.error_code", call.error_code);
  attributes.text("sofa.result_code", result_code(call.outcome));
  attributes.text("sofa.invoke_type", name_of(call.type));
  attributes.text("sofa.trace_id", call.trace_id.view());
  attributes.text("sofa.rpc_id", call.rpc_id.view());
  if (call.request_bytes >= 0) attributes.number("sofa.request_bytes", call.request_bytes);
  if (call.response_bytes >= 0) attributes.number("sofa.response_bytes", call.response_bytes);
  if (call.phases.queue != kUnknown) attributes.number("sofa.queue_ns", call.phases.queue.count());
  if (call.phases.service != kUnknown) attributes.number("sofa.service_ns", call.phases.service.count());
  attributes.close();
  // 0 unset, 2 error: what an error is, the caller of a span decides; OK (1) is for people to set.
  out += call.outcome == Outcome::kOk ? ",\"status\":{}}" : ",\"status\":{\"code\":2}}";
}

}  // namespace

SpanIds span_ids(std::string_view trace_id, std::string_view rpc_id, Side side) {
  SpanIds ids;
  ids.trace = w3c_trace_id(trace_id).view();
  ids.span = span_id(trace_id, rpc_id, side);
  if (side == Side::kServer) {
    ids.parent = span_id(trace_id, rpc_id, Side::kClient);
  } else if (const std::size_t dot = rpc_id.rfind('.'); dot != std::string_view::npos) {
    ids.parent = span_id(trace_id, rpc_id.substr(0, dot), Side::kServer);
  }
  return ids;
}

void append_traces(std::string& out, const SpanResource& resource, std::span<const FinishedCall> calls,
                   std::chrono::nanoseconds wall_minus_monotonic) {
  out += "{\"resourceSpans\":[{\"resource\":{";
  Attributes attributes(out);
  attributes.text("service.name", resource.app);
  attributes.text("telemetry.sdk.name", "sofa");
  attributes.text("telemetry.sdk.language", "cpp");
  attributes.text("telemetry.sdk.version", resource.version);
  attributes.close();
  out += "},\"scopeSpans\":[{\"scope\":{\"name\":\"sofa.rpc\",\"version\":";
  append_json_string(out, resource.version);
  out += "},\"spans\":[";
  for (const FinishedCall& call : calls) {
    if (out.back() != '[') out += ',';
    append_span(out, call, wall_minus_monotonic);
  }
  out += "]}]}]}";
}

}  // namespace sofa::observe
