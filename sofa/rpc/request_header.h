// RequestHeader: what the header map of a SOFARPC request says, read in one pass.
//
//   RequestHeader header;
//   if (!parse_request_header(frame.header, header)) …          // damaged: the text views are not to be used
//   table.find(header.service, header.method);
//
// The views point into the frame. Only what a server needs for every request is picked out; entries that it does not
// know are counted and can be walked with `for_each_custom`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/wire/bolt/header.h"

namespace sofa::rpc {

struct RequestHeader {
  std::string_view service;         // `service`: a proxy may have rewritten it, so it comes first
  std::string_view target_service;  // `sofa_head_target_service`
  std::string_view method;
  std::string_view app;  // of the caller
  std::string_view trace_id;
  std::string_view rpc_id;
  std::string_view penetrate_attributes;
  std::string_view system_penetrate_attributes;
  std::string_view sampled;    // `true` or `false`
  std::string_view new_trace;  // the newer form, which the ids and `sampled` are then taken from
  std::string_view caller_app;
  std::string_view caller_zone;
  std::string_view invoke_type;  // `type`
  std::string_view remain;
  /// `remain`, sofa_head_deadline_remain_time, as a number; -1 when absent or none.
  std::int32_t remain_ms = -1;
  /// sofa_head_generic_type as a number; -1 when absent.
  int generic_type = -1;
  /// Entries with keys that are not named here: baggage and the caller's own headers.
  std::uint32_t custom = 0;

  /// The service that is called; empty when only the content names it.
  std::string_view called_service() const { return service.empty() ? target_service : service; }
};

/// Takes ids and sampling from `new_trace`, which is not empty.
void read_new_trace(RequestHeader& header);
/// sofa_head_deadline_remain_time's value: at least 0, or -1 for what is no number.
std::int32_t read_remain_ms(std::string_view text);

/// Calls `visit(key, value)` for each attribute of SOFATracer's text `k=v&k=v`, escaped as it came.
template <class Visit>
void for_each_attribute(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t equal = one.find('=');
    if (equal != std::string_view::npos) visit(one.substr(0, equal), one.substr(equal + 1));
  }
}

/// False when the map is damaged or has too many entries. `header` must be fresh.
bool parse_request_header(BytesView map, RequestHeader& header, std::uint32_t max_entries = bolt::kMaxHeaderEntries);

/// Whether the family itself uses `key` in requests, so that it is none of the caller's own headers.
bool is_known_request_key(std::string_view key);

/// Calls `visit(key, value)` for each entry that `RequestHeader::custom` counts.
template <class Visit>
void for_each_custom(BytesView map, Visit&& visit) {
  bolt::HeaderReader reader(map);
  for (bolt::HeaderEntry entry; reader.next(entry);) {
    if (!is_known_request_key(entry.key)) visit(entry.key, entry.value);
  }
}

}  // namespace sofa::rpc
