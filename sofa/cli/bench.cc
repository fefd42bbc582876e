// sofa bench: a service under load.
#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "sofa/cli/command.h"
#include "sofa/cli/duration.h"
#include "sofa/cli/generic_call.h"
#include "sofa/cli/live_view.h"
#include "sofa/cli/load.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"

namespace sofa::cli {
namespace {

using Seconds = std::chrono::duration<double>;

struct Options {
  CallText text;
  std::uint32_t connections = 8;
  std::uint32_t outstanding = 64;
  double rate = 0;
  double seconds = 5;
  double warmup = 1;
  bool json = false;
};

/// What one window of time brought.
struct Outcome {
  Load::Counts counts;
  double seconds = 0;
  double cpu_seconds = 0;

  double microseconds(double percent) const { return static_cast<double>(counts.latency_ns.percentile(percent)) / 1e3; }
  double rps() const { return static_cast<double>(counts.latency_ns.count()) / seconds; }
  double cpu_per_million() const {
    const auto calls = static_cast<double>(counts.latency_ns.count());
    return calls > 0 ? cpu_seconds / calls * 1e6 : 0;
  }
};

struct Moment {
  Load::Counts counts;
  io::TimePoint at;
  std::chrono::nanoseconds cpu;
};

Moment moment(const Load& load, io::Env& env) {
  return {load.counts(), env.clock.now(), process_use().cpu};
}

Outcome between(const Moment& before, const Moment& after) {
  return {after.counts.since(before.counts), Seconds(after.at - before.at).count(),
          Seconds(after.cpu - before.cpu).count()};
}

// Sleeps through the window; on a terminal says every second how it goes.
Outcome measure(const Load& load, io::Env& env, double seconds, std::string_view phase) {
  const Moment begin = moment(load, env);
  const io::TimePoint end = begin.at + std::chrono::duration_cast<io::Duration>(Seconds(seconds));
  const bool show = isatty(STDERR_FILENO);
  for (Moment last = begin; last.at < end;) {
    std::this_thread::sleep_for(std::min<io::Duration>(end - last.at, std::chrono::seconds(1)));
    const Moment now = moment(load, env);
    const Outcome second = between(last, now);
    if (show) {
      fmt::print(stderr, "\r\x1b[K{} · {} calls/s · p99 {:.0f} µs · {} errors", phase,
                 grouped(static_cast<std::uint64_t>(second.rps())), second.microseconds(99), now.counts.errors);
      std::fflush(stderr);
    }
    last = now;
  }
  if (show) fmt::print(stderr, "\r\x1b[K");
  return between(begin, moment(load, env));
}

void print(const Options& options, const GenericCall& call, const Outcome& outcome) {
  if (options.json) {
    fmt::print(
        "{{\"rps\":{:.0f},\"p50_us\":{:.1f},\"p90_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f},"
        "\"requests\":{},\"errors\":{},\"seconds\":{:.3f},\"client_cpu_s_per_million\":{:.3f}}}\n",
        outcome.rps(), outcome.microseconds(50), outcome.microseconds(90), outcome.microseconds(99),
        outcome.microseconds(99.9), outcome.counts.latency_ns.count(), outcome.counts.errors, outcome.seconds,
        outcome.cpu_per_million());
    return;
  }
  const std::string load = options.rate > 0 ? fmt::format("{} calls/s, open loop", options.rate)
                                            : fmt::format("{} in flight, closed loop", options.outstanding);
  fmt::print("{}\n{} connections, {}, {:.1f} s\n\n", call.to_string(), options.connections, load, outcome.seconds);
  fmt::print("  calls/s     {:>12}\n  errors      {:>12}\n", grouped(static_cast<std::uint64_t>(outcome.rps())),
             grouped(outcome.counts.errors));
  for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
    fmt::print("  p{:<9}  {:>12.1f} µs\n", percent, outcome.microseconds(percent));
  }
  fmt::print("  client CPU  {:>12.2f} s a million calls\n", outcome.cpu_per_million());
}

int run(const Options& options, const GenericCall& call) {
  io::Env& env = io::posix::env();
  Context context(env, {.app = "sofa-cli", .connections = options.connections});
  const rpc::GenericReference reference = call.refer(context);
  // One call first: what cannot be called at all is told as `sofa call` tells it.
  const auto first = sofa::wait(context.shards(), reference.invoke(call.method, call.arguments, call.types),
                                call.reference.timeout + std::chrono::seconds(2));
  if (!first) return report_failure(call, first.error(), options.json);

  Load load(context.shards()[0], reference, call);
  options.rate > 0 ? load.start_open(options.rate) : load.start_closed(options.outstanding);
  if (options.warmup > 0) measure(load, env, options.warmup, "warming up");
  const Outcome outcome = measure(load, env, options.seconds, "measuring");
  load.stop(call.reference.timeout + std::chrono::seconds(2));
  print(options, call, outcome);
  if (const auto error = load.first_error(); error && outcome.counts.errors > 0) {
    const int code = report_failure(call, *error, options.json);
    if (outcome.counts.latency_ns.count() == 0) return code;
  }
  return kDone;
}

int bench(const Options& options) {
  auto call = prepare(options.text);
  if (!call) return report(call.error(), options.json, kUsage);
  try {
    return run(options, *call);
  } catch (const Error& error) {
    return report(error, options.json, kUsage);
  }
}

}  // namespace

std::function<int()> setup_bench(CLI::App& command) {
  command.footer(
      "Without SERVICE: dev.sofa.bank.EchoService.echo with 100 bytes. Closed loop unless --rate is given; then calls\n"
      "are due at fixed times, latency counts from those, and the client keeps a core busy. Calls are generic, by one "
      "shard.\n\nExamples:\n"
      "  sofa bench bolt://127.0.0.1:12200\n"
      "  sofa bench bolt://127.0.0.1:12200 --rate 20000 --seconds 10 --json\n"
      "  sofa bench bolt://127.0.0.1:12200 dev.sofa.bank.AccountService getBalance '\"alice\"' --outstanding 8");
  auto options = std::make_shared<Options>();
  options->text.add_to(command, true);
  command.add_option("--connections", options->connections, "connections to the server")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--outstanding", options->outstanding, "calls in flight, all connections together")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command.add_option("--rate", options->rate, "calls a second, in an open loop")->check(CLI::Range(1.0, 1e7));
  command.add_option("--seconds", options->seconds, "how long to measure")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command.add_option("--warmup", options->warmup, "seconds before that")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command.add_flag("--json", options->json, "one JSON line");
  return [options] { return bench(*options); };
}

}  // namespace sofa::cli
