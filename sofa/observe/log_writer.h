// LogWriter: the thread that writes SOFATracer's logs: takes finished calls from the shards' rings and the sums of
// their StatTables, and appends them to rolling files.
//
//   LogWriter writer(env, signal, {.app = "bank", .folder = "logs/tracelog"}, observers);
//   writer.start();                                // opens nothing yet: a file is made with its first line
//   …
//   writer.stop();                                 // writes what there is, then joins the thread
//
// The shards never wait for it: a disk that hangs fills the rings, and then calls are dropped and counted. A write that
// fails loses its lines, which are counted, and the log says so.
// Threads: start and stop by the owner; `lost` from any. The observers outlive it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sofa/base/log.h"
#include "sofa/observe/digest.h"
#include "sofa/observe/observer.h"
#include "sofa/observe/rolling_file.h"

namespace sofa::observe {

class LogWriter {
 public:
  struct Options {
    std::string app = "sofa";
    std::string folder = ".";
    std::uint64_t most_bytes = 256 << 20;
    std::size_t kept_files = 14;
    std::chrono::minutes offset{0};
    io::Duration flush = std::chrono::milliseconds(200);
    io::Duration stat_period = std::chrono::seconds(60);
  };

  LogWriter(io::Env& env, LogSignal& signal, const Options& options, std::vector<Observer*> observers);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter() { stop(); }

  void start();
  void stop();

  /// Lines that could not be written.
  std::uint64_t lost() const { return lost_.value(); }

 private:
  struct Sums {
    std::uint64_t calls = 0;
    std::uint64_t nanoseconds = 0;
  };
  using StatKey = std::tuple<Side, MethodId, std::string, bool>;

  bool step();
  void write_digests();
  void write_stats();
  void append(RollingFile& file, std::string_view lines);

  io::Env& env_;
  LogSignal& signal_;
  const Options options_;
  const std::vector<Observer*> observers_;
  std::array<RollingFile, 2> digests_;  // by side
  std::array<RollingFile, 2> stats_;
  std::map<StatKey, Sums> written_;
  io::TimePoint next_stat_{};
  std::array<std::string, 2> lines_;
  io::Blocking::Thread thread_ = 0;
  bool started_ = false;
  std::atomic<bool> stopping_{false};
  SingleWriter lost_;
  log::Throttle throttle_{std::chrono::seconds(60)};
};

}  // namespace sofa::observe
