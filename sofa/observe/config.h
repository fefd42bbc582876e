// observe::Config: the section `observe` of an application file.
//
//   observe:
//     admin: 127.0.0.1:9464            # /metrics, /health, /readiness, /loglevel
//     digest: all                      # rpc-server-digest.log and rpc-client-digest.log in `folder`
//     stat: true
//     folder: /var/log/bank/tracelog
//     utc_offset_minutes: 480
//     otlp_url: http://127.0.0.1:4318/v1/traces
//     trace_ratio: 0.01
//
// Everything is off by default: then rpc is not even observed. The keys are described in config_schema.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sofa::observe {

/// Which calls have a line in the digest logs.
enum class DigestMode : std::uint8_t { kOff, kSampled, kAll };

struct Config {
  std::string admin = {};
  DigestMode digest = DigestMode::kOff;
  bool stat = false;
  std::chrono::seconds stat_period{60};
  std::string folder = "logs/tracelog";
  std::int64_t max_file_bytes = 256 << 20;
  std::uint32_t kept_files = 14;
  std::int32_t utc_offset_minutes = 0;
  std::string otlp_url = {};
  double trace_ratio = 0.01;
  std::chrono::milliseconds span_interval{2000};
  std::uint32_t span_batch = 512;
  std::uint32_t max_methods = 512;
  std::uint32_t log_queue = 4096;
  std::uint32_t span_queue = 2048;

  /// Whether calls are written down, by their traces.
  bool wants_traces() const { return digest != DigestMode::kOff || !otlp_url.empty(); }
  /// Whether anything is to be observed.
  bool on() const { return !admin.empty() || stat || wants_traces(); }
};

}  // namespace sofa::observe
