#include "sofa/observe/ring.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sofa::observe {
namespace {

std::vector<int> taken(Ring<int>& ring, std::size_t most = 100) {
  std::vector<int> all;
  EXPECT_EQ(ring.take(most, [&](int value) { all.push_back(value); }), all.size());
  return all;
}

TEST(Ring, KeepsTheOrderAndTheLimitOfATake) {
  Ring<int> ring(4);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ring.push(i), static_cast<std::size_t>(i) + 1);
  EXPECT_EQ(taken(ring, 2), (std::vector<int>{0, 1}));
  EXPECT_EQ(ring.size(), 1U);
  for (int i = 3; i < 6; ++i) EXPECT_NE(ring.push(i), 0U);
  EXPECT_EQ(taken(ring), (std::vector<int>{2, 3, 4, 5}));
  EXPECT_EQ(taken(ring), std::vector<int>());
}

// What was in it stays; `sound` is false where a value was lost that had found room.
bool is_sound_when_full() {
  Ring<int> ring(4);
  for (int i = 0; i < 6; ++i) ring.push(i);
  const std::uint64_t dropped = ring.dropped();
  std::vector<int> all;
  ring.take(4, [&](int value) { all.push_back(value); });
  return dropped == 2 && all == std::vector<int>{0, 1, 2, 3} && ring.size() == 0;
}

TEST(Ring, DropsAndCountsWhatFindsNoRoom) {
  EXPECT_TRUE(is_sound_when_full());
}

#ifdef SOFA_MUTANTS
TEST(Ring, ATestFindsARingThatOverwrites) {
  activate_mutant("ring-overwrites-when-full");
  EXPECT_FALSE(is_sound_when_full());
  activate_mutant(nullptr);
}
#endif

TEST(Ring, CarriesValuesBetweenThreads) {
  Ring<int> ring(64);
  constexpr int kValues = 100'000;
  std::thread writer([&] {
    for (int i = 0; i < kValues; ++i) ring.push(i);
  });
  int last = -1;
  std::uint64_t seen = 0;
  const auto take = [&] {
    ring.take(16, [&](int value) {
      EXPECT_GT(value, last);
      last = value;
      ++seen;
    });
  };
  while (seen + ring.dropped() < kValues) take();
  writer.join();
  while (ring.size() > 0) take();
  EXPECT_EQ(seen + ring.dropped(), kValues);
}

}  // namespace
}  // namespace sofa::observe
