#include "sofa/rpc/slot.h"

#include <thread>

#include <gtest/gtest.h>

namespace sofa::rpc {
namespace {

TEST(Slot, IsEmptyUntilInstalledAndAfterRemoval) {
  Slot slot;
  EXPECT_FALSE(slot.acquire());
  slot.install(std::make_shared<int>(7));
  EXPECT_EQ(*static_cast<int*>(slot.acquire().service()), 7);
  slot.remove();
  EXPECT_FALSE(slot.acquire());
}

TEST(Slot, KeepsAReplacedServiceUntilItsLastCallEnds) {
  Slot slot;
  auto first = std::make_shared<int>(1);
  std::weak_ptr<int> watch = first;
  slot.install(std::move(first));
  Slot::Pin pin = slot.acquire();
  slot.install(std::make_shared<int>(2));
  EXPECT_EQ(*static_cast<int*>(slot.acquire().service()), 2);
  EXPECT_EQ(slot.in_flight(), 1);
  EXPECT_FALSE(slot.reclaim());
  EXPECT_EQ(*static_cast<int*>(pin.service()), 1);
  pin = {};
  EXPECT_FALSE(watch.expired());
  EXPECT_TRUE(slot.reclaim());
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(slot.in_flight(), 0);
}

TEST(Slot, NumbersWhatIsInstalledAndTakesOutOnlyWhatIsMeant) {
  Slot slot;
  const auto first = std::make_shared<int>(1), second = std::make_shared<int>(2);
  std::uint64_t last = 0;
  for (int i = 0; i < 10; ++i) {  // in two places by turns
    slot.install(i % 2 ? second : first);
    EXPECT_GT(slot.acquire().number(), std::exchange(last, slot.acquire().number()));
    EXPECT_TRUE(slot.reclaim());
  }
  EXPECT_FALSE(slot.remove(first.get()));
  EXPECT_TRUE(slot.acquire());
  EXPECT_TRUE(slot.remove(second.get()));
  EXPECT_FALSE(slot.acquire());
  EXPECT_TRUE(slot.reclaim());
  EXPECT_EQ(second.use_count(), 1);
}

TEST(Slot, SendsSomeCallersToWhatIsOnTrial) {
  Slot slot;
  slot.install(std::make_shared<int>(1));
  slot.try_out(std::make_shared<int>(2), nullptr, {.share = 500, .callers = {"tester"}});
  EXPECT_TRUE(slot.has_trial());
  int on_trial = 0;
  for (int i = 0; i < 10'000; ++i) on_trial += *static_cast<int*>(slot.acquire("somebody").service()) == 2;
  EXPECT_EQ(on_trial, 500);
  EXPECT_EQ(*static_cast<int*>(slot.acquire("tester").service()), 2);
  EXPECT_EQ(*static_cast<int*>(slot.acquire().service()), 1);
  slot.install(std::make_shared<int>(3));
  EXPECT_FALSE(slot.has_trial());
  EXPECT_EQ(*static_cast<int*>(slot.acquire("tester").service()), 3);
  EXPECT_TRUE(slot.reclaim());
  EXPECT_EQ(slot.in_flight(), 0);
}

TEST(Slot, ExchangesUnderCallsWithoutAWrongOne) {
  struct Service {
    std::atomic<bool> alive{true};
    ~Service() { alive = false; }
  };
  Slot slot;
  slot.install(std::make_shared<Service>());
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> calls{0};
  std::atomic<std::int64_t> wrong{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        Slot::Pin pin = slot.acquire();
        if (!pin || !static_cast<Service*>(pin.service())->alive) ++wrong;
        ++calls;
      }
    });
  }
  for (int i = 0; i < 500 || calls < 1000; ++i) {
    if (i < 500) slot.install(std::make_shared<Service>());
    slot.reclaim();
  }
  stop = true;
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(slot.reclaim());
  EXPECT_EQ(slot.in_flight(), 0);
}

}  // namespace
}  // namespace sofa::rpc
