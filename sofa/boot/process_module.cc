#include "sofa/boot/process_module.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/boot/error.h"
#include "sofa/boot/run_apart.h"
#include "sofa/io/async.h"
#include "sofa/io/whole_file.h"
#include "sofa/net/http_client.h"
#include "sofa/rpc/relay.h"
#include "sofa/wire/http/target.h"

namespace sofa::boot {
namespace {

constexpr io::Duration kLookAgain = std::chrono::milliseconds(5);
constexpr io::Duration kWatchEvery = std::chrono::milliseconds(20);
constexpr std::uint64_t kMostReportBytes = 1 << 20;
constexpr std::string_view kServes = "serves\n", kFailed = "failed\n";

rpc::ServiceKey key_of(std::string_view service) {
  const std::size_t first = service.find(':'), second = service.find(':', first + 1);
  rpc::ServiceKey key{.interface = std::string(service.substr(0, first))};
  if (first == service.npos) return key;
  key.version = service.substr(first + 1, second == service.npos ? second : second - first - 1);
  if (second != service.npos) key.unique_id = service.substr(second + 1);
  return key;
}

std::uint64_t bytes_of(std::uint32_t megabytes) {
  return std::uint64_t{megabytes} << 20;
}

}  // namespace

Result<void> write_report(io::Disk& disk, const std::string& path, const ProcessReport& report) {
  std::string text(report.failure.empty() ? kServes : kFailed);
  text += report.failure;
  for (const std::string& service : report.services) text += service + "\n";
  const std::string unfinished = path + ".unfinished";
  SOFA_TRY(const io::Handle file, disk.open(unfinished, true));
  const Result<void> written = disk.write_at(file, 0, as_bytes(text));
  disk.close(file);
  if (!written) return written;
  return disk.rename(unfinished, path);
}

Result<std::optional<ProcessReport>> read_report(io::Disk& disk, const std::string& path) {
  const Result<Bytes> bytes = io::read_file(disk, path, kMostReportBytes);
  if (!bytes) return std::nullopt;
  std::string_view text = as_text(*bytes);
  ProcessReport report;
  if (text.starts_with(kFailed)) {
    report.failure = text.substr(kFailed.size());
    return report;
  }
  if (!text.starts_with(kServes)) return fail(BootError::kFailed, "{} is no report of a process", path);
  text.remove_prefix(kServes.size());
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    report.services.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return report;
}

ProcessModule::ProcessModule(std::shared_ptr<const ProcessHost> host, Options options)
    : host_(std::move(host)), options_(std::move(options)) {}

ProcessModule::~ProcessModule() {
  if (info_.id >= 0) processes_->kill(io::Processes::Id{info_.id});
}

std::string ProcessModule::whose(const ModuleContext& context) const {
  return fmt::format("module '{}' {}", context.name(), context.version());
}

ProcessInfo ProcessModule::info() const {
  const std::lock_guard lock(mutex_);
  return info_;
}

void ProcessModule::note_end(std::string how) {
  const std::lock_guard lock(mutex_);
  info_.id = -1;
  info_.last_end = std::move(how);
}

bool ProcessModule::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Task<void> ProcessModule::start(ModuleContext& context) {
  processes_ = &context.env().processes;
  Running running = co_await launch(context);
  for (const std::string& service : running.services) {
    relays_.push_back(context.publish_relay(key_of(service), whose(context)));
  }
  lead(running);
  {
    const std::lock_guard lock(mutex_);
    watching_ = true;
  }
  context.spawn(watch(context, std::move(running)));
}

Task<ProcessModule::Running> ProcessModule::launch(ModuleContext& context) {
  HostView view = co_await host_->look();
  Running running;
  running.socket = fmt::format("{}-{}", options_.file, ++launches_);
  ProcessStart start{.module = context.name(),
                     .file = options_.file,
                     .settings = options_.settings,
                     .listen = "bolt://unix:" + running.socket + ".sock",
                     .ctl = running.socket + ".ctl",
                     .report = running.socket + ".report",
                     .addresses = {},
                     .elsewhere = std::move(view.modules),
                     .grace = options_.stop_timeout / 2};
  for (const std::string& service : view.services) start.addresses.emplace(service, view.url);
  std::erase(start.elsewhere, start.module);
  const io::Processes::Limits limits{.memory_bytes = bytes_of(options_.limits.memory_mb),
                                     .cpu_percent = options_.limits.cpu_percent};
  const Result<io::Processes::Started> started = processes_->start(host_->command(start), limits);
  if (!started) started.error().raise();
  if (!started->unlimited.empty()) log::warn("{}: {}", whose(context), started->unlimited);
  running.id = started->id;
  {
    const std::lock_guard lock(mutex_);
    info_.id = static_cast<int>(running.id);
  }
  Result<std::vector<std::string>> services = co_await as_result(first_words(context, running));
  (void)context.env().disk.remove(start.report);
  if (!services) {
    processes_->kill(running.id);
    if (const auto how = processes_->ended(running.id)) note_end(*how);
    clean_up(context, running);
    services.error().raise();
  }
  running.services = *std::move(services);
  co_return running;
}

Task<std::vector<std::string>> ProcessModule::first_words(ModuleContext& context, const Running& running) {
  for (;;) {
    const std::optional<std::string> how = processes_->ended(running.id);
    const Result<std::optional<ProcessReport>> report = read_report(context.env().disk, running.socket + ".report");
    if (!report) report.error().raise();
    if (how) {
      note_end(*how);
      throw Error(BootError::kFailed, *report && !(*report)->failure.empty()
                                          ? (*report)->failure
                                          : fmt::format("its process does not come up: {}", *how));
    }
    if (*report && (*report)->failure.empty()) co_return (*report)->services;
    co_await sleep(kLookAgain);
  }
}

void ProcessModule::lead(const Running& running) {
  for (const auto& relay : relays_) relay->lead_to({.host = running.socket + ".sock", .port = 0, .is_unix = true});
}

void ProcessModule::lead_nowhere(const std::string& why) {
  for (const auto& relay : relays_) relay->lead_nowhere(why);
}

void ProcessModule::clean_up(ModuleContext& context, const Running& running) {
  for (const char* what : {".sock", ".ctl", ".report", ".report.unfinished"}) {
    (void)context.env().disk.remove(running.socket + what);
  }
}

// On a shard that serves, as one of the module's tasks; nobody else asks for the process's end once this runs.
Task<void> ProcessModule::watch(ModuleContext& context, Running running) {
  io::Duration back_off = options_.first_back_off;
  io::TimePoint began = io::Shard::current()->now();
  for (;;) {
    std::optional<std::string> how;
    while (!(how = processes_->ended(running.id))) co_await sleep(kWatchEvery);
    clean_up(context, running);
    note_end(*how);
    if (is_stopping()) break;
    if (io::Shard::current()->now() - began >= options_.stable) back_off = options_.first_back_off;
    std::optional<Running> next = co_await start_again(context, *how, back_off);
    if (!next) break;
    running = *std::move(next);
    began = io::Shard::current()->now();
    lead(running);
    log::info("{}: its process serves again", whose(context));
  }
  const std::lock_guard lock(mutex_);
  watching_ = false;
}

Task<std::optional<ProcessModule::Running>> ProcessModule::start_again(ModuleContext& context, std::string how,
                                                                       io::Duration& back_off) {
  while (!is_stopping()) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(back_off).count();
    const std::string why = fmt::format("{}; it is started again {} ms later", how, ms);
    log::error("{}, in a process of its own: {}", whose(context), why);
    lead_nowhere(why);
    for (const io::TimePoint until = io::Shard::current()->now() + back_off;
         io::Shard::current()->now() < until && !is_stopping();) {
      co_await sleep(std::min<io::Duration>(kWatchEvery, until - io::Shard::current()->now()));
    }
    if (is_stopping()) break;
    back_off = std::min(back_off * 2, options_.last_back_off);
    const auto running = std::make_shared<std::optional<Running>>();  // a launch that hangs outlasts this wait for it
    const auto once_more = [this, &context, running]() -> Task<void> { *running = co_await launch(context); };
    io::Shards& shards = context.shards();
    const Result<void> launched = co_await as_result(
        run_apart(shards[shards.size() - 1], once_more, {.what = fmt::format("another start of {}", whose(context))}));
    {
      const std::lock_guard lock(mutex_);
      ++info_.restarts;
    }
    if (launched) co_return std::move(*running);
    how = launched.error().message();
  }
  co_return std::nullopt;
}

Task<void> ProcessModule::check(ModuleContext& context) {
  const ProcessInfo now = info();
  if (now.id < 0) throw Error(BootError::kFailed, fmt::format("it has no process: {}", now.last_end));
  const std::string path = "/modules/check?name=" + http::percent_encode(context.name());
  const io::Address ctl{.host = fmt::format("{}-{}.ctl", options_.file, launches_), .port = 0, .is_unix = true};
  net::HttpResponse answer = co_await host_->http.send(ctl, net::HttpRequest::post(path, "text/plain", {}));
  constexpr std::size_t kMostText = 64 << 10;
  const std::string text = co_await answer.body.read_text(kMostText);
  if (answer.status != 200) throw Error(BootError::kFailed, text);
}

Task<void> ProcessModule::stop(ModuleContext& context) {
  const auto left = [this] {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    return watching_ ? std::optional(info_.id) : std::nullopt;
  };
  bool asked = false, killed = false;
  const io::TimePoint until = context.env().clock.now() + options_.stop_timeout * 3 / 4;
  for (std::optional<int> id; (id = left());) {
    if (*id >= 0 && !std::exchange(asked, true)) processes_->terminate(io::Processes::Id{*id});
    if (*id >= 0 && context.env().clock.now() >= until && !std::exchange(killed, true)) {
      log::warn("{}: its process is killed: it has not ended when it was asked to", whose(context));
      processes_->kill(io::Processes::Id{*id});
    }
    co_await sleep(kLookAgain);
  }
  relays_.clear();
}

}  // namespace sofa::boot
