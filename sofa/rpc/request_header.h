// RequestHeader: what the header map of a SOFARPC request says, read in one pass.
//
//   RequestHeader header;
//   if (!parse_request_header(frame.header, header)) …          // damaged: the text views are not to be used
//   table.find(header.service, header.method);
//
// The views point into the frame. Only what a server needs for every request is picked out; entries that it does not
// know are counted and can be walked with `for_each_custom`.
#pragma once

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
  std::string_view sampled;  // `true` or `false`
  /// sofa_head_generic_type as a number; -1 when absent.
  int generic_type = -1;
  /// Entries with keys that are not named here: baggage and the caller's own headers.
  std::uint32_t custom = 0;

  /// The service that is called; empty when only the content names it.
  std::string_view called_service() const { return service.empty() ? target_service : service; }
};

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
