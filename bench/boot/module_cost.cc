// What modules cost, a JSON line each:
//   module_cost call THREADS        nanoseconds of an in-process call through a slot
//   module_cost load ROUNDS         microseconds to load, create and start a small module; p50
//   module_cost memory MODULES      private memory of one more module, bytes
//   module_cost parallel MODULES    wall time of a start over its critical path
//   module_cost process ROUNDS      microseconds of a call of 128 bytes to a module in a process of its own; p50
//   module_cost pair ROUNDS         the same between two plain processes over a socket with epoll: the floor of that
//   module_cost switch ROUNDS       calls of two threads while versions are exchanged
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/boot/counter_service.h"
#include "examples/bank/services.h"
#include "sofa/boot/container.h"
#include "sofa/cli/module_process.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"

namespace {

using namespace std::chrono_literals;
using bench::CounterService;
using sofa::Task;
using sofa::boot::Container;
using sofa::boot::ModuleOptions;
using Clock = std::chrono::steady_clock;

std::string file_of(int version) {
  return fmt::format("{}/counter_{}.so", BENCH_MODULES, version);
}

double nanoseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

/// Private memory of this process, bytes.
long private_bytes() {
  std::FILE* file = std::fopen("/proc/self/smaps_rollup", "r");
  long sum = 0, kilobytes = 0;
  char line[256];
  while (file && std::fgets(line, sizeof(line), file)) {
    if (std::sscanf(line, "Private_Clean: %ld", &kilobytes) == 1 ||
        std::sscanf(line, "Private_Dirty: %ld", &kilobytes) == 1) {
      sum += kilobytes * 1024;
    }
  }
  if (file) std::fclose(file);
  return sum;
}

class Counter final : public CounterService {
 public:
  Task<std::int64_t> add(std::int64_t n) override { return n + 1; }
};

struct Host {
  explicit Host(sofa::boot::ContainerOptions options = {}) : container(context, with_drain(std::move(options))) {}
  static sofa::boot::ContainerOptions with_drain(sofa::boot::ContainerOptions options) {
    options.life.drain_timeout = 10s;
    return options;
  }

  sofa::Context context{sofa::io::posix::env(), {.app = "bench", .shards_apart = 1}};
  Container container;

  template <class T>
  T at_home(Task<T> task) {
    sofa::Result<T> result = sofa::wait(container.home(), std::move(task), 300s);
    if (!result) {
      std::fprintf(stderr, "%s\n", result.error().message().c_str());
      std::_Exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  ~Host() {
    (void)sofa::wait(container.home(), container.stop(), 60s);
    context.stop(1s);
  }
};

int call(int threads) {
  Host host;
  host.context.publish<CounterService>(std::make_shared<Counter>());
  constexpr std::int64_t kCalls = 20'000'000;
  std::vector<std::thread> callers;
  std::vector<double> cost(static_cast<std::size_t>(threads));
  std::atomic<int> ready{0};
  for (int i = 0; i < threads; ++i) {
    callers.emplace_back([&, i] {
      const auto counter = host.context.reference<CounterService>();
      ready.fetch_add(1);
      while (ready.load() < threads) {
      }
      const auto begin = Clock::now();
      std::int64_t n = 0;
      for (std::int64_t call = 0; call < kCalls; ++call) n = counter->add(n).take();
      if (n != kCalls) std::abort();
      cost[static_cast<std::size_t>(i)] = nanoseconds_since(begin) / static_cast<double>(kCalls);
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::printf("{\"ns\":%.2f}\n", *std::ranges::max_element(cost));
  return 0;
}

int load(int rounds) {
  Host host;
  std::map<std::string, std::vector<double>> took;  // by step, and of all but the last
  for (int i = 0; i < rounds; ++i) {
    const auto module = host.at_home(host.container.install({.file = file_of(1)}));
    double sum = 0;
    for (const auto& step : module.steps) {
      const double microseconds = static_cast<double>(step.took.count()) / 1e3;
      took[step.name].push_back(microseconds);
      if (step.name != "ready") sum += microseconds;
    }
    took["all"].push_back(sum);
    if (!host.at_home(host.container.uninstall("counter", "1.0.0")).empty()) return 1;
  }
  std::string json;
  for (auto& [name, all] : took) {
    std::ranges::sort(all);
    json += fmt::format("{}\"{}_p50_us\":{:.1f}", json.empty() ? "" : ",", name, all[all.size() / 2]);
  }
  std::printf("{%s}\n", json.c_str());
  return 0;
}

int memory(int modules) {
  Host host;
  const sofa::boot::LifeOptions life;
  sofa::boot::ExtensionPoints points;
  std::vector<std::unique_ptr<sofa::boot::ModuleInstance>> all;
  const auto bring_up = [](sofa::boot::ModuleInstance& one) -> Task<void> {
    co_await one.read();
    co_await one.load();
    co_await one.start(one.apart());
    co_await one.check();
  };
  long before = 0;
  for (int i = 0; i <= modules; ++i) {
    all.push_back(std::make_unique<sofa::boot::ModuleInstance>(sofa::boot::HostPlace{host.context, points, life},
                                                               ModuleOptions{.file = file_of(1)}));
    host.at_home(bring_up(*all.back()));
    if (i == 0) before = private_bytes();  // the first one warms the allocator
  }
  const double each = static_cast<double>(private_bytes() - before) / modules;
  for (auto& one : all) {
    if (!host.at_home(one->unload()).empty()) return 1;
  }
  std::printf("{\"bytes\":%.0f}\n", each);
  return 0;
}

/// Starts as long as its name's number says.
class Sleeper final : public sofa::Module {
  Task<void> start(sofa::ModuleContext& context) override {
    co_await sofa::sleep(std::chrono::milliseconds(context.setting<std::int64_t>("ms")));
  }
};

constexpr sofa_module_entry kSleeper{SOFA_MODULE_ABI, SOFA_TOOLCHAIN, &sofa::boot::create_module<Sleeper>,
                                     &sofa::boot::destroy_module};

int parallel(int modules) {
  Host host;
  std::mt19937 random(42);
  std::vector<ModuleOptions> all;
  std::vector<int> path(static_cast<std::size_t>(modules));
  for (int i = 0; i < modules; ++i) {
    std::string required;
    const int ms = 5 + static_cast<int>(random() % 46);
    int before = 0;
    for (int edge = 0; i > 0 && edge < 2; ++edge) {
      const int other = static_cast<int>(random() % static_cast<unsigned>(i));
      required += fmt::format("{}m{}", edge ? ", " : "", other);
      before = std::max(before, path[static_cast<std::size_t>(other)]);
    }
    path[static_cast<std::size_t>(i)] = before + ms;
    all.push_back({.file = fmt::format("m{}", i),
                   .linked = &kSleeper,
                   .manifest = fmt::format("name: m{}\nrequires: [{}]\nconfig:\n  ms: {{type: integer, default: {}}}\n",
                                           i, required, ms)});
  }
  const auto begin = Clock::now();
  host.at_home(host.container.start(std::move(all)));
  const double wall = nanoseconds_since(begin) / 1e6;
  const int critical = *std::ranges::max_element(path);
  std::printf("{\"ratio\":%.3f,\"wall_ms\":%.1f,\"critical_ms\":%d}\n", wall / critical, wall, critical);
  return 0;
}

Task<std::vector<double>> echo_often(sofa::rpc::Reference<bank::EchoService> echo, int rounds) {
  const std::string text(128, 'x');
  std::vector<double> took;
  took.reserve(static_cast<std::size_t>(rounds));
  for (int i = 0; i < rounds; ++i) {
    const auto begin = Clock::now();
    const std::optional<std::string> answer = co_await echo->echo(text);
    took.push_back(nanoseconds_since(begin) / 1e3);
    if (answer != text) throw std::runtime_error("a wrong answer");
  }
  co_return took;
}

int process(int rounds) {
  sofa::boot::ContainerOptions options;
  options.process_command = sofa::cli::command_for(BENCH_APPLICATION, "", BENCH_SOFA);
  Host host(std::move(options));
  ModuleOptions accounts{.file = BENCH_BANK_MODULES "/accounts-1.0.0.so"};
  accounts.isolation = sofa::boot::Isolation::kProcess;
  host.at_home(host.container.start({accounts}));
  const auto echo = host.context.reference<bank::EchoService>();
  (void)host.at_home(echo_often(echo, rounds / 10));
  std::vector<double> took = host.at_home(echo_often(echo, rounds));
  std::ranges::sort(took);
  std::printf("{\"p50_us\":%.2f,\"p99_us\":%.2f}\n", took[took.size() / 2], took[took.size() * 99 / 100]);
  return 0;
}

/// Waits until there is something, as a reactor does.
ssize_t read_when_there(int epoll, int socket, char* to, std::size_t most) {
  epoll_event event;
  return epoll_wait(epoll, &event, 1, -1) == 1 ? read(socket, to, most) : -1;
}

int watch(int socket) {
  const int epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  return epoll;
}

int pair(int rounds) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 1;
  char bytes[256] = {};
  const int other = fork();
  close(sockets[other == 0 ? 0 : 1]);
  const int mine = sockets[other == 0 ? 1 : 0], epoll = watch(mine);
  if (other == 0) {
    for (ssize_t got; (got = read_when_there(epoll, mine, bytes, sizeof(bytes))) > 0;) {
      if (write(mine, bytes, static_cast<std::size_t>(got)) != got) break;
    }
    _exit(0);
  }
  std::vector<double> took;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = Clock::now();
    if (write(mine, bytes, 128) != 128 || read_when_there(epoll, mine, bytes, sizeof(bytes)) != 128) return 1;
    took.push_back(nanoseconds_since(begin) / 1e3);
  }
  close(mine);
  waitpid(other, nullptr, 0);
  std::ranges::sort(took);
  std::printf("{\"p50_us\":%.2f}\n", took[took.size() / 2]);
  return 0;
}

/// As the process itself does it when it is asked to: on the container's shard. Gives the growth of private memory,
/// over the second half of the exchanges: the first has filled what is kept for the next.
Task<long> exchange_versions(Container& container, int rounds, std::atomic<std::uint64_t>& round) {
  long before = 0;
  const int warm = rounds / 2;
  for (int i = 0; i < rounds; ++i) {
    const int next = i % 2 ? 1 : 2;
    co_await container.install({.file = file_of(next)});
    co_await container.switch_to("counter", fmt::format("{}.0.0", next));
    const auto pins = co_await container.uninstall("counter", fmt::format("{}.0.0", 3 - next));
    if (!pins.empty()) throw std::runtime_error(pins.front());
    round.fetch_add(1, std::memory_order_relaxed);
    if (i == warm) before = private_bytes();
  }
  co_return private_bytes() - before;
}

int exchange(int rounds) {
  Host host;
  std::atomic<bool> go{false}, stop{false};
  std::atomic<long> calls{0}, wrong{0};
  std::vector<std::thread> callers;
  std::vector<std::vector<double>> gaps(2);
  for (auto& one : gaps) {
    one.resize(static_cast<std::size_t>(rounds));  // touched now: what is measured with shall not grow meanwhile
    one.clear();
  }
  std::atomic<std::uint64_t> round{0};
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    // Before a module is loaded: a younger thread that never rests might be the module's.
    callers.emplace_back([&, i] {
      go.wait(false);
      const auto counter = host.context.reference<CounterService>();
      long made = 0, bad = 0;
      double longest = 0;
      std::uint64_t seen = 0;
      auto last = Clock::now();
      while (!stop.load(std::memory_order_relaxed)) {
        auto task = counter->add(10);
        const std::int64_t answer = task.is_ready() ? std::move(task).take() : 0;
        bad += answer != 11 && answer != 12;
        ++made;
        const auto now = Clock::now();
        longest = std::max(longest, std::chrono::duration<double, std::micro>(now - last).count());
        last = now;
        if (const std::uint64_t current = round.load(std::memory_order_relaxed); current != seen) {
          gaps[i].push_back(std::exchange(longest, 0));
          seen = current;
        }
      }
      calls += made;
      wrong += bad;
    });
  }
  host.at_home(host.container.start({{.file = file_of(1)}}));
  go = true;
  go.notify_all();
  const long growth = host.at_home(exchange_versions(host.container, rounds, round));
  stop = true;
  for (std::thread& caller : callers) caller.join();
  std::vector<double> all;
  for (const auto& one : gaps) all.insert(all.end(), one.begin(), one.end());
  std::ranges::sort(all);
  std::printf("{\"calls\":%ld,\"wrong\":%ld,\"growth_kb\":%.1f,\"gap_p99_us\":%.1f}\n", calls.load(), wrong.load(),
              static_cast<double>(growth) / 1024, all.empty() ? 0 : all[all.size() * 99 / 100]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const int count = argc > 2 ? std::atoi(argv[2]) : 0;
  if (mode == "call" && count > 0) return call(count);
  if (mode == "load" && count > 0) return load(count);
  if (mode == "memory" && count > 0) return memory(count);
  if (mode == "parallel" && count > 0) return parallel(count);
  if (mode == "process" && count > 0) return process(count);
  if (mode == "pair" && count > 0) return pair(count);
  if (mode == "switch" && count > 0) return exchange(count);
  std::fprintf(stderr, "usage: module_cost call|load|memory|parallel|process|pair|switch COUNT\n");
  return 2;
}
