#include "sofa/rpc/gradient_limit.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace sofa::rpc {
namespace {

/// A service that works on `places` calls at once; more share them. The measure is off by up to a fifth.
struct Service {
  double places;
  double ms;
  std::mt19937_64 dice{};

  void serve(GradientLimit& limit, double offered, int windows) {
    for (int i = 0; i < windows; ++i) {
      const double under_way = std::min<double>(limit.limit(), offered);
      const double noise = std::uniform_real_distribution(0.8, 1.2)(dice);
      const double took_ms = ms * std::max(1.0, under_way / places) * noise;
      limit.close(io::Duration(static_cast<io::Duration::rep>(took_ms * 1e6)), static_cast<std::uint32_t>(under_way));
    }
  }
};

constexpr double kEndless = 1e9;

TEST(GradientLimit, FindsWhatAServiceCanDoWhateverItIs) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 dice(seed);
    Service service{std::exp(std::uniform_real_distribution(0.0, 7.0)(dice)),
                    std::exp(std::uniform_real_distribution(-2.0, 7.0)(dice)), dice};
    GradientLimit limit({});
    service.serve(limit, kEndless, 300);
    EXPECT_GE(limit.limit() * (limit.probing() ? 4 : 1), 0.9 * service.places) << seed;
    EXPECT_LE(limit.limit(), 2.5 * service.places + 8) << seed;
    // It becomes another service under way.
    service.ms *= std::exp(std::uniform_real_distribution(-2.0, 2.0)(dice));
    service.places = std::max(1.0, service.places * std::exp(std::uniform_real_distribution(-1.0, 1.0)(dice)));
    service.serve(limit, kEndless, 1000);
    EXPECT_GE(limit.limit() * (limit.probing() ? 4 : 1), 0.9 * service.places) << seed;
    EXPECT_LE(limit.limit(), 2.5 * service.places + 8) << seed;
  }
}

TEST(GradientLimit, StaysWithinItsBounds) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::mt19937_64 dice(seed);
    const std::uint32_t most = 1 + static_cast<std::uint32_t>(dice() % 50);
    GradientLimit limit({.most = most});
    for (int i = 0; i < 1000; ++i) {
      EXPECT_GE(limit.limit(), 1U);
      EXPECT_LE(limit.limit(), most);
      limit.close(io::Duration(dice() % 1'000'000'000), static_cast<std::uint32_t>(dice() % 100));
    }
  }
}

TEST(GradientLimit, DoesNotGrowWhereItIsNotUsed) {
  GradientLimit limit({.windows_between_probes = 1'000'000});
  Service{1000, 1}.serve(limit, 5, 500);
  EXPECT_EQ(limit.limit(), 20U);
}

TEST(GradientLimit, AServiceThatCanDoMuchIsNotKeptWaiting) {
  GradientLimit limit({});
  Service{1000, 1}.serve(limit, kEndless, 9);
  EXPECT_GE(limit.limit(), 1000U);
}

}  // namespace
}  // namespace sofa::rpc
