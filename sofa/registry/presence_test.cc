#include "sofa/registry/presence.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/mutant.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kName = "x.Y#@#DEFAULT_INSTANCE_ID#@#DEFAULT_GROUP";

/// Keeps the lists that it was told. Takes each at once, unless it is slow.
class TestClient final : public Client {
 public:
  explicit TestClient(const std::string& at = "10.0.0.1:1") { address = SharedText(at); }

  struct Told {
    std::uint64_t version;
    std::vector<std::string> values;
    std::vector<RegistId> subscribers;
  };
  void push(Datum& datum, std::span<Subscriber* const> subscribers) override {
    Told told{.version = std::max<std::uint64_t>(datum.version, 1), .values = {}, .subscribers = {}};
    const Subscriber& first = *subscribers.front();
    for (const Publisher* publisher : datum.publishers) {
      if (first.scope == Scope::kZone && publisher->origin->zone != first.zone.text()) continue;
      publisher->values.for_each([&](std::string_view value) { told.values.emplace_back(value); });
    }
    for (const Subscriber* subscriber : subscribers) told.subscribers.push_back(subscriber->id);
    all.push_back(std::move(told));
  }
  bool is_ready() const override { return ready; }

  std::vector<std::string> last() const {
    return all.empty() ? std::vector<std::string>{"nothing"} : all.back().values;
  }

  std::vector<Told> all;
  std::size_t answered = 0;
  bool ready = true;
};

class PresenceTest : public testing::Test {
 protected:
  std::unique_ptr<Presence> make(Presence::Past past = {}) {
    return std::make_unique<Presence>([this] { return wall_ms; }, now, Presence::Options(), std::move(past));
  }
  void publish(TestClient& client, const std::string& id, const std::string& value, std::uint64_t version = 1,
               const std::string& zone = "RZ01") {
    ASSERT_TRUE(presence->publish(client,
                                  {.id = RegistId(id),
                                   .datum = {"x.Y"},
                                   .zone = zone,
                                   .values = PackedValues(std::vector<std::string>{value}),
                                   .version = version},
                                  now));
  }
  void subscribe(TestClient& client, const std::string& id, Scope scope = Scope::kGlobal,
                 const std::string& zone = "RZ01") {
    ASSERT_TRUE(presence->subscribe(client, {.id = RegistId(id), .datum = {"x.Y"}, .zone = zone, .scope = scope}, now));
  }
  void answer(TestClient& client, bool taken = true) {
    while (client.answered < client.all.size()) {
      const TestClient::Told told = client.all[client.answered++];
      presence->answered(client, told.subscribers, told.version, taken, now);
    }
  }
  /// Time passes; everybody answers.
  void pass(io::Duration time, std::initializer_list<TestClient*> clients) {
    for (const io::TimePoint until = now + time; now < until; now += 10ms, wall_ms += 10) {
      presence->tick(now);
      for (TestClient* client : clients) answer(*client);
    }
    presence->tick(now);
    for (TestClient* client : clients) answer(*client);
  }

  std::int64_t wall_ms = 1'800'000'000'000;
  io::TimePoint now{1h};
  std::unique_ptr<Presence> presence = make();
  TestClient provider, reader{"10.0.0.2:1"};
};

TEST_F(PresenceTest, TellsTheListAndItsChanges) {
  subscribe(reader, "s");
  EXPECT_EQ(reader.all.at(0).version, 1U);
  EXPECT_THAT(reader.last(), IsEmpty());
  pass(0s, {&reader});
  publish(provider, "a", "one");
  presence->tick(now);
  EXPECT_THAT(reader.last(), ElementsAre("one"));
  pass(0s, {&reader});
  publish(provider, "b", "two");
  publish(provider, "a", "ONE", 2);
  presence->tick(now);
  EXPECT_EQ(reader.all.size(), 2U) << "it is merged";
  pass(100ms, {&reader});
  EXPECT_THAT(reader.last(), UnorderedElementsAre("ONE", "two"));
  EXPECT_EQ(reader.all.size(), 3U);
  presence->unpublish(provider, RegistId("a"), 3, now);
  pass(100ms, {&reader});
  EXPECT_THAT(reader.last(), ElementsAre("two"));
  for (std::size_t i = 1; i < reader.all.size(); ++i) EXPECT_GT(reader.all[i].version, reader.all[i - 1].version);
}

TEST_F(PresenceTest, OlderWritesArePassedOver) {
  publish(provider, "a", "new", 5);
  publish(provider, "a", "old", 4);
  subscribe(reader, "s");
  EXPECT_THAT(reader.last(), ElementsAre("new"));
  presence->unpublish(provider, RegistId("a"), 4, now);
  EXPECT_EQ(presence->publishers(), 1U);
}

TEST_F(PresenceTest, AScopeOfAZoneIsTheSubscribersOwn) {
  publish(provider, "a", "here", 1, "RZ01");
  publish(provider, "b", "there", 1, "RZ02");
  subscribe(reader, "s", Scope::kZone, "RZ02");
  EXPECT_THAT(reader.last(), ElementsAre("there"));
  subscribe(reader, "t", Scope::kDataCenter);
  EXPECT_THAT(reader.last(), UnorderedElementsAre("here", "there"));
}

TEST_F(PresenceTest, SubscribersOfOneClientAreToldTogether) {
  for (const char* id : {"s", "t", "u"}) subscribe(reader, id);
  answer(reader);
  publish(provider, "a", "one");
  presence->tick(now);
  EXPECT_EQ(reader.all.size(), 4U);
  EXPECT_EQ(reader.all.back().subscribers.size(), 3U);
}

TEST_F(PresenceTest, ASlowClientGetsTheNewestAndNothingBetween) {
  subscribe(reader, "s");
  answer(reader);
  publish(provider, "a", "1");
  presence->tick(now);
  for (int i = 2; i < 50; ++i) {
    publish(provider, "a", std::to_string(i), static_cast<std::uint64_t>(i));
    pass(100ms, {});
  }
  EXPECT_EQ(reader.all.size(), 2U) << "it has not answered";
  pass(100ms, {&reader});
  EXPECT_EQ(reader.all.size(), 3U);
  EXPECT_THAT(reader.last(), ElementsAre("49"));
  reader.ready = false;
  publish(provider, "a", "50", 50);
  pass(100ms, {&reader});
  EXPECT_EQ(reader.all.size(), 3U);
  reader.ready = true;
  presence->drained(reader, now);
  EXPECT_THAT(reader.last(), ElementsAre("50"));
}

TEST_F(PresenceTest, AMissedPushIsRepaired) {
  subscribe(reader, "s");
  answer(reader);
  publish(provider, "a", "one");
  presence->tick(now);
  answer(reader, false);
  const std::size_t before = reader.all.size();
  pass(5s, {&reader});
  EXPECT_GT(reader.all.size(), before);
  EXPECT_THAT(reader.last(), ElementsAre("one"));
}

TEST_F(PresenceTest, WhoNeverTakesAPushIsLeftAlone) {
  subscribe(reader, "s");
  publish(provider, "a", "one");
  for (int i = 0; i < 6000; ++i) {
    now += 10ms;
    presence->tick(now);
    answer(reader, false);
  }
  EXPECT_LE(reader.all.size(), 30U);
}

TEST_F(PresenceTest, AClosedConnectionTakesItsPublishersAlong) {
  subscribe(reader, "s");
  publish(provider, "a", "one");
  TestClient other("10.0.0.3:1");
  publish(other, "b", "two");
  pass(2s, {&reader});
  presence->leave(other, now, Presence::Leaving::kLost);
  presence->tick(now);
  EXPECT_THAT(reader.last(), ElementsAre("one"));
  presence->leave(reader, now, Presence::Leaving::kLost);
  presence->leave(provider, now, Presence::Leaving::kSaid);
  pass(11s, {});
  EXPECT_EQ(presence->data(), 0U);
}

/// `count` clients of as many machines, each with one publisher.
std::vector<std::unique_ptr<TestClient>> machines(int count) {
  std::vector<std::unique_ptr<TestClient>> all;
  for (int i = 0; i < count; ++i) all.push_back(std::make_unique<TestClient>(fmt::format("10.1.0.{}:7", i)));
  return all;
}

TEST_F(PresenceTest, AMassLossIsNoReasonToShrink) {
  subscribe(reader, "s");
  const auto clients = machines(40);
  for (int i = 0; i < 40; ++i) publish(*clients[static_cast<std::size_t>(i)], std::to_string(i), std::to_string(i));
  pass(2s, {&reader});
  for (std::size_t i = 0; i < 30; ++i) presence->leave(*clients[i], now, Presence::Leaving::kLost);
  pass(2s, {&reader});
  EXPECT_EQ(reader.last().size(), 40U);
  EXPECT_TRUE(presence->find(kName)->is_protected());
  // One of them comes back, one that stayed says that it goes.
  publish(*clients[0], "0", "0");
  presence->unpublish(*clients[39], RegistId("39"), 2, now);
  pass(2s, {&reader});
  EXPECT_EQ(reader.last().size(), 39U);
  pass(60s, {&reader});
  EXPECT_EQ(reader.last().size(), 10U);
  EXPECT_FALSE(presence->find(kName)->is_protected());
}

TEST_F(PresenceTest, FewAndOneMachineShrinkAtOnce) {
  subscribe(reader, "s");
  const auto clients = machines(9);
  for (int i = 0; i < 9; ++i) publish(*clients[static_cast<std::size_t>(i)], std::to_string(i), std::to_string(i));
  pass(2s, {&reader});
  for (const auto& client : clients) presence->leave(*client, now, Presence::Leaving::kLost);
  pass(2s, {&reader});
  EXPECT_THAT(reader.last(), IsEmpty());
  TestClient first("10.9.0.1:1"), second("10.9.0.1:2");
  for (int i = 0; i < 20; ++i) publish(i % 2 ? first : second, "m" + std::to_string(i), std::to_string(i));
  pass(12s, {&reader});
  presence->leave(first, now, Presence::Leaving::kLost);
  presence->leave(second, now, Presence::Leaving::kLost);
  pass(2s, {&reader});
  EXPECT_THAT(reader.last(), IsEmpty());
}

TEST_F(PresenceTest, AfterAStartNoListIsShorterThanItWas) {
  for (int i = 0; i < 20; ++i) publish(provider, std::to_string(i), std::to_string(i));
  subscribe(reader, "s");
  pass(2s, {&reader});
  const std::uint64_t version = reader.all.back().version;
  wall_ms -= 600'000;  // and the clock was set back
  presence = make(presence->past());
  TestClient again, reader_again{"10.0.0.2:2"};
  subscribe(reader_again, "s");
  for (int i = 0; i < 19; ++i) {
    publish(again, std::to_string(i), std::to_string(i));
    pass(500ms, {&reader_again});
  }
  EXPECT_THAT(reader_again.all, IsEmpty());
  publish(again, "19", "19");
  pass(1500ms, {&reader_again});
  ASSERT_EQ(reader_again.all.size(), 1U);
  EXPECT_EQ(reader_again.last().size(), 20U);
  EXPECT_GT(reader_again.all.back().version, version);
}

TEST_F(PresenceTest, TheRecoveryEnds) {
  publish(provider, "a", "one");
  publish(provider, "b", "two");
  presence = make(presence->past());
  TestClient again, reader_again{"10.0.0.2:2"};
  publish(again, "a", "one");
  subscribe(reader_again, "s");
  pass(29s, {&reader_again});
  EXPECT_THAT(reader_again.all, IsEmpty());
  EXPECT_TRUE(presence->is_recovering());
  pass(2s, {&reader_again});
  EXPECT_THAT(reader_again.last(), ElementsAre("one"));
  EXPECT_FALSE(presence->is_recovering());
}

TEST_F(PresenceTest, WhatNobodyPublishedAnyMoreIsEmptyAfterTheRecovery) {
  publish(provider, "a", "one");
  const std::uint64_t version = presence->last_version();
  presence = make(presence->past());
  TestClient reader_again{"10.0.0.2:2"};
  subscribe(reader_again, "s");
  pass(31s, {&reader_again});
  ASSERT_THAT(reader_again.all, testing::SizeIs(1));
  EXPECT_THAT(reader_again.last(), IsEmpty());
  EXPECT_GT(reader_again.last().size() + reader_again.all.back().version, version);
}

TEST_F(PresenceTest, AStoppedPushWaits) {
  presence->stop_push(true);
  subscribe(reader, "s");
  publish(provider, "a", "one");
  pass(6s, {&reader});
  EXPECT_THAT(reader.all, IsEmpty());
  presence->stop_push(false);
  pass(6s, {&reader});
  EXPECT_THAT(reader.last(), ElementsAre("one"));
}

#ifdef SOFA_MUTANTS

/// What is promised, and a known bug that breaks it.
class PlantedBugs : public PresenceTest {
 public:
  bool heeds_an_unregister() {
    publish(provider, "a", "one");
    subscribe(reader, "s");
    pass(2s, {&reader});
    presence->unpublish(provider, RegistId("a"), 2, now);
    pass(2s, {&reader});
    return reader.last().empty();
  }
  bool passes_over_old_writes() {
    publish(provider, "a", "new", 5);
    publish(provider, "a", "old", 4);
    subscribe(reader, "s");
    return reader.last() == std::vector<std::string>{"new"};
  }
  bool tells_the_newest_after_an_answer() {
    subscribe(reader, "s");
    publish(provider, "a", "1");
    pass(100ms, {});
    publish(provider, "a", "2", 2);
    pass(100ms, {});
    pass(100ms, {&reader});
    return reader.last() == std::vector<std::string>{"2"};
  }
  bool repairs_within_five_seconds() {
    subscribe(reader, "s");
    answer(reader);
    publish(provider, "a", "one");
    presence->tick(now);
    answer(reader, false);
    const std::size_t before = reader.all.size();
    pass(5s, {&reader});
    return reader.all.size() > before;
  }
  bool keeps_versions_growing() {
    publish(provider, "a", "one");
    const std::uint64_t version = presence->last_version();
    wall_ms -= 600'000;
    presence = make(presence->past());
    TestClient again;
    publish(again, "a", "one");
    return presence->last_version() > version;
  }
  bool holds_short_lists_after_a_start() {
    publish(provider, "a", "one");
    publish(provider, "b", "two");
    presence = make(presence->past());
    TestClient again, reader_again{"10.0.0.2:2"};
    subscribe(reader_again, "s");
    publish(again, "a", "one");
    pass(5s, {&reader_again});
    return reader_again.all.empty();
  }
  bool knows_who_is_not_back() {
    publish(provider, "a", "one");
    publish(provider, "b", "two");
    presence = make(presence->past());
    TestClient again, reader_again{"10.0.0.2:2"};
    subscribe(reader_again, "s");
    publish(again, "a", "one");
    publish(again, "new", "three");
    pass(5s, {&reader_again});
    return reader_again.all.empty();
  }
  bool keeps_what_is_lost_in_a_mass() {
    subscribe(reader, "s");
    const auto clients = machines(40);
    for (std::size_t i = 0; i < 40; ++i) publish(*clients[i], std::to_string(i), std::to_string(i));
    pass(2s, {&reader});
    for (std::size_t i = 0; i < 30; ++i) presence->leave(*clients[i], now, Presence::Leaving::kLost);
    pass(2s, {&reader});
    return reader.last().size() == 40;
  }

  struct Bug {
    const char* name;
    bool (PlantedBugs::*is_kept)();
  };
};

class PlantedBug : public PlantedBugs, public testing::WithParamInterface<PlantedBugs::Bug> {
 protected:
  ~PlantedBug() override { activate_mutant(nullptr); }
};

TEST_P(PlantedBug, IsFound) {
  activate_mutant(GetParam().name);
  EXPECT_FALSE((this->*GetParam().is_kept)());
}
TEST_P(PlantedBug, IsNotThereOtherwise) {
  EXPECT_TRUE((this->*GetParam().is_kept)());
}

INSTANTIATE_TEST_SUITE_P(
    All, PlantedBug,
    testing::Values(PlantedBugs::Bug{"registry-unregister-lost", &PlantedBugs::heeds_an_unregister},
                    PlantedBugs::Bug{"registry-old-write-taken", &PlantedBugs::passes_over_old_writes},
                    PlantedBugs::Bug{"registry-newest-forgotten", &PlantedBugs::tells_the_newest_after_an_answer},
                    PlantedBugs::Bug{"registry-no-repair", &PlantedBugs::repairs_within_five_seconds},
                    PlantedBugs::Bug{"registry-version-reused", &PlantedBugs::keeps_versions_growing},
                    PlantedBugs::Bug{"registry-no-barrier", &PlantedBugs::holds_short_lists_after_a_start},
                    PlantedBugs::Bug{"registry-newcomers-counted", &PlantedBugs::knows_who_is_not_back},
                    PlantedBugs::Bug{"registry-no-protection", &PlantedBugs::keeps_what_is_lost_in_a_mass}));

#endif

TEST(RegistId, KeepsUuidsAndOtherTexts) {
  for (const char* text : {"4ab5f3ab-9c4f-4d2e-9bd2-3c1f7f4e8c11", "4AB5F3AB-9C4F-4D2E-9BD2-3C1F7F4E8C11", "", "mine",
                           "4ab5f3ab-9c4f-4d2e-9bd2-3c1f7f4e8c1z"}) {
    EXPECT_EQ(RegistId(text).text(), text);
    EXPECT_EQ(RegistId(text), RegistId(text));
  }
  EXPECT_FALSE(RegistId("a") == RegistId("b"));
}

}  // namespace
}  // namespace sofa::registry
