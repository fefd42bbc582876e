// The source of addresses over a model of ZooKeeper, in the simulator: sessions that expire, connections that break
// with questions under way, servers that are gone for minutes; and over the real library where nobody answers.
#include "sofa/registry/zookeeper_source.h"

#include <gmock/gmock.h>

#include "sofa/base/mutant.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "sofa/io/sim/world.h"
#include "sofa/registry/zookeeper_world_test.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ZookeeperSourceTest : public testing::Test {
 protected:
  ZookeeperSourceTest() {
    auto made = std::make_shared<Application*>();
    process.boot([made, this](io::sim::Process& self) {
      auto started = std::make_shared<Application>(self, zoo);
      *made = started.get();
      return started;
    });
    application = *made;
  }
  using Outcome = std::shared_ptr<std::optional<Result<void>>>;
  Outcome begin(Task<void> task) {
    auto outcome = std::make_shared<std::optional<Result<void>>>();
    on_result(application->shards[0], std::move(task),
              [outcome](Result<void> result) { *outcome = std::move(result); });
    return outcome;
  }
  Result<void> run(Task<void> task) {
    const Outcome outcome = begin(std::move(task));
    EXPECT_TRUE(world.run_until([&] { return outcome->has_value(); }, 60s));
    return outcome->value_or(fail(io::IoError::kTimeout, "the task did not end"));
  }
  rpc::AddressSource& source() { return *application->source; }
  static rpc::Publication publication(const std::string& url) { return {kEcho, *rpc::parse_provider(url)}; }
  static std::string path(const std::string& url) { return kPath + "/" + *provider_node(publication(url)); }
  bool published(const std::string& url) { return zoo.nodes.contains(path(url)); }

  Zoo zoo;
  io::sim::World world{1};
  io::sim::Process& process = world.process("application");
  Application* application = nullptr;
};

constexpr const char* kOne = "bolt://10.0.0.7:12200?version=1.0";
constexpr const char* kTwo = "bolt://10.0.0.8:12200?version=1.0";

TEST_F(ZookeeperSourceTest, PublishesWithParentsAndUnpublishes) {
  ASSERT_TRUE(run(source().publish(publication(kOne))));
  EXPECT_EQ(zoo.nodes[path(kOne)].owner, 1);
  EXPECT_EQ(zoo.nodes[path(kOne)].data, "\1");
  EXPECT_EQ(zoo.nodes[kPath].owner, 0);
  const int asked = zoo.asked;
  ASSERT_TRUE(run(source().publish(publication(kOne))));
  EXPECT_EQ(zoo.asked, asked);  // it is there
  ASSERT_TRUE(run(source().unpublish(publication(kOne))));
  EXPECT_FALSE(published(kOne));
  ASSERT_TRUE(run(source().unpublish(publication(kTwo))));  // never was
}

TEST_F(ZookeeperSourceTest, APlaceIsPublishedOnce) {
  const std::string heavy = std::string(kOne) + "&weight=200";
  ASSERT_TRUE(run(source().publish(publication(kOne))));
  ASSERT_TRUE(run(source().publish(publication(heavy))));
  ASSERT_TRUE(world.run_until([&] { return !published(kOne); }, 1s));
  EXPECT_TRUE(published(heavy));
}

TEST_F(ZookeeperSourceTest, WatchersSeeWhoComesAndGoes) {
  const Told told(source());
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 1s));
  EXPECT_THAT(told.addresses(), IsEmpty());  // nobody ever served it
  zoo.put(path(kOne));
  ASSERT_TRUE(world.run_until([&] { return told.lists.size() == 2; }, 1s));
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.7:12200"));
  zoo.put(kPath + "/nonsense");
  zoo.put(path(kTwo));
  ASSERT_TRUE(world.run_until([&] { return told.lists.size() == 3; }, 1s));
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.7:12200", "10.0.0.8:12200"));
  const Told late(source());
  EXPECT_EQ(late.addresses(), told.addresses());
  zoo.erase(path(kOne));
  ASSERT_TRUE(world.run_until([&] { return told.lists.size() == 4; }, 1s));
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.8:12200"));
  EXPECT_EQ(late.addresses(), told.addresses());
}

TEST_F(ZookeeperSourceTest, ServicesOfOneInterfaceAreToldApart) {
  const Told told(source()), other(source(), {kEcho.interface, "1.0", "blue"});
  zoo.put(path(kOne));
  zoo.put(kPath + "/" + url_encode("bolt://10.0.0.9:12200?uniqueId=blue"));
  const auto one = [](const Told& each) { return each.fresh() && each.addresses().size() == 1; };
  ASSERT_TRUE(world.run_until([&] { return one(told) && one(other); }, 1s));
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.7:12200"));
  EXPECT_THAT(other.addresses(), ElementsAre("10.0.0.9:12200"));
}

TEST_F(ZookeeperSourceTest, ANewSessionPublishesAndWatchesAgain) {
  const Told told(source());
  ASSERT_TRUE(run(source().publish(publication(kOne))));
  for (int session = 2; session < 5; ++session) {
    zoo.expire_sessions();
    EXPECT_FALSE(published(kOne));
    ASSERT_TRUE(world.run_until([&] { return published(kOne) && told.fresh(); }, 20s));
    EXPECT_EQ(zoo.nodes[path(kOne)].owner, session);
    world.run_for(1s);
    zoo.put(path(kTwo));
    ASSERT_TRUE(world.run_until([&] { return told.addresses().size() == 2; }, 1s));
    zoo.erase(path(kTwo));
    ASSERT_TRUE(world.run_until([&] { return told.addresses().size() == 1; }, 1s));
  }
}

TEST_F(ZookeeperSourceTest, ANodeOfAnotherSessionIsReplacedByOurs) {
  zoo.put(path(kOne), 99);
  ASSERT_TRUE(run(source().publish(publication(kOne))));
  EXPECT_EQ(zoo.nodes[path(kOne)].owner, 1);
}

TEST_F(ZookeeperSourceTest, WhileNobodyAnswersForMinutesTheLastGoodListStays) {
  zoo.put(path(kOne));
  const Told told(source());
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 1s));
  zoo.go_down();
  ASSERT_TRUE(world.run_until([&] { return told.stale(); }, 1s));
  zoo.erase(path(kOne));
  zoo.put(path(kTwo));
  const Outcome asked = begin(source().publish(publication("bolt://10.0.0.9:12200")));
  for (int minute = 0; minute < 5; ++minute) {
    world.run_for(60s);
    zoo.go_down();  // another server that is none
  }
  EXPECT_EQ(told.lists.size(), 2U);  // told once that it is stale
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.7:12200"));
  ASSERT_TRUE(asked->has_value());  // every wait has its end …
  ASSERT_FALSE(**asked);
  EXPECT_TRUE((*asked)->error().is(io::IoError::kTimeout));
  EXPECT_THAT((*asked)->error().message(), HasSubstr(kUrl));
  zoo.come_up();
  ASSERT_TRUE(world.run_until([&] { return told.fresh() && told.addresses().size() == 2; }, 1s));
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.8:12200", "10.0.0.9:12200"));  // … and the wish comes true
}

/// Whether a list that had providers becomes empty when ZooKeeper says so.
class EmptyAnswer : public ZookeeperSourceTest {
 protected:
  bool is_believed() {
    zoo.put(path(kOne));
    const Told told(source());
    EXPECT_TRUE(world.run_until([&] { return told.fresh(); }, 1s));
    zoo.lie(true);
    EXPECT_TRUE(world.run_until([&] { return told.lists.size() == 2; }, 1s));
    return told.addresses().empty();
  }
};
TEST_F(EmptyAnswer, IsNotBelievedAfterOneWithProviders) {
  EXPECT_FALSE(is_believed());
}

TEST_F(ZookeeperSourceTest, WhileItLiesForMinutesTheLastGoodListStaysAndSaysSinceWhen) {
  zoo.put(path(kOne));
  zoo.put(path(kTwo));
  const Told told(source());
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 1s));
  const io::TimePoint before = process.clock().now();
  zoo.lie(true);
  ASSERT_TRUE(world.run_until([&] { return told.stale(); }, 1s));
  const io::TimePoint since = told.lists.back()->stale_since;
  EXPECT_GE(since, before);
  for (int minute = 0; minute < 5; ++minute) {
    world.run_for(60s);
    zoo.put(kPath + "/nonsense" + std::to_string(minute));
    if (minute % 2 == 0) zoo.expire_sessions();
  }
  EXPECT_EQ(told.lists.size(), 2U);  // told once that it is stale
  EXPECT_EQ(told.lists.back()->stale_since, since);
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.7:12200", "10.0.0.8:12200"));
  zoo.erase(path(kOne));
  zoo.lie(false);
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 1s));
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.8:12200"));
}

TEST_F(ZookeeperSourceTest, AnswersThatAreLostAreAskedForAgain) {
  for (int lost = 1; lost < 6; ++lost) {
    zoo.nodes.clear();
    const std::string url = "bolt://10.0.0.7:" + std::to_string(12200 + lost);
    zoo.lost_answers = lost;
    ASSERT_TRUE(run(source().publish(publication(url)))) << lost;
    EXPECT_TRUE(published(url));
    zoo.lost_answers = lost;
    ASSERT_TRUE(run(source().unpublish(publication(url)))) << lost;
    EXPECT_FALSE(published(url));
    zoo.lost_answers = lost;
    const Told told(source());
    EXPECT_TRUE(world.run_until([&] { return told.fresh(); }, 60s)) << lost;
  }
}

/// Whether a provider that was unpublished while the connection broke is there when it is back.
class LostUnpublish : public ZookeeperSourceTest {
 protected:
  bool stays() {
    EXPECT_TRUE(run(source().publish(publication(kOne))));
    zoo.go_silent();  // the question is on its way before anybody knows
    const Outcome gone = begin(source().unpublish(publication(kOne)));
    world.run_for(10ms);
    zoo.go_down();
    world.run_for(1s);
    zoo.come_up();
    world.run_for(60s);
    return published(kOne);
  }
};
TEST_F(LostUnpublish, IsDoneWithTheNextConnection) {
  EXPECT_FALSE(stays());
}

TEST_F(ZookeeperSourceTest, WhatIsRefusedIsSaidAndTriedOn) {
  zoo.refused = "providers/";
  const auto refused = run(source().publish(publication(kOne)));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("not authenticated"));
  zoo.refused.clear();
  ASSERT_TRUE(world.run_until([&] { return published(kOne); }, 20s));
}

TEST_F(ZookeeperSourceTest, AListThatIsRefusedStaysTheLastGoodOne) {
  zoo.put(path(kOne));
  const Told told(source());
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 1s));
  zoo.refused = "providers";
  zoo.put(path(kTwo));
  ASSERT_TRUE(world.run_until([&] { return told.stale(); }, 1s));
  const int asked = zoo.asked;
  world.run_for(300s);
  EXPECT_EQ(told.lists.size(), 2U);
  EXPECT_THAT(told.addresses(), ElementsAre("10.0.0.7:12200"));
  EXPECT_LT(zoo.asked - asked, 60);  // it is asked less and less often
  EXPECT_GT(zoo.asked - asked, 15);
  zoo.refused.clear();
  ASSERT_TRUE(world.run_until([&] { return told.fresh() && told.addresses().size() == 2; }, 20s));
}

TEST_F(ZookeeperSourceTest, ItsEndTakesThePublicationsAndTellsNobodyMore) {
  const Told told(source());
  ASSERT_TRUE(run(source().publish(publication(kOne))));
  application->source.reset();
  ASSERT_TRUE(world.run_until([&] { return !published(kOne); }, 1s));
  const std::size_t before = told.lists.size();
  zoo.put(path(kTwo));
  world.run_for(60s);
  EXPECT_EQ(told.lists.size(), before);
  EXPECT_EQ(zoo.opened, 1);
}

TEST_F(ZookeeperSourceTest, UrlsAreRead) {
  for (const char* wrong : {"zookeeper://", "zookeeper://zoo", "zookeeper://zoo:1?a=b"}) {
    EXPECT_FALSE(make_zookeeper_source(wrong, {application->shards, application->workers, "tester"}, zoo.sessions()));
  }
}

TEST(ZookeeperLibrary, WithoutAServerCallsEndInTimeAndSoDoesTheSession) {
  register_zookeeper();
  io::Env& env = io::posix::env();
  io::Shards shards(env, 1);
  io::WorkerPool workers(env, {.name = "worker", .threads = 1, .most_queued = 16});
  shards.start();
  // Nothing listens at port 1; the other name is nobody's.
  for (const char* url : {"zookeeper://127.0.0.1:1", "zookeeper://nobody.invalid:2181"}) {
    auto source = rpc::make_address_source(url, {shards, workers, "tester"});
    ASSERT_TRUE(source) << source.error().what();
    const Told told(**source);
    const auto published = wait(
        shards, with_deadline(env.clock.now() + 100ms, (*source)->publish({kEcho, *rpc::parse_provider(kOne)})), 10s);
    ASSERT_FALSE(published);
    EXPECT_TRUE(published.error().is(io::IoError::kTimeout)) << published.error().what();
    EXPECT_THAT(told.lists, IsEmpty());
  }
  workers.close();
  shards.stop_and_join();
}

#ifdef SOFA_MUTANTS
TEST_F(LostUnpublish, ThatIsForgottenIsFound) {
  activate_mutant("lost-unpublish");
  EXPECT_TRUE(stays());  // what the test above forbids
  activate_mutant(nullptr);
}
TEST_F(EmptyAnswer, ThatIsBelievedIsFound) {
  activate_mutant("empty-list-believed");
  EXPECT_TRUE(is_believed());
  activate_mutant(nullptr);
}
#endif

}  // namespace
}  // namespace sofa::registry
