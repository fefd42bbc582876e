// log: what the process tells its operator, a line an event, to stderr or a rotated file.
//
//   log::info("listening {} {}", log::kv("host", host), log::kv("port", port));  // … I listening host=0.0.0.0
//   port=12200 if (auto skipped = refused_throttle_.admit(now)) {
//     log::warn("connection refused {} {}", log::kv("peer", peer), log::kv("skipped", *skipped));
//   }
//
// Below the level a call costs a load and a branch; its arguments are evaluated but not formatted. Text from peers
// cannot forge a line: control characters are written as escapes. A Secret prints as ***. Not for the data path: a line
// is formatted and written before the call returns, under one lock, and a full pipe blocks. Threads: any. Errors: only
// `configure` has one.
#pragma once

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "sofa/base/error.h"
#include "sofa/base/secret.h"

namespace sofa::log {

struct Config;

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

namespace detail {
extern std::atomic<Level> current_level;
void write(Level level, fmt::string_view format, fmt::format_args args);
}  // namespace detail

/// What is logged: this level and above.
void set_level(Level level) noexcept;
inline Level level() noexcept {
  return detail::current_level.load(std::memory_order_relaxed);
}
inline bool enabled(Level level) noexcept {
  return level >= detail::current_level.load(std::memory_order_relaxed);
}

template <class... Args>
void write(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) [[unlikely]]
    detail::write(level, format, fmt::make_format_args(args...));
}
template <class... Args>
void trace(fmt::format_string<Args...> format, Args&&... args) {
  log::write(Level::kTrace, format, std::forward<Args>(args)...);
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  log::write(Level::kDebug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  log::write(Level::kInfo, format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  log::write(Level::kWarn, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  log::write(Level::kError, format, std::forward<Args>(args)...);
}

/// A log of a part of the process, such as a module: its own file and level (log_setup.h), or else the process's, where
/// its lines end with its mark. Threads: any.
//
//   const log::Logger log("module=accounts");
//   log.info("opened {}", log::kv("limit", 5));       // … I opened limit=5 module=accounts
class Logger {
 public:
  explicit Logger(std::string mark);
  ~Logger();

  bool enabled(Level level) const noexcept {
    return level >= (has_level_ ? level_ : detail::current_level.load(std::memory_order_relaxed));
  }
  template <class... Args>
  void write(Level level, fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(level)) [[unlikely]]
      write_now(level, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    write(Level::kDebug, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(Level::kInfo, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    write(Level::kWarn, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(Level::kError, format, std::forward<Args>(args)...);
  }

 private:
  friend Result<void> configure(Logger& logger, const Config& config);
  class File;
  void write_now(Level level, fmt::string_view format, fmt::format_args args) const;

  const std::string mark_;
  bool has_level_ = false;
  Level level_ = Level::kInfo;
  std::unique_ptr<File> file_;  // null: the process's log
};

/// A named value of a line: `key=value`, the value quoted where it is empty or holds blanks, quotes or `=`. Borrows the
/// value: use it within the call.
template <class T>
struct KeyValue {
  std::string_view key;
  const T& value;
};
template <class T>
KeyValue<T> kv(std::string_view key, const T& value) {
  return {key, value};
}
/// A value as `kv` writes it.
std::string quoted(std::string value);

/// Lets the first of a repeated event through and then one an interval. One a place that logs; not shared by threads.
class Throttle {
 public:
  explicit Throttle(std::chrono::nanoseconds interval) noexcept : interval_(interval) {}
  /// How many were held back since the last one let through, or nothing where this one is held back too. `now` is the
  /// caller's steady time.
  std::optional<std::uint64_t> admit(std::chrono::nanoseconds now) noexcept {
    if (started_ && now - last_ < interval_) {
      ++skipped_;
      return std::nullopt;
    }
    started_ = true;
    last_ = now;
    return std::exchange(skipped_, 0);
  }

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds last_{0};
  std::uint64_t skipped_ = 0;
  bool started_ = false;
};

/// The same where no time is at hand: lets the 1st, 2nd, 4th, 8th … event through and says how many there were.
class Doubling {
 public:
  std::optional<std::uint64_t> admit() noexcept {
    ++count_;
    return std::has_single_bit(count_) ? std::optional(count_) : std::nullopt;
  }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace sofa::log

template <class T>
struct fmt::formatter<sofa::log::KeyValue<T>> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const sofa::log::KeyValue<T>& pair, Context& context) const {
    return fmt::format_to(context.out(), "{}={}", pair.key, sofa::log::quoted(fmt::format("{}", pair.value)));
  }
};
