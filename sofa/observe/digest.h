// Digest: the lines of SOFATracer's logs, as SOFARPC writes them, so that what reads a bank's logs reads ours.
//
//   append_digest(out, call, {.app = "bank", .thread = "shard-0", .offset = 8h}, wall_offset);
//   append_stat(out, {.side = Side::kServer, .method = "echo", …}, now, offset);
//
// rpc-client-digest.log and rpc-server-digest.log have a line a call, rpc-client-stat.log and rpc-server-stat.log the
// sums of a period. Keys, their order and the texts of numbers are those of SOFARPC 5.13.2 with tracer-core 3.1.6,
// whose own lines are the golden ones of the tests; the order is its hash maps', and part of the format to whoever
// splits lines by it. Values are escaped, which Java's writer leaves out. Times that were not measured are left out, or
// -1 within the phases, as there. Time is local time by a fixed offset from UTC. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sofa/observe/call_record.h"

namespace sofa::observe {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where lines are written.
struct DigestPlace {
  std::string_view app;     // this application
  std::string_view thread;  // the thread that served or called
  std::chrono::minutes offset{0};
  /// What has to be added to a monotonic time to get the wall's.
  std::chrono::nanoseconds wall_minus_monotonic{0};
};

/// One line with its end. The file is that of the call's side.
void append_digest(std::string& out, const FinishedCall& call, const DigestPlace& place);

struct StatLine {
  std::string_view local_app;
  std::string_view remote_app;  // empty: left out
  std::string_view service;
  std::string_view method;
  std::uint64_t calls = 0;
  std::uint64_t milliseconds = 0;
  bool success = true;
};
void append_stat(std::string& out, const StatLine& line, WallTime now, std::chrono::minutes offset);

/// `2018-05-20 17:03:20.708`.
void append_time(std::string& out, WallTime time, std::chrono::minutes offset);

}  // namespace sofa::observe
