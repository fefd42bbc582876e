#include "sofa/rpc/cluster/balancer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "sofa/rpc/cluster/peak_ewma.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#define SOFA_COUNTS_ALLOCATIONS
#endif
#endif

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;

/// Providers and what a shard knows of them, with chance that is the same in each run.
class Service {
 public:
  explicit Service(const std::vector<std::uint32_t>& weights, std::uint64_t seed = 1) : random_(seed) {
    providers_.reserve(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto port = static_cast<std::uint16_t>(12'200 + i);
      providers_.push_back({.address = {"10.0.0.1", port, false}, .weight = weights[i]});
      candidates.push_back({.provider = &providers_.back(), .weight = weights[i]});
    }
  }

  /// One call, with a key of its own.
  std::size_t choose(Balancer& balancer, std::span<const std::uint32_t> tried = {}) {
    const std::string key = "account-" + std::to_string(random_());
    return balancer.choose(candidates, {.random = random_(), .key = key, .tried = tried});
  }
  std::vector<std::size_t> count(Balancer& balancer, std::size_t calls) {
    std::vector<std::size_t> counts(candidates.size());
    for (std::size_t i = 0; i < calls; ++i) ++counts.at(choose(balancer));
    return counts;
  }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::vector<Candidate> candidates;

 private:
  std::vector<Provider> providers_;
  std::mt19937_64 random_;
};

std::unique_ptr<Balancer> balancer_for(std::string_view name, const Service& service) {
  auto balancer = make_balancer(name);
  (*balancer)->rebuild(service.candidates);
  return *std::move(balancer);
}

/// Pearson's sum: how far counts are from what weights promise. Beyond 60 for up to 20 of them is no chance.
double chi_square(const std::vector<std::size_t>& counts, const std::vector<double>& weights) {
  double calls = 0, all = 0, sum = 0;
  for (const auto count : counts) calls += static_cast<double>(count);
  for (const double weight : weights) all += weight;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = calls * weights[i] / all;
    if (expected == 0) {
      EXPECT_EQ(counts[i], 0u) << i;
    } else {
      sum += std::pow(static_cast<double>(counts[i]) - expected, 2) / expected;
    }
  }
  return sum;
}
constexpr double kNoChance = 60;

class EachBalancer : public testing::TestWithParam<std::string_view> {
 protected:
  bool knows_weightless() const { return GetParam() != "consistentHash"; }
};
INSTANTIATE_TEST_SUITE_P(Balancers, EachBalancer, testing::ValuesIn(balancer_names()),
                         [](const auto& name) { return std::string(name.param); });

TEST(BalancerTest, NamesAllThatThereAreForOneThatThereIsNot) {
  const auto balancer = make_balancer("best");
  ASSERT_FALSE(balancer);
  for (const std::string_view name : balancer_names()) {
    EXPECT_NE(balancer.error().message().find(name), std::string::npos) << name;
  }
}

TEST_P(EachBalancer, ChoosesNobodyOnlyWhenNobodyIsFree) {
  Service service({100, 50, 0, 7, 100, 100, 1, 100, 100, 100});
  const auto balancer = balancer_for(GetParam(), service);
  for (int round = 0; round < 5'000; ++round) {
    const std::uint64_t out = service.below(11);
    for (Candidate& candidate : service.candidates) {
      candidate.available = service.below(10) >= out;
      candidate.in_flight = static_cast<std::uint32_t>(service.below(5));
      candidate.latency_us = static_cast<std::uint32_t>(service.below(3) * 1000);
      candidate.is_local = service.below(5) == 0;
    }
    std::vector<std::uint32_t> tried;
    for (std::uint64_t i = service.below(4); i > 0; --i) tried.push_back(static_cast<std::uint32_t>(service.below(10)));
    std::size_t free = 0, free_of_weight = 0;
    for (std::uint32_t i = 0; i < 10; ++i) {
      const bool is_free = service.candidates[i].available && std::ranges::find(tried, i) == tried.end();
      free += is_free;
      free_of_weight += is_free && service.candidates[i].weight > 0;
    }
    const std::size_t chosen = service.choose(*balancer, tried);
    ASSERT_EQ(chosen == kNobody, free == 0);
    if (free == 0) continue;
    ASSERT_LT(chosen, 10u);
    ASSERT_TRUE(service.candidates[chosen].available);
    ASSERT_TRUE(std::ranges::find(tried, chosen) == tried.end());
    if (free_of_weight > 0 && knows_weightless()) {
      ASSERT_GT(service.candidates[chosen].weight, 0u);
    }
  }
}

TEST_P(EachBalancer, SaysWhetherWeightsCount) {
  Service service({20, 180});
  const auto balancer = balancer_for(GetParam(), service);
  const auto counts = service.count(*balancer, 10'000);
  EXPECT_EQ(counts[1] > 2 * counts[0], balancer->knows_weights()) << counts[0] << ", " << counts[1];
}

TEST_P(EachBalancer, HasNobodyInAnEmptyList) {
  Service service({});
  EXPECT_EQ(service.choose(*balancer_for(GetParam(), service)), kNobody);
}

TEST_P(EachBalancer, AsksThoseOfWeightZeroWhenThereIsNobodyElse) {
  Service service({0, 0, 0, 0});
  const auto counts = service.count(*balancer_for(GetParam(), service), 4'000);
  EXPECT_GT(std::ranges::min(counts), 500u);
}

#ifdef SOFA_COUNTS_ALLOCATIONS
std::size_t allocations = 0;

TEST_P(EachBalancer, AllocatesNothingToChoose) {
  Service service({100, 50, 0, 7, 100, 100, 1, 100, 100, 100});
  service.candidates[3].is_local = true;
  const auto balancer = balancer_for(GetParam(), service);
  static const bool is_counting =
      __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { ++allocations; },
                                                [](const volatile void*) {}) > 0;
  ASSERT_TRUE(is_counting);
  const std::size_t before = allocations;
  const auto counted = std::make_unique<int>();
  ASSERT_EQ(allocations, before + 1);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    for (std::size_t at = 0; at < 10; ++at) service.candidates[at].available = (i >> at) % 2 == 0;
    balancer->choose(service.candidates, {.random = i << 40, .key = "account"});
  }
  EXPECT_EQ(allocations, before + 1);
}
#endif

TEST_P(EachBalancer, StarvesNobody) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint32_t> weights(2 + random() % 20);
    for (auto& weight : weights) weight = 20 + static_cast<std::uint32_t>(random() % 180);
    Service service(weights, seed);
    for (Candidate& candidate : service.candidates) candidate.available = service.below(3) > 0;
    service.candidates[0].available = true;
    const auto balancer = balancer_for(GetParam(), service);
    // Answers take as long as they do, and are told as the shards tell them; a call a millisecond.
    std::vector<PeakEwma> ewmas(weights.size());
    std::vector<std::size_t> counts(weights.size());
    for (int i = 0; i < 60'000; ++i) {
      const io::TimePoint now{std::chrono::milliseconds(1'000 + i)};
      const std::size_t chosen = service.choose(*balancer);
      ++counts.at(chosen);
      ewmas[chosen].update(static_cast<std::uint32_t>(1000 * (1 + chosen)), now);
      service.candidates[chosen].latency_us = ewmas[chosen].value(now);
      if (i % 1'000 > 0) continue;
      for (std::size_t at = 0; at < ewmas.size(); ++at) service.candidates[at].latency_us = ewmas[at].value(now);
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_EQ(counts[i] > 0, service.candidates[i].available) << "seed " << seed << ", provider " << i;
    }
  }
}

class WeighingBalancer : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(Balancers, WeighingBalancer,
                         testing::Values("random", "localPref", "weightRoundRobin", "leastActive", "peakEwma"),
                         [](const auto& name) { return std::string(name.param); });

TEST_P(WeighingBalancer, GivesEachWhatItsWeightSays) {
  Service service({100, 1, 200, 37, 5, 0, 100, 50});
  EXPECT_LT(chi_square(service.count(*balancer_for(GetParam(), service), 200'000), {100, 1, 200, 37, 5, 0, 100, 50}),
            kNoChance);
}

TEST_P(WeighingBalancer, SharesWhatTheAbsentWouldHaveByWeight) {
  Service service({100, 1, 200, 37, 5, 300, 100, 50});
  for (const std::size_t absent : {0, 5, 7}) service.candidates[absent].available = false;
  EXPECT_LT(chi_square(service.count(*balancer_for(GetParam(), service), 200'000), {0, 1, 200, 37, 5, 0, 100, 0}),
            kNoChance);
}

TEST_P(WeighingBalancer, SharesWhenNearlyAllAreAbsent) {
  Service service(std::vector<std::uint32_t>(100, 100));
  for (std::size_t i = 0; i < 97; ++i) service.candidates[i].available = false;
  std::vector<double> weights(100);
  std::fill(weights.begin() + 97, weights.end(), 1);
  EXPECT_LT(chi_square(service.count(*balancer_for(GetParam(), service), 30'000), weights), kNoChance);
}

TEST(RoundRobinTest, TakesTurns) {
  Service service({100, 100, 100, 100, 100});
  service.candidates[2].available = false;
  const auto balancer = balancer_for("roundRobin", service);
  std::size_t before = service.choose(*balancer);
  for (int i = 0; i < 20; ++i) {
    const std::size_t expected = (before + 1) % 5 == 2 ? 3 : (before + 1) % 5;
    ASSERT_EQ(before = service.choose(*balancer), expected);
  }
}

TEST(RoundRobinTest, StartsAnywhere) {
  Service service({100, 100, 100, 100});
  std::vector<std::size_t> firsts(4);
  for (int i = 0; i < 400; ++i) ++firsts[service.choose(*balancer_for("roundRobin", service))];
  EXPECT_GT(std::ranges::min(firsts), 50u);
}

TEST(WeightRoundRobinTest, KeepsTheProportionInEveryRound) {
  Service service({1, 2, 3, 4});
  const auto balancer = balancer_for("weightRoundRobin", service);
  for (int round = 0; round < 1000; ++round) {
    ASSERT_EQ(service.count(*balancer, 10), (std::vector<std::size_t>{1, 2, 3, 4}));
  }
}

TEST(WeightRoundRobinTest, SpreadsTheTurnsOfTheHeaviest) {
  Service service({50, 10, 10, 10, 10, 10});
  const auto balancer = balancer_for("weightRoundRobin", service);
  int run = 0;
  for (int i = 0; i < 1000; ++i) {
    run = service.choose(*balancer) == 0 ? run + 1 : 0;
    ASSERT_LE(run, 6);  // SOFARPC: 40
  }
}

TEST(WeightRoundRobinTest, LetsNobodyCatchUpWhoWasAway) {
  Service service({1, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100});
  const auto balancer = balancer_for("weightRoundRobin", service);
  for (std::size_t i = 1; i < 12; ++i) service.candidates[i].available = false;
  ASSERT_EQ(service.count(*balancer, 200'000)[0], 200'000u);
  for (std::size_t i = 1; i < 12; ++i) service.candidates[i].available = true;
  const auto counts = service.count(*balancer, 1101);
  EXPECT_LE(counts[0], 2u);
  for (std::size_t i = 1; i < 12; ++i) EXPECT_NEAR(static_cast<double>(counts[i]), 100, 2);
}

TEST(LocalPrefTest, StaysOnTheMachineWhileItCan) {
  Service service({100, 100, 50, 100, 0});
  service.candidates[1].is_local = service.candidates[2].is_local = service.candidates[4].is_local = true;
  const auto balancer = balancer_for("localPref", service);
  EXPECT_LT(chi_square(service.count(*balancer, 30'000), {0, 100, 50, 0, 0}), kNoChance);
  service.candidates[1].available = false;
  EXPECT_EQ(service.count(*balancer, 100)[2], 100u);
  service.candidates[2].available = false;
  EXPECT_LT(chi_square(service.count(*balancer, 30'000), {100, 0, 0, 100, 0}), kNoChance);
}

TEST(LeastActiveTest, EvensOutCallsUnderWay) {
  const auto most_under_way = [](std::string_view name) {
    Service service(std::vector<std::uint32_t>(20, 100));
    const auto balancer = balancer_for(name, service);
    std::vector<std::size_t> under_way;
    std::uint32_t most = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::size_t chosen = service.choose(*balancer);
      most = std::max(most, ++service.candidates[chosen].in_flight);
      under_way.push_back(chosen);
      if (under_way.size() < 100) continue;
      const std::size_t ended = service.below(under_way.size());
      --service.candidates[under_way[ended]].in_flight;
      under_way[ended] = under_way.back();
      under_way.pop_back();
    }
    return most;
  };
  EXPECT_LE(most_under_way("leastActive"), 10u);
  EXPECT_GT(most_under_way("random"), 12u);
}

TEST(LeastActiveTest, MeasuresByWeight) {
  Service service({300, 100});
  service.candidates[0].in_flight = 10;
  service.candidates[1].in_flight = 5;
  EXPECT_GT(service.count(*balancer_for("leastActive", service), 1000)[0], 980u);
}

TEST(PeakEwmaBalancerTest, AvoidsTheSlow) {
  Service service({100, 100, 100, 100, 100});
  for (Candidate& candidate : service.candidates) candidate.latency_us = 1000;
  service.candidates[3].latency_us = 50'000;
  const auto counts = service.count(*balancer_for("peakEwma", service), 10'000);
  EXPECT_LT(counts[3], 20u);
  EXPECT_GT(counts[0], 2000u);
}

TEST(PeakEwmaBalancerTest, DoesNotRunToTheUnknown) {
  Service service({100, 100, 100, 100});
  for (Candidate& candidate : service.candidates) candidate.latency_us = 1000;
  service.candidates[2].latency_us = 0;
  EXPECT_LT(chi_square(service.count(*balancer_for("peakEwma", service), 10'000), {1, 1, 1, 1}), kNoChance);
}

// --- rings

std::map<std::string, std::size_t> placed(Balancer& balancer, std::span<const Candidate> candidates) {
  std::map<std::string, std::size_t> places;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = "account-" + std::to_string(i);
    const std::size_t chosen = balancer.choose(candidates, {.key = key});
    places[key] = chosen == kNobody ? 0 : candidates[chosen].provider->address.port;
  }
  return places;
}

class Ring : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(Balancers, Ring, testing::Values("consistentHash", "weightConsistentHash"),
                         [](const auto& name) { return std::string(name.param); });

TEST_P(Ring, MovesOnlyTheKeysOfTheOneThatGoes) {
  Service service(std::vector<std::uint32_t>(10, 100));
  const auto balancer = balancer_for(GetParam(), service);
  EXPECT_TRUE(balancer->needs_key());
  const auto before = placed(*balancer, service.candidates);
  const std::uint16_t gone = service.candidates[4].provider->address.port;
  service.candidates[4].available = false;
  const auto without = placed(*balancer, service.candidates);
  std::size_t moved = 0;
  for (const auto& [key, port] : before) {
    if (port == gone) {
      ++moved;
      EXPECT_NE(without.at(key), gone);
    } else {
      EXPECT_EQ(without.at(key), port) << key;
    }
  }
  EXPECT_GT(moved, 100u);
  EXPECT_LT(moved, 350u);
  // Out of the list is the same as not available.
  service.candidates.erase(service.candidates.begin() + 4);
  balancer->rebuild(service.candidates);
  EXPECT_EQ(placed(*balancer, service.candidates), without);
}

TEST_P(Ring, IsTheSameHoweverItsListCameAbout) {
  Service service({100, 20, 300, 5, 100, 77, 100, 100});
  const auto balancer = balancer_for(GetParam(), service);
  std::mt19937_64 random(7);
  for (int change = 0; change < 30; ++change) {
    std::vector<Candidate> some;
    for (const Candidate& candidate : service.candidates) {
      if (random() % 3 > 0) some.push_back(candidate);
    }
    std::ranges::shuffle(some, random);
    balancer->rebuild(some);
    auto fresh = *make_balancer(GetParam());
    fresh->rebuild(some);
    ASSERT_EQ(placed(*balancer, some), placed(*fresh, some));
  }
}

TEST(WeightConsistentHashTest, HasTheRingOfTheWeightsOfTheMoment) {
  Service service({100, 100, 100, 100});
  const auto balancer = balancer_for("weightConsistentHash", service);
  service.candidates[1].weight = 5;  // degraded: nobody calls rebuild yet
  Service lighter({100, 5, 100, 100});
  const auto expected = placed(*balancer_for("weightConsistentHash", lighter), lighter.candidates);
  EXPECT_EQ(placed(*balancer, service.candidates), expected);
  balancer->rebuild(service.candidates);
  EXPECT_EQ(placed(*balancer, service.candidates), expected);
}

TEST(WeightConsistentHashTest, KeepsItsSizeWhateverWeightsSay) {
  Service service({4'000'000'000, 2'000'000'000, 100});
  const auto balancer = balancer_for("weightConsistentHash", service);
  const auto counts = service.count(*balancer, 3000);
  EXPECT_NEAR(static_cast<double>(counts[0]), 2000, 200);
  EXPECT_NEAR(static_cast<double>(counts[1]), 1000, 200);
}

}  // namespace
}  // namespace sofa::rpc
