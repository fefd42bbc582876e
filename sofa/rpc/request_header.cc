#include "sofa/rpc/request_header.h"

#include <charconv>
#include <cstring>

#include "sofa/wire/bolt/names.h"

namespace sofa::rpc {
namespace {

// A key's length nearly decides it: the rest is one comparison of constant size.
template <std::size_t kSize>
bool is(std::string_view key, const char (&name)[kSize]) {
  return std::memcmp(key.data(), name, kSize - 1) == 0;
}

// Where the value of `key` goes; null for keys that are known and not needed. `known` is false for all others.
std::string_view RequestHeader::* place_of(std::string_view key, bool& known) {
  using H = RequestHeader;
  known = true;
  switch (key.size()) {
    case 3:
      if (is(key, "app")) return &H::app;
      break;
    case 4:
      if (is(key, "type")) return &H::invoke_type;
      break;
    case 7:
      if (is(key, "service")) return &H::service;
      break;
    case 8:
      if (is(key, "protocol")) return nullptr;
      break;
    case 14:
      if (is(key, "generic.revise")) return nullptr;
      break;
    case 20:
      if (is(key, "sofa_head_target_app")) return nullptr;
      break;
    case 21:
      if (is(key, "sofa_head_method_name")) return &H::method;
      if (is(key, "new_rpc_trace_context")) return &H::new_trace;
      break;
    case 22:
      if (is(key, "rpc_trace_context.samp")) return &H::sampled;
      if (is(key, "sofa_head_generic_type")) return nullptr;
      break;
    case 24:
      if (is(key, "sofa_head_target_service")) return &H::target_service;
      break;
    case 27:
      if (is(key, "rpc_trace_context.sofaRpcId")) return &H::rpc_id;
      break;
    case 29:
      if (is(key, "rpc_trace_context.sofaTraceId")) return &H::trace_id;
      if (is(key, "rpc_trace_context.sysPenAttrs")) return &H::system_penetrate_attributes;
      break;
    case 30:
      if (is(key, "rpc_trace_context.sofaPenAttrs")) return &H::penetrate_attributes;
      if (is(key, "sofa_head_deadline_remain_time")) return &H::remain;
      if (is(key, "rpc_trace_context.sofaCallerIp")) return nullptr;
      break;
    case 31:
      if (is(key, "rpc_trace_context.sofaCallerApp")) return &H::caller_app;
      if (is(key, "rpc_trace_context.sofaCallerIdc")) return nullptr;
      break;
    case 32:
      if (is(key, "rpc_trace_context.sofaCallerZone")) return &H::caller_zone;
      break;
    default:
      break;
  }
  known = false;
  return nullptr;
}

}  // namespace

void read_new_trace(RequestHeader& header) {
  header.trace_id = header.rpc_id = header.sampled = {};
  for_each_attribute(header.new_trace, [&](std::string_view key, std::string_view value) {
    if (key == "tcid") header.trace_id = value;
    if (key == "spid") header.rpc_id = value;
    if (key == "sample") header.sampled = value;
  });
}

std::int32_t read_remain_ms(std::string_view text) {
  std::int32_t ms = 0;
  const auto [behind, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc() || behind != text.data() + text.size()) return -1;
  return std::max(ms, 0);
}

bool parse_request_header(BytesView map, RequestHeader& header, std::uint32_t max_entries) {
  bolt::HeaderReader reader(map, max_entries);
  for (bolt::HeaderEntry entry; reader.next(entry);) {
    bool known;
    if (auto place = place_of(entry.key, known)) {
      header.*place = entry.value;
    } else if (!known) {
      ++header.custom;
    } else if (entry.key == bolt::kGenericType && entry.value.size() == 1) {
      header.generic_type = entry.value[0] - '0';
    }
  }
  if (!header.remain.empty()) header.remain_ms = read_remain_ms(header.remain);
  if (!header.new_trace.empty()) read_new_trace(header);
  return !reader.damaged();
}

bool is_known_request_key(std::string_view key) {
  bool known;
  place_of(key, known);
  return known;
}

}  // namespace sofa::rpc
