// What a choice costs, by balancer and number of providers; what a new list and a window's judgement cost.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "sofa/rpc/cluster/balancer.h"
#include "sofa/rpc/cluster/fault_tolerance.h"

namespace sofa::rpc {
namespace {

struct Service {
  explicit Service(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto port = static_cast<std::uint16_t>(12'200 + i);
      const auto weight = static_cast<std::uint32_t>(50 + i * 37 % 100);
      providers.push_back({.address = {"10.0.0.1", port, false}, .weight = weight});
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      candidates.push_back({.provider = &providers[i],
                            .weight = providers[i].weight,
                            .in_flight = i % 7,
                            .latency_us = 900 + i * 13 % 300,
                            .is_local = i % 10 == 0});
    }
  }
  std::vector<Provider> providers;
  std::vector<Candidate> candidates;
};

void BM_Choose(benchmark::State& state, std::string_view name, bool is_half_gone) {
  Service service(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; is_half_gone && i < service.candidates.size(); i += 2)
    service.candidates[i].available = false;
  const auto balancer = *make_balancer(name);
  balancer->rebuild(service.candidates);
  std::uint64_t random = 1;
  for (auto _ : state) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const std::string_view key(reinterpret_cast<const char*>(&random), sizeof random);
    benchmark::DoNotOptimize(balancer->choose(service.candidates, {.random = random, .key = key}));
  }
}

// A provider leaves the list and comes back.
void BM_Rebuild(benchmark::State& state, std::string_view name) {
  Service service(static_cast<std::size_t>(state.range(0)));
  const auto balancer = *make_balancer(name);
  std::size_t absent = 0;
  for (auto _ : state) {
    balancer->rebuild(std::span(service.candidates).first(service.candidates.size() - (absent ^= 1)));
  }
}

void BM_FirstRebuild(benchmark::State& state, std::string_view name) {
  Service service(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) (*make_balancer(name))->rebuild(service.candidates);
}

void BM_Regulate(benchmark::State& state) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < state.range(0); ++i) names.push_back("10.0.0.1:" + std::to_string(12'200 + i));
  std::vector<ProviderWindow> windows;
  for (std::size_t i = 0; i < names.size(); ++i) {
    windows.push_back({.provider = names[i],
                       .calls = 1000,
                       .failures = i == 1 ? 500 : i % 4,
                       .latency_sum = std::chrono::seconds(1),
                       .answered = 1000});
  }
  FaultTolerance regulator;
  io::TimePoint now{};
  for (auto _ : state) {
    now += regulator.options().time_window;
    benchmark::DoNotOptimize(regulator.regulate(now, windows));
  }
}
BENCHMARK(BM_Regulate)->Arg(100);

const bool registered = [] {
  for (const std::string_view name : balancer_names()) {
    for (const bool is_half_gone : {false, true}) {
      const std::string title = "BM_Choose/" + std::string(name) + (is_half_gone ? "/half_gone" : "");
      benchmark::RegisterBenchmark(title.c_str(), BM_Choose, name, is_half_gone)->Arg(3)->Arg(100);
    }
  }
  for (const std::string_view name : {"random", "consistentHash", "weightConsistentHash"}) {
    benchmark::RegisterBenchmark(("BM_Rebuild/" + std::string(name)).c_str(), BM_Rebuild, name)->Arg(100);
    benchmark::RegisterBenchmark(("BM_FirstRebuild/" + std::string(name)).c_str(), BM_FirstRebuild, name)->Arg(100);
  }
  return true;
}();

}  // namespace
}  // namespace sofa::rpc
