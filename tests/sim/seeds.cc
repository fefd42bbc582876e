#include "tests/sim/seeds.h"

#include <cstdlib>
#include <ctime>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sofa/base/fault.h"
#include "sofa/base/mutant.h"
#include "sofa/io/sim/dice.h"

namespace sofa::tests {

namespace {

constexpr std::uint64_t kSeeds = 200;
constexpr double kMostCpuSeconds = 15;                          // for the seeds of ctest
[[maybe_unused]] constexpr double kLeastHoursPerCpuHour = 100;  // where no sanitizer slows it down
[[maybe_unused]] constexpr std::uint64_t kMutantSeeds = 1'000;  // where there are mutants

std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

double cpu_seconds_since(std::clock_t start) {
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

}  // namespace

io::sim::Options world_options(std::uint64_t seed) {
  io::sim::Dice dice = io::sim::Dice(seed).split("options");
  io::sim::Options options;
  auto& net = options.net;
  net.send_buffer = std::size_t{1} << dice.between(12, 17);
  net.receive_buffer = std::size_t{1} << dice.between(12, 17);
  net.small_packet_ppm = static_cast<std::uint32_t>(dice.below(500'000));
  net.short_read_ppm = static_cast<std::uint32_t>(dice.below(500'000));
  net.short_write_ppm = static_cast<std::uint32_t>(dice.below(500'000));
  net.give_up = std::chrono::seconds(8);
  net.connect_timeout = std::chrono::seconds(8);
  return options;
}

void expect_no_fault(const char* program, const Scenario& scenario) {
  const auto only = number_from_environment("SOFA_SIM_SEED");
  const auto asked = number_from_environment("SOFA_SIM_SEEDS");
  const std::uint64_t first = only.value_or(1);
  const std::uint64_t last = only ? *only : asked.value_or(kSeeds);
  const std::clock_t start = std::clock();
  io::Duration simulated{};
  std::uint64_t seed = first;
  for (; seed <= last; ++seed) {
    if (!only && !asked && cpu_seconds_since(start) > kMostCpuSeconds) break;
    const SimResult result = scenario(seed);
    simulated += result.simulated;
    if (only) fmt::print("seed {}: trace {:016x}\n", seed, result.trace_hash);
    ASSERT_FALSE(result.fault.has_value()) << "seed " << seed << " found: " << *result.fault
                                           << "\n  run it again: SOFA_SIM_SEED=" << seed << " " << program;
  }
  const double cpu = cpu_seconds_since(start);
  const std::string summary = fmt::format(
      "{} seeds without a fault; {:.0f} simulated seconds in {:.1f} s of CPU: {:.0f} simulated hours a CPU hour",
      seed - first, std::chrono::duration<double>(simulated).count(), cpu,
      std::chrono::duration<double>(simulated).count() / cpu);
  fmt::print("{}\n", summary);
  testing::Test::RecordProperty("summary", summary);  // for ./dev sim
  ASSERT_GT(seed, first) << "not one seed was run";
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  EXPECT_GT(std::chrono::duration<double>(simulated).count() / cpu, kLeastHoursPerCpuHour);
#endif
}

void expect_mutant_found(const char* mutant, const Scenario& scenario) {
#ifdef SOFA_MUTANTS
  activate_mutant(mutant);
  std::optional<std::string> fault;
  std::uint64_t seed = 1;
  for (; seed <= kMutantSeeds && !fault; ++seed) fault = scenario(seed).fault;
  activate_mutant(nullptr);
  ASSERT_TRUE(fault.has_value()) << "no seed up to " << kMutantSeeds << " found the mutant " << mutant;
  fmt::print("{}: found at seed {}: {}\n", mutant, seed - 1, *fault);
#else
  (void)scenario;
  GTEST_SKIP() << mutant << " is not in this build: use a Debug or a sanitized one";
#endif
}

void expect_fault_points_struck(const std::vector<std::string_view>& names, const Scenario& scenario) {
#ifdef SOFA_MUTANTS
  std::set<std::string_view> known;
  for (const FaultPoint* point = FaultPoint::first(); point; point = point->next()) known.insert(point->name());
  EXPECT_EQ(known, std::set<std::string_view>(names.begin(), names.end())) << "bring the test's list up to date";
  const auto all_struck = [] {
    const FaultPoint* point = FaultPoint::first();
    while (point && point->struck() != 0) point = point->next();
    return point == nullptr;
  };
  std::uint64_t seed = 1;
  for (; seed <= kSeeds && !all_struck(); ++seed) scenario(seed);
  for (const FaultPoint* point = FaultPoint::first(); point; point = point->next()) {
    fmt::print("fault point {:<24} reached {:>10} times, struck {:>7} times\n", point->name(), point->reached(),
               point->struck());
    EXPECT_GT(point->struck(), 0u) << point->name() << " was never hit in " << seed - 1 << " seeds";
  }
#else
  (void)scenario;
  GTEST_SKIP() << names.size() << " fault points are not in this build: use a Debug or a sanitized one";
#endif
}

void expect_repeatable(const Scenario& scenario) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const SimResult once = scenario(seed), again = scenario(seed);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed << " is not repeatable";
  }
}

}  // namespace sofa::tests
