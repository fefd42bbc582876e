// RequestExtras: what one call says besides its arguments, in SOFARPC's keys: trace, baggage, time left, attributes,
// own headers. A request says it twice, in its header map and in SofaRequest's requestProps.
//
//   RequestExtras extras{.trace = &child, .baggage = context.baggage(), .headers = options.headers};
//   template.write(frame, id, timeout_ms, encode, &arguments, extras);              // the client
//   receive_extras(frame.header, header, context);                                  // the server
//
// | in the CallContext | key |
// | --- | --- |
// | trace | rpc_trace_context.{sofaTraceId,sofaRpcId,samp,sofaPenAttrs,sysPenAttrs}; read also: new_rpc_trace_context |
// | trace of a caller outside the family | traceparent, sent on where it came |
// | baggage | rpc_req_baggage.KEY |
// | deadline of a served call | sofa_head_deadline_remain_time |
// | kXid | TX_XID as Seata's filter writes it; read also: tx_xid |
// | kUnit, kIdempotencyKey, kPriority | sofa_unit, sofa_idempotency_key, sofa_priority: ours; the last is read from
// baggage too | | headers | their own |
//
// Sources: SOFARPC 5.13 and 5.14 (RpcSofaTracer, BaggageResolver, AbstractCluster, ProviderInvoker), Seata 2.1's
// SOFARPC filters, golden frames. Ownership: all views, for the time of one call to `write`. Errors: what does not fit
// the context's limits, or is no value of its key, is left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "sofa/base/bytes.h"
#include "sofa/rpc/frame_buffer.h"

namespace sofa {
class CallContext;
struct TraceContext;
}  // namespace sofa

namespace sofa::hessian {
class Writer;
}

namespace sofa::rpc {

struct RequestHeader;

struct RequestExtras {
  using Texts = std::span<const std::pair<std::string, std::string>>;
  const TraceContext* trace = nullptr;  // this call's own, a child of its caller's
  Texts baggage = {};
  Texts headers = {};
  const CallContext* context = nullptr;  // whose attributes and penetration go along
  std::int32_t remain_ms = -1;           // not below 0: sent
  bool empty() const {
    return trace == nullptr && baggage.empty() && headers.empty() && context == nullptr && remain_ms < 0;
  }
};

void add_header_entries(FrameBuffer& frame, const RequestExtras& extras);
/// As entries of requestProps, whose map is open. Trace and baggage are a map each.
void write_props(hessian::Writer& to, const RequestExtras& extras);

/// Fills a served call's context with all of this but the deadline.
void receive_extras(BytesView map, const RequestHeader& header, CallContext& context);

}  // namespace sofa::rpc
