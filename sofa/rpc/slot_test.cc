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
