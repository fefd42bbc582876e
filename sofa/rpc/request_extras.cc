#include "sofa/rpc/request_extras.h"

#include <charconv>

#include <fmt/format.h>

#include "sofa/io/call_context.h"
#include "sofa/io/trace.h"
#include "sofa/rpc/request_header.h"
#include "sofa/wire/bolt/header.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/writer.h"

namespace sofa::rpc {
namespace {

// In requestProps the trace and the baggage are maps of their own, whose keys lack the header's prefix.
constexpr std::string_view kTraceProp = "rpc_trace_context";
constexpr std::string_view kBaggageProp = "rpc_req_baggage";
constexpr std::string_view kSystemPrefix = "_sys_";

void add_header_entry(FrameBuffer& frame, std::string_view key, std::string_view value) {
  bolt::write_header_entry(frame.extend(bolt::header_entry_bytes(key, value)), key, value);
}

void write_entry(hessian::Writer& to, std::string_view key, std::string_view value) {
  to.write_string(key);
  to.write_string(value);
}

constexpr std::string_view sampled_text(const TraceContext& trace) {
  return trace.sampled ? "true" : "false";
}

std::string_view penetration_of(const RequestExtras& extras) {
  return extras.context ? extras.context->penetration() : std::string_view();
}
std::string_view system_penetration_of(const RequestExtras& extras) {
  return extras.context ? extras.context->system_penetration() : std::string_view();
}

std::string text_of(const Unit& unit) {
  return fmt::format("{},{},{},{}", unit.shard, unit.flags, unit.epoch, unit.uid.view());
}

bool read_unit(std::string_view text, Unit& unit) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](auto& into) {
    const auto [behind, error] = std::from_chars(at, end, into);
    if (error != std::errc() || behind == end || *behind != ',') return false;
    at = behind + 1;
    return true;
  };
  return number(unit.shard) && number(unit.flags) && number(unit.epoch) &&
         unit.uid.assign({at, static_cast<std::size_t>(end - at)});
}

// What is the same text in header map and requestProps.
template <class Visit>
void for_each_plain(const RequestExtras& extras, Visit visit) {
  if (extras.trace && extras.trace->w3c) visit(bolt::kTraceparent, traceparent(*extras.trace).view());
  if (const CallContext* context = extras.context) {
    if (const auto* xid = context->get(kXid)) visit(bolt::kTransaction, xid->view());
    if (const Unit* unit = context->get(kUnit)) visit(bolt::kUnit, text_of(*unit));
    // A key that came is the served call's own: those made by it are other operations.
    const auto* key = context->get(kIdempotencyKey);
    if (key && !context->is_received(kIdempotencyKey)) visit(bolt::kIdempotencyKey, key->view());
    if (const auto* priority = context->get(kPriority)) visit(bolt::kPriority, std::to_string(*priority));
  }
  for (const auto& [key, value] : extras.headers) visit(key, value);
}

void receive_priority(std::string_view value, CallContext& context) {
  std::int32_t priority = 0;
  const auto [behind, error] = std::from_chars(value.data(), value.data() + value.size(), priority);
  if (error == std::errc() && behind == value.data() + value.size()) context.receive(kPriority, priority);
}

void receive_custom(std::string_view key, std::string_view value, CallContext& context) {
  if (key.starts_with(bolt::kRequestBaggagePrefix)) {
    const std::string_view name = key.substr(bolt::kRequestBaggagePrefix.size());
    if (name == bolt::kPriority) receive_priority(value, context);
    context.add_baggage(std::string(name), std::string(value));
  } else if (key == bolt::kTransaction || key == bolt::kTransactionLower) {
    FixedText<127> xid;
    if (xid.assign(value) && !xid.empty()) context.receive(kXid, xid);
  } else if (key == bolt::kUnit) {
    Unit unit;
    if (read_unit(value, unit)) context.receive(kUnit, unit);
  } else if (key == bolt::kIdempotencyKey) {
    FixedText<63> own;
    if (own.assign(value) && !own.empty()) context.receive(kIdempotencyKey, own);
  } else if (key == bolt::kPriority) {
    receive_priority(value, context);
  } else if (key == bolt::kTraceparent) {
    TraceContext trace;
    if (!read_traceparent(value, trace)) return;
    context.trace().w3c = true;
    if (context.trace().trace_id.empty()) context.trace() = trace;
  } else {
    context.add_header(std::string(key), std::string(value));
  }
}

void receive_penetration(const RequestHeader& header, CallContext& context) {
  if (header.new_trace.empty()) {
    if (!header.penetrate_attributes.empty()) context.set_penetration(header.penetrate_attributes);
    if (!header.system_penetrate_attributes.empty()) context.set_system_penetration(header.system_penetrate_attributes);
    return;
  }
  std::string business, system;
  for_each_attribute(header.new_trace, [&](std::string_view key, std::string_view value) {
    if (key == "tcid" || key == "spid" || key == "pspid" || key == "sample") return;
    const bool is_system = key.starts_with(kSystemPrefix);
    if (is_system) key.remove_prefix(kSystemPrefix.size());
    fmt::format_to(std::back_inserter(is_system ? system : business), "{}={}&", key, value);
  });
  if (!business.empty()) context.set_penetration(business);
  if (!system.empty()) context.set_system_penetration(system);
}

}  // namespace

void add_header_entries(FrameBuffer& frame, const RequestExtras& extras) {
  if (const TraceContext* trace = extras.trace) {
    add_header_entry(frame, bolt::kTraceId, trace->trace_id.view());
    add_header_entry(frame, bolt::kRpcId, trace->rpc_id.view());
    add_header_entry(frame, bolt::kSampled, sampled_text(*trace));
    add_header_entry(frame, bolt::kPenetrateAttributes, penetration_of(extras));
    add_header_entry(frame, bolt::kSystemPenetrateAttributes, system_penetration_of(extras));
  }
  for (const auto& [key, value] : extras.baggage) {
    add_header_entry(frame, std::string(bolt::kRequestBaggagePrefix) + key, value);
  }
  if (extras.remain_ms >= 0) add_header_entry(frame, bolt::kDeadlineRemainTime, std::to_string(extras.remain_ms));
  for_each_plain(extras, [&](std::string_view key, std::string_view value) { add_header_entry(frame, key, value); });
}

void write_props(hessian::Writer& to, const RequestExtras& extras) {
  if (const TraceContext* trace = extras.trace) {
    to.write_string(kTraceProp);
    to.begin_map("");
    write_entry(to, "sofaRpcId", trace->rpc_id.view());
    write_entry(to, "samp", sampled_text(*trace));
    write_entry(to, "sysPenAttrs", system_penetration_of(extras));
    write_entry(to, "sofaTraceId", trace->trace_id.view());
    write_entry(to, "sofaPenAttrs", penetration_of(extras));
    to.end_map();
  }
  if (!extras.baggage.empty()) {
    to.write_string(kBaggageProp);
    to.begin_map("");
    for (const auto& [key, value] : extras.baggage) write_entry(to, key, value);
    to.end_map();
  }
  if (extras.remain_ms >= 0) {
    to.write_string(bolt::kDeadlineRemainTime);
    to.write_int(extras.remain_ms);  // Java casts it to Integer
  }
  for_each_plain(extras, [&](std::string_view key, std::string_view value) { write_entry(to, key, value); });
}

void receive_extras(BytesView map, const RequestHeader& header, CallContext& context) {
  if (!header.trace_id.empty()) {
    TraceContext& trace = context.trace();
    trace.trace_id.assign(header.trace_id);
    trace.rpc_id.assign(header.rpc_id);
    trace.sampled = header.sampled.empty() || header.sampled == "true";  // as Java: sampled unless it says otherwise
    receive_penetration(header, context);
  }
  if (header.custom > 0) {
    for_each_custom(map, [&](std::string_view key, std::string_view value) { receive_custom(key, value, context); });
  }
}

}  // namespace sofa::rpc
