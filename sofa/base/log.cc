#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "sofa/base/log_setup.h"

namespace sofa::log {

namespace {

constexpr std::pair<std::string_view, Level> kLevels[] = {{"trace", Level::kTrace}, {"debug", Level::kDebug},
                                                          {"info", Level::kInfo},   {"warn", Level::kWarn},
                                                          {"error", Level::kError}, {"off", Level::kOff}};

spdlog::level::level_enum spdlog_level(Level level) {
  constexpr spdlog::level::level_enum kTheirs[] = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return kTheirs[static_cast<std::size_t>(level)];
}

std::unique_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_unique<spdlog::logger>("sofa", std::move(sink));
  logger->set_level(spdlog::level::trace);  // the level was asked for before
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %L %v");
  logger->flush_on(spdlog::level::trace);
  return logger;
}

/// Those who write to one file share it: of two, each would rename it under the other.
Result<spdlog::sink_ptr> open_file(const Config& config) {
  static auto& open = *new std::map<std::string, std::weak_ptr<spdlog::sinks::sink>>;
  static auto& mutex = *new std::mutex;
  const std::lock_guard lock(mutex);
  std::erase_if(open, [](const auto& each) { return each.second.expired(); });
  if (const auto found = open.find(config.file); found != open.end()) {
    if (spdlog::sink_ptr sink = found->second.lock()) return sink;
  }
  try {
    spdlog::sink_ptr sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        config.file, static_cast<std::size_t>(config.max_file_bytes), config.kept_files);
    open[config.file] = sink;
    return sink;
  } catch (const std::exception& thrown) {  // spdlog tells a failed open by exception only
    return fail(LogError::kCannotOpen, "log file {}: {}", config.file, thrown.what());
  }
}

/// Where lines go. Never destroyed, so that destructors of statics may log.
struct Target {
  std::mutex mutex;
  std::unique_ptr<spdlog::logger> logger = make_logger(std::make_shared<spdlog::sinks::stderr_sink_st>());
  Receiver receiver;
};
Target& target() {
  static Target& instance = *new Target;
  return instance;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// `text` with control characters as escapes, so that it stays one line and leaves a terminal alone.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (is_control(c) && c != '\t') {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string one_line(fmt::string_view format, fmt::format_args args) {
  std::string line = fmt::vformat(format, args);
  return std::ranges::any_of(line, is_control) ? escaped(line) : line;
}

void write_line(Level level, const std::string& line) {
  std::lock_guard lock(target().mutex);
  if (target().receiver) return target().receiver(level, line);
  target().logger->log(spdlog_level(level), spdlog::string_view_t(line));
}

}  // namespace

std::atomic<Level> detail::current_level{Level::kInfo};

config::EnumNames<Level> config_names(Level) {
  return kLevels;
}

const ErrorPart& error_part(LogError) {
  static const ErrorPart part{"log", [](int) -> std::string_view { return "cannot_open"; }};
  return part;
}

const config::Schema& config_schema(const Config*) {
  using config::key;
  static const config::Schema schema = config::schema<Config>({
      key<&Config::level>("level", "what is logged: this and above"),
      key<&Config::file>("file", "path of the log file; empty logs to stderr"),
      key<&Config::max_file_bytes>("max_file_bytes", "a file that reaches this is rotated", {.min = 4096}),
      key<&Config::kept_files>("kept_files", "rotated files that are kept", {.max = 1000}),
  });
  return schema;
}

Result<void> configure(const Config& config) {
  spdlog::sink_ptr sink;
  if (config.file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  } else {
    SOFA_TRY(sink, open_file(config));
  }
  std::unique_ptr<spdlog::logger> logger = make_logger(std::move(sink));
  std::lock_guard lock(target().mutex);
  target().logger = std::move(logger);
  set_level(config.level);
  return {};
}

void set_level(Level level) noexcept {
  detail::current_level.store(level, std::memory_order_relaxed);
}

void redirect(Receiver receiver) {
  std::lock_guard lock(target().mutex);
  target().receiver = std::move(receiver);
}

void detail::write(Level level, fmt::string_view format, fmt::format_args args) {
  write_line(level, one_line(format, args));
}

class Logger::File {
 public:
  explicit File(spdlog::sink_ptr sink) : logger_(make_logger(std::move(sink))) {}
  void write(Level level, const std::string& line) const {
    logger_->log(spdlog_level(level), spdlog::string_view_t(line));
  }

 private:
  const std::unique_ptr<spdlog::logger> logger_;
};

Logger::Logger(std::string mark) : mark_(std::move(mark)) {}
Logger::~Logger() = default;

void Logger::write_now(Level level, fmt::string_view format, fmt::format_args args) const {
  const std::string line = one_line(format, args);
  file_ ? file_->write(level, line) : write_line(level, fmt::format("{} {}", line, mark_));
}

Result<void> configure(Logger& logger, const Config& config) {
  if (!config.file.empty()) {
    SOFA_TRY(spdlog::sink_ptr sink, open_file(config));
    logger.file_ = std::make_unique<Logger::File>(std::move(sink));
  }
  logger.level_ = config.level;
  logger.has_level_ = true;
  return {};
}

std::string quoted(std::string value) {
  const bool bare = !value.empty() && std::ranges::none_of(value, [](char c) {
    return is_control(c) || c == ' ' || c == '"' || c == '=' || c == '\\';
  });
  if (bare) return value;
  std::string out = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace sofa::log
