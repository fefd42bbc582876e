// sofa top: what a running process does, from its figures; and sofa loglevel.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sofa/base/json_text.h"
#include "sofa/cli/admin_client.h"
#include "sofa/cli/command.h"
#include "sofa/cli/duration.h"
#include "sofa/cli/process_figures.h"
#include "sofa/observe/error.h"

namespace sofa::cli {
namespace {

constexpr const char* kDefaultTarget = "127.0.0.1:9464";
// Of a terminal that does not say how large it is; a table's other lines.
constexpr std::size_t kRows = 20;
constexpr std::size_t kOtherLines = 12;

struct Options {
  std::string target = kDefaultTarget;
  std::string interval = "1s";
  std::size_t rows = 0;
  bool once = false;
  bool json = false;
};

std::size_t rows_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return kRows;
  return std::max<std::size_t>(size.ws_row, kOtherLines + 1) - kOtherLines;
}

std::string uptime(double started) {
  if (started <= 0) return "";
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto up = static_cast<std::int64_t>(std::max(now - started, 0.0));
  return fmt::format(" · up {}:{:02}:{:02}", up / 3600, up / 60 % 60, up % 60);
}

Error refused(const AdminTarget& target, const std::string& path, const AdminAnswer& answer) {
  std::string_view said = std::string_view(answer.text).substr(0, 200);
  while (said.ends_with('\n')) said.remove_suffix(1);
  // A 400 is what our own endpoint says of the request: there is no doubt who answers.
  const std::string_view doubt = answer.status == 400 ? "" : ": is this an admin endpoint?";
  return Error(CliError::kRefused,
               fmt::format("asked {}{}: status {}: {}{}", target.url(), path, answer.status, said, doubt));
}

/// Looks at a process again and again.
class Watch {
 public:
  Watch(AdminTarget target, const Options& options, io::Duration interval)
      : client_(std::move(target)), options_(options), interval_(interval) {}

  int run() {
    if (const Result<void> first = look(); !first) return give_up(first.error());
    for (;;) {
      client_.sleep(interval_);
      const ProcessTotals before = totals_;
      const io::TimePoint then = at_;
      const Result<void> looked = look();
      if (!looked && (options_.once || options_.json)) return give_up(looked.error());
      looked ? show(rates_between(before, totals_, at_ - then)) : show_failure(looked.error());
      if (options_.once) return kDone;
    }
  }

 private:
  Result<void> look() {
    const std::string& path = client_.target().metrics;
    SOFA_TRY(const AdminAnswer answer, client_.ask("GET", path));
    if (answer.status != 200) return tl::unexpected(refused(client_.target(), path, answer));
    SOFA_TRY(totals_, read_totals(answer.text));
    at_ = client_.now();
    const auto ready = client_.ask("GET", "/readiness");
    readiness_ = !ready || (ready->status != 200 && ready->status != 503) ? "" : ready->status == 200 ? "up" : "down";
    return {};
  }

  void show(const ProcessRates& rates) const {
    if (options_.json) {
      std::string line = "{\"target\":";
      append_json_string(line, client_.target().url());
      fmt::print("{},\"readiness\":\"{}\",{}}}\n", line, readiness_, to_json_members(rates));
    } else {
      clear();
      fmt::print("{} · sofa {}{}{}\n\n{}", client_.target().url(), rates.version, uptime(rates.started),
                 readiness_.empty()   ? ""
                 : readiness_ == "up" ? " · ready"
                                      : " · NOT READY (see /readiness)",
                 to_table(rates, options_.rows != 0 ? options_.rows : rows_of_terminal()));
    }
    std::fflush(stdout);
  }
  void show_failure(const Error& error) const {
    clear();
    fmt::print("{}\n\nasking again each {}; end with Ctrl-C\n", error.message(), options_.interval);
    std::fflush(stdout);
  }
  void clear() const {
    if (!options_.once && isatty(STDOUT_FILENO)) fmt::print("\x1b[H\x1b[J");
  }
  int give_up(const Error& error) const {
    const bool is_answer = error.is(CliError::kRefused) || error.is(observe::ObserveError::kFormat);
    return report(error, options_.json, is_answer ? kNo : kTransport);
  }

  AdminClient client_;
  const Options& options_;
  const io::Duration interval_;
  ProcessTotals totals_;
  io::TimePoint at_{};
  std::string readiness_;  // empty where it does not say
};

int top(const Options& options) {
  auto target = parse_admin_target(options.target);
  if (!target) return report(target.error(), options.json, kUsage);
  const auto interval = parse_duration(options.interval);
  if (!interval) return report(interval.error(), options.json, kUsage);
  return Watch(*std::move(target), options, *interval).run();
}

int loglevel(const std::string& text, const std::string& level, bool json) {
  auto target = parse_admin_target(text);
  if (!target) return report(target.error(), json, kUsage);
  AdminClient client(*target);
  const auto answer = client.ask(level.empty() ? "GET" : "PUT", "/loglevel", level);
  if (!answer) return report(answer.error(), json, kTransport);
  if (answer->status != 200) return report(refused(*target, "/loglevel", *answer), json, kNo);
  std::string now = answer->text;
  while (now.ends_with('\n')) now.pop_back();
  if (json) {
    std::string line = "{\"level\":";
    append_json_string(line, now);
    fmt::print("{}}}\n", line);
  } else {
    fmt::print("{}\n", now);
  }
  return kDone;
}

}  // namespace

std::function<int()> setup_top(CLI::App& command) {
  command.footer(
      "Rates, times and failures are of the last interval; latencies are read from buckets, so they are rough.\n"
      "Exit codes: 0 shown (--once), 1 what answered is no sofa process, 2 usage, 3 nobody answered.\n\nExamples:\n"
      "  sofa top                                   the process at 127.0.0.1:9464\n"
      "  sofa top 10.0.0.7:9464 --interval 5s\n"
      "  sofa top http://127.0.0.1:9464/actuator/prometheus --once\n"
      "  sofa top 9464 --once --json | jq '.methods[] | select(.errors_per_s > 0)'");
  auto options = std::make_shared<Options>();
  command
      .add_option("TARGET", options->target,
                  "host:port, port or url of an admin endpoint (`observe.admin` in the process's file)")
      ->capture_default_str();
  command.add_option("--interval", options->interval, "between two looks")->capture_default_str();
  command.add_option("--rows", options->rows, "methods that are shown (default: what the terminal has room for)")
      ->check(CLI::Range(1, 100'000));
  command.add_flag("--once", options->once, "look over one interval, then end");
  command.add_flag("--json", options->json, "one line an interval");
  return [options] { return top(*options); };
}

std::function<int()> setup_loglevel(CLI::App& command) {
  command.footer(
      "Holds until the process ends, or is told otherwise.\n"
      "Exit codes: 0 done, 1 it refused, 2 usage, 3 nobody answered.\n\nExamples:\n"
      "  sofa loglevel 127.0.0.1:9464               what it is now\n"
      "  sofa loglevel 127.0.0.1:9464 debug\n"
      "  curl -X PUT -d debug http://127.0.0.1:9464/loglevel");
  struct LevelOptions {
    std::string target;
    std::string level;
    bool json = false;
  };
  auto options = std::make_shared<LevelOptions>();
  command.add_option("TARGET", options->target, "host:port, port or url of an admin endpoint")->required();
  command.add_option("LEVEL", options->level, "trace, debug, info, warn, error or off; without it: what it is");
  command.add_flag("--json", options->json, "the answer, and errors, as JSON");
  return [options] { return loglevel(options->target, options->level, options->json); };
}

}  // namespace sofa::cli
