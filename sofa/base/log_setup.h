// log_setup: where the log goes, for the program that owns the process; who only logs includes log.h.
//
//   SOFA_TRY_VOID(log::configure(config.log));    // the section `log` of the process's configuration
//
// Threads: any, though meant for start-up. Errors: LogError.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sofa/base/config.h"
#include "sofa/base/error.h"
#include "sofa/base/log.h"

namespace sofa::log {

config::EnumNames<Level> config_names(Level);

enum class LogError { kCannotOpen = 1 };
const ErrorPart& error_part(LogError);

/// The section `log` of a process's configuration.
struct Config {
  Level level = Level::kInfo;
  std::string file = {};  // empty: stderr
  std::int64_t max_file_bytes = 64 << 20;
  std::uint16_t kept_files = 5;
};
const config::Schema& config_schema(const Config*);

/// Opens the file or goes back to stderr, and sets the level. Error: kCannotOpen; the old target then stays.
Result<void> configure(const Config& config);
/// Gives a part of the process its own level and, where `file` is not empty, its own file. Before it logs. Error:
/// kCannotOpen.
Result<void> configure(Logger& logger, const Config& config);
/// Gives every line to `receiver` instead, one call at a time; an empty one goes back to the configured target. For
/// tests and for a terminal view. The receiver must not log.
using Receiver = std::function<void(Level, std::string_view line)>;
void redirect(Receiver receiver);

}  // namespace sofa::log
