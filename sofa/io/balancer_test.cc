#include "sofa/io/balancer.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace sofa::io {
namespace {

double peak_over_mean(const std::vector<ConnectionLoad>& loads, const std::vector<Move>& moves, int shards) {
  std::vector<double> sums(static_cast<std::size_t>(shards));
  double total = 0;
  for (ConnectionLoad load : loads) {
    for (const Move& move : moves) {
      if (move.connection != load.connection) continue;
      EXPECT_EQ(load.shard, move.from);
      load.shard = move.to;
    }
    sums[static_cast<std::size_t>(load.shard)] += static_cast<double>(load.load);
    total += static_cast<double>(load.load);
  }
  return *std::max_element(sums.begin(), sums.end()) / (total / shards);
}

TEST(PlanMoves, EightEqualOnesOnFourShardsEndEven) {
  std::mt19937 dice(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<ConnectionLoad> loads;
    for (std::uint64_t i = 0; i < 8; ++i) {
      loads.push_back({i, static_cast<int>(dice() % 4), 100'000 + dice() % 10'000});
    }
    EXPECT_LE(peak_over_mean(loads, plan_moves(loads, 4), 4), 1.3);
  }
}

TEST(PlanMoves, NeverMakesThePeakHigher) {
  std::mt19937 dice(2);
  for (int round = 0; round < 500; ++round) {
    std::vector<ConnectionLoad> loads;
    const int shards = 1 + static_cast<int>(dice() % 6);
    for (std::uint64_t i = 0; i < dice() % 20 + 1; ++i) {
      loads.push_back({i, static_cast<int>(dice() % static_cast<unsigned>(shards)), 1 + dice() % 1'000'000});
    }
    const auto moves = plan_moves(loads, shards);
    EXPECT_LE(moves.size(), 16u);
    EXPECT_LE(peak_over_mean(loads, moves, shards), peak_over_mean(loads, {}, shards));
  }
}

TEST(PlanMoves, LeavesAloneWhatCannotGetBetter) {
  EXPECT_TRUE(plan_moves({}, 4).empty());
  EXPECT_TRUE(plan_moves({{1, 0, 1000}}, 4).empty());
  EXPECT_TRUE(plan_moves({{1, 0, 1000}, {2, 1, 1000}}, 2).empty());
  EXPECT_EQ(plan_moves({{1, 0, 1000}, {2, 0, 900}}, 2), (std::vector<Move>{{1, 0, 1}}));
}

}  // namespace
}  // namespace sofa::io
