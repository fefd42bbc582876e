#include "sofa/io/timer_wheel.h"

#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/base/mutant.h"

namespace sofa::io {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart{1234567891ns};

struct Recorder {
  explicit Recorder(std::vector<int>& out, int id)
      : fired(out),
        number(id),
        timer(
            [](void* self) noexcept {
              auto& recorder = *static_cast<Recorder*>(self);
              recorder.fired.push_back(recorder.number);
            },
            this) {}
  std::vector<int>& fired;
  int number;
  Timer timer;
};

TEST(TimerWheel, FiresOnceNeverEarlyAndWithinATick) {
  TimerWheel wheel(kStart);
  std::vector<int> fired;
  Recorder recorder(fired, 7);
  wheel.arm(recorder.timer, kStart + 10ms + 1ns);
  wheel.advance(kStart + 10ms + 500us);
  EXPECT_TRUE(fired.empty());
  wheel.advance(kStart + 11ms);
  EXPECT_EQ(fired, std::vector<int>{7});
  EXPECT_FALSE(recorder.timer.armed());
  wheel.advance(kStart + 1h);
  EXPECT_EQ(fired.size(), 1u);
}

TEST(TimerWheel, APastDeadlineFiresAtTheNextTick) {
  TimerWheel wheel(kStart);
  wheel.advance(kStart + 5s);
  std::vector<int> fired;
  Recorder recorder(fired, 1);
  wheel.arm(recorder.timer, kStart + 1s);
  EXPECT_EQ(wheel.next_deadline(), kStart + 5s + 1ms);
  wheel.advance(kStart + 5s + 1ms);
  EXPECT_EQ(fired.size(), 1u);
}

TEST(TimerWheel, NothingArmedIsNever) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.next_deadline(), kNever);
  std::vector<int> fired;
  Recorder recorder(fired, 1);
  wheel.arm(recorder.timer, kNever);
  wheel.cancel(recorder.timer);
  wheel.cancel(recorder.timer);
  EXPECT_EQ(wheel.next_deadline(), kNever);
}

TEST(TimerWheel, ACallbackMayArmAndCancelOthers) {
  struct Chain {
    TimerWheel& wheel;
    Timer first{[](void* self) noexcept {
                  auto& chain = *static_cast<Chain*>(self);
                  chain.wheel.cancel(chain.second);
                  chain.wheel.arm(chain.first, kStart + 20ms);
                  ++chain.count;
                },
                this};
    Timer second{[](void* self) noexcept { static_cast<Chain*>(self)->count += 100; }, this};
    int count = 0;
  };
  TimerWheel wheel(kStart);
  Chain chain{wheel};
  wheel.arm(chain.first, kStart + 10ms);
  wheel.arm(chain.second, kStart + 10ms);
  wheel.advance(kStart + 15ms);
  EXPECT_EQ(chain.count, 1);
  wheel.advance(kStart + 20ms);
  EXPECT_EQ(chain.count, 2);
  wheel.cancel(chain.first);
}

// Random arming, moving, cancelling and advancing, beside a multimap that says what must have fired.
bool agrees_with_model(unsigned seed) {
  std::mt19937_64 dice(seed);
  const auto below = [&](std::uint64_t n) { return dice() % n; };
  TimerWheel wheel(kStart);
  std::vector<int> fired;
  std::vector<std::unique_ptr<Recorder>> timers;
  for (int i = 0; i < 300; ++i) timers.push_back(std::make_unique<Recorder>(fired, i));
  std::multimap<TimePoint, int> model;  // by the tick at which it is due
  std::vector<std::multimap<TimePoint, int>::iterator> at(timers.size(), model.end());
  TimePoint now = kStart;
  TimePoint tick = kStart;
  constexpr Duration kSpans[] = {1ms, 300ms, 70s, 6h, 24h * 60};
  bool right = true;
  for (int step = 0; step < 3000 && right; ++step) {
    const std::size_t i = below(timers.size());
    const Duration span = kSpans[below(std::size(kSpans))];
    switch (below(4)) {
      case 0:
      case 1: {
        const TimePoint deadline =
            now + Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(span.count()))));
        if (at[i] != model.end()) model.erase(at[i]);
        wheel.arm(timers[i]->timer, deadline);
        at[i] = model.emplace(
            std::max(kStart + std::chrono::ceil<std::chrono::milliseconds>(deadline - kStart), tick + 1ms),
            static_cast<int>(i));
        break;
      }
      case 2:
        wheel.cancel(timers[i]->timer);
        if (at[i] != model.end()) model.erase(at[i]);
        at[i] = model.end();
        break;
      default: {
        now += Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(span.count() / 4 + 1))));
        tick = kStart + std::chrono::floor<std::chrono::milliseconds>(now - kStart);
        fired.clear();
        wheel.advance(now);
        std::vector<int> expected;
        while (!model.empty() && model.begin()->first <= tick) {
          expected.push_back(model.begin()->second);
          at[static_cast<std::size_t>(model.begin()->second)] = model.end();
          model.erase(model.begin());
        }
        // The order within one tick is free.
        std::sort(expected.begin(), expected.end());
        std::sort(fired.begin(), fired.end());
        right = fired == expected;
      }
    }
    const TimePoint next = wheel.next_deadline();
    right = right && wheel.size() == model.size() &&
            (model.empty() ? next == kNever : next > tick && next <= model.begin()->first);
  }
  for (const auto& timer : timers) wheel.cancel(timer->timer);
  return right;
}

TEST(TimerWheel, AgreesWithAMultimap) {
  for (unsigned seed = 0; seed < 60; ++seed) ASSERT_TRUE(agrees_with_model(seed)) << "seed " << seed;
}

#ifdef SOFA_MUTANTS
TEST(TimerWheel, TheModelFindsADeadlineThatNeverFires) {
  activate_mutant("deadline-never-fires");
  int found = 0;
  for (unsigned seed = 0; seed < 20; ++seed) found += agrees_with_model(seed) ? 0 : 1;
  activate_mutant(nullptr);
  EXPECT_EQ(found, 20);
}
#endif

}  // namespace
}  // namespace sofa::io
