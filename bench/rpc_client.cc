// rpc_client: our client under load, by typed references, as an application would use it.
//
//   rpc_client --addr 127.0.0.1:12200 --connections 8 --outstanding 64       closed loop of tasks on one shard
//   rpc_client … --rate 20000       open loop at fixed times; latency from the time a call was due
//   rpc_client … --blocking 16      plain threads that wait for each call
//   rpc_client … --burn 100000      BurnService instead of EchoService
//   rpc_client --url file:///tmp/services.json --burn 1 --retries 2 --timeout-ms 100      a cluster
//
// Prints one JSON line. CPU is the whole process's, a million calls.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "bench/burn.h"
#include "bench/histogram.h"
#include "examples/bank/services.h"
#include "sofa/io/posix/env.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string url;
  std::uint32_t retries = 0;
  int timeout_ms = 3000;
  int attempt_timeout_ms = 0;
  std::uint32_t connections = 8;
  int outstanding = 64;
  double seconds = 3;
  double warmup = 0.5;
  double rate = 0;
  int blocking = 0;
  int burn = 0;
};

std::int64_t cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::int64_t now_ns() {
  return Clock::now().time_since_epoch().count();
}

/// What is measured: calls that ended between `from` and `until`.
struct Measured {
  std::int64_t from = 0;
  std::int64_t until = 0;
  Histogram latency;
  std::uint64_t errors = 0;

  void add(std::int64_t due, std::int64_t end, bool right) {
    if (end < from || end >= until) return;
    if (right) {
      latency.add(end - due);
    } else {
      ++errors;
    }
  }
};

class Load {
 public:
  Load(sofa::Context& context, const Options& options)
      : context_(context),
        options_(options),
        echo_(context.reference<bank::EchoService>(target())),
        burn_(context.reference<BurnService>(target())) {
    const auto seconds = [](double value) { return static_cast<std::int64_t>(value * 1e9); };
    measured_.from = now_ns() + seconds(options.warmup);
    measured_.until = measured_.from + seconds(options.seconds);
  }

  void run() {
    std::thread marker([this] {
      sleep_until(measured_.from);
      cpu_at_start_ = cpu_ns();
      sleep_until(measured_.until);
      cpu_at_end_ = cpu_ns();
    });
    if (options_.blocking > 0) {
      run_blocking();
    } else {
      context_.wait(options_.rate > 0 ? open_loop() : closed_loop(), std::chrono::hours(1));
    }
    marker.join();
  }

  void print() const {
    const double requests = static_cast<double>(measured_.latency.total());
    std::printf(
        "{\"requests\":%.0f,\"rps\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
        "\"errors\":%llu,\"client_cpu_s_per_million\":%.3f}\n",
        requests, requests / options_.seconds, measured_.latency.microseconds(0.5), measured_.latency.microseconds(0.9),
        measured_.latency.microseconds(0.99), measured_.latency.microseconds(0.999),
        static_cast<unsigned long long>(measured_.errors),
        static_cast<double>(cpu_at_end_ - cpu_at_start_) / 1e3 / (requests > 0 ? requests : 1));
  }

 private:
  sofa::ReferenceOptions target() const {
    return {.url = options_.url,
            .timeout = std::chrono::milliseconds(options_.timeout_ms),
            .cluster = {.retries = options_.retries,
                        .attempt_timeout = std::chrono::milliseconds(options_.attempt_timeout_ms)}};
  }
  static void sleep_until(std::int64_t ns) {
    std::this_thread::sleep_until(Clock::time_point(std::chrono::nanoseconds(ns)));
  }

  sofa::Task<bool> call() {
    if (options_.burn > 0) {
      co_await burn_->burn(options_.burn);
      co_return true;
    }
    co_return (co_await echo_->echo(text_)).has_value();
  }

  sofa::Task<void> one(std::int64_t due) {
    auto right = co_await sofa::as_result(call());
    measured_.add(due, now_ns(), right && *right);
  }

  sofa::Task<void> caller() {
    while (now_ns() < measured_.until) co_await one(now_ns());
  }

  sofa::Task<void> closed_loop() {
    sofa::Gate gate;
    for (int i = 0; i < options_.outstanding; ++i) (void)gate.spawn(caller());
    co_await gate.close();
  }

  /// Goes round by mail to its own shard, so that the shard never sleeps and calls start when they are due. Those that
  /// are overdue start a few a turn: a rate that cannot be held shows as latency, and answers are still read.
  sofa::Task<void> open_loop() {
    constexpr int kMostATurn = 64;
    sofa::Gate gate;
    const double gap = 1e9 / options_.rate;
    const std::int64_t begin = now_ns();
    std::int64_t sent = 0;
    const auto due = [&] { return begin + static_cast<std::int64_t>(static_cast<double>(sent) * gap); };
    for (std::int64_t now = begin; now < measured_.until; now = now_ns()) {
      for (int i = 0; i < kMostATurn && due() <= now; ++i, ++sent) (void)gate.spawn(one(due()));
      co_await Turn();
    }
    co_await gate.close();
  }

  struct Turn : sofa::io::Mail {
    Turn() : Mail([](Mail& self) noexcept { static_cast<Turn&>(self).waiter.resume(); }) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter = handle;
      sofa::io::Shard::current()->post(*this);
    }
    void await_resume() const {}
    std::coroutine_handle<> waiter;
  };

  void run_blocking() {
    std::vector<Measured> each(static_cast<std::size_t>(options_.blocking), measured_);
    std::vector<std::thread> threads;
    for (Measured& own : each) {
      threads.emplace_back([this, &own] {
        while (now_ns() < own.until) {
          const std::int64_t due = now_ns();
          bool right = false;
          try {
            right = context_.wait(echo_->echo(text_), std::chrono::seconds(5)).has_value();
          } catch (const std::exception&) {
          }
          own.add(due, now_ns(), right);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    for (const Measured& own : each) {
      measured_.latency.merge(own.latency);
      measured_.errors += own.errors;
    }
  }

  sofa::Context& context_;
  const Options options_;
  sofa::rpc::Reference<bank::EchoService> echo_;
  sofa::rpc::Reference<BurnService> burn_;
  const std::optional<std::string> text_ = std::string(100, 'x');
  Measured measured_;
  std::atomic<std::int64_t> cpu_at_start_{0};
  std::atomic<std::int64_t> cpu_at_end_{0};
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--addr") options.url = std::string("bolt://") + value;
    if (name == "--url") options.url = value;
    if (name == "--retries") options.retries = static_cast<std::uint32_t>(std::atoi(value));
    if (name == "--attempt-timeout-ms") options.attempt_timeout_ms = std::atoi(value);
    if (name == "--timeout-ms") options.timeout_ms = std::atoi(value);
    if (name == "--connections") options.connections = static_cast<std::uint32_t>(std::atoi(value));
    if (name == "--outstanding") options.outstanding = std::atoi(value);
    if (name == "--seconds") options.seconds = std::atof(value);
    if (name == "--warmup") options.warmup = std::atof(value);
    if (name == "--rate") options.rate = std::atof(value);
    if (name == "--blocking") options.blocking = std::atoi(value);
    if (name == "--burn") options.burn = std::atoi(value);
  }
  if (options.url.empty()) {
    std::fprintf(stderr, "rpc_client: --addr HOST:PORT or --url URL is missing\n");
    return 2;
  }
  sofa::Context context(sofa::io::posix::env(), {.app = "rpc_client", .connections = options.connections});
  Load load(context, options);
  load.run();
  load.print();
  context.stop(std::chrono::seconds(1));
}
