// RollingFile: a log's file that starts anew each day and at a size, and keeps so many of the old ones.
//
//   RollingFile file(disk, {.folder = "logs/tracelog", .name = "rpc-server-digest.log"});
//   file.append(lines, wall);                            // opens it, rolls it, writes
//
// The file that lines go to keeps its name. What rolled is `NAME.2018-05-20`, the day of its lines, and
// `NAME.2018-05-20.1` and on where a day had more than one file: the names that SOFATracer's file appender gives. Which
// day a file that was found belongs to is read from its first line. Threads: one at a time. Errors: IoError, and the
// lines are then lost; the next append tries to open the file again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sofa/io/env.h"

namespace sofa::observe {

class RollingFile {
 public:
  struct Options {
    std::string folder = ".";
    std::string name = {};
    std::uint64_t most_bytes = 256 << 20;
    std::size_t kept_files = 14;  // of those that rolled
    std::chrono::minutes offset{0};
  };

  RollingFile(io::Disk& disk, Options options) : disk_(disk), options_(std::move(options)) {}
  RollingFile(const RollingFile&) = delete;
  RollingFile& operator=(const RollingFile&) = delete;
  ~RollingFile() { close(); }

  /// Whole lines. `now` is the wall's time.
  Result<void> append(std::string_view lines, std::chrono::sys_time<std::chrono::milliseconds> now);
  void close();

 private:
  Result<void> open(const std::string& today);
  Result<void> roll();
  void remove_oldest();
  std::string path(std::string_view name) const;

  io::Disk& disk_;
  const Options options_;
  io::Handle file_ = io::Handle::kNone;
  std::uint64_t size_ = 0;
  std::string day_;  // of the open file: `2018-05-20`
};

}  // namespace sofa::observe
