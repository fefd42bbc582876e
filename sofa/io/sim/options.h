// What a simulated world is like. The defaults are a healthy data centre; faults come from Chaos or by hand.
#pragma once

#include <cstdint>

#include "sofa/io/sim/dice.h"

namespace sofa::io::sim {

using namespace std::chrono_literals;

struct NetOptions {
  Delay latency{.least = 50us, .spread = 200us, .slow_ppm = 1'000, .slow = 20ms};  // one way, a packet
  std::uint64_t bytes_per_second = 125'000'000;                                    // of one stream, one way
  std::size_t send_buffer = 64 << 10;                                              // unacknowledged bytes
  std::size_t receive_buffer = 64 << 10;                                           // unread bytes
  std::size_t largest_packet = 16 << 10;
  std::uint32_t small_packet_ppm = 200'000;  // a packet cut at any byte
  std::uint32_t short_read_ppm = 100'000;    // a read gives less than there is
  std::uint32_t short_write_ppm = 100'000;   // a write takes less than fits
  Duration connect_timeout = 20s;            // the kernel's own
  Duration give_up = 30s;                    // unacknowledged data without progress: the connection fails
  Duration longest_retry = 2s;               // between two attempts to send across a broken link
  std::size_t handles = 1024;                // descriptors a process may have open
};

struct ClockOptions {
  std::int32_t drift_ppm = 200;          // each process runs up to this much fast or slow
  Duration wall_error = 500ms;           // wall clocks start up to this much apart
  Duration wall_start = 1'790'000'000s;  // since 1970
};

struct DiskOptions {
  std::size_t sector = 512;
  Delay sync{.least = 100us, .spread = 2ms, .slow_ppm = 10'000, .slow = 200ms};
  std::uint32_t write_error_ppm = 0;
  std::uint32_t sync_error_ppm = 0;
  std::uint64_t capacity = 1ull << 30;
};

struct Options {
  NetOptions net;
  ClockOptions clock;
  DiskOptions disk;
  Delay step{.least = 1us, .spread = 20us, .slow_ppm = 1'000, .slow = 2ms};  // what one turn of a loop costs
  Delay wake{.least = 1us, .spread = 30us};                                  // from an event to the loop that waits
  Delay resolve{.least = 100us, .spread = 2ms, .slow_ppm = 10'000, .slow = 500ms};
};

}  // namespace sofa::io::sim
