// The sources of addresses in the simulator: what they tell, and that they keep it while nobody answers or answers lie.
#include "sofa/rpc/sources.h"

#include <gmock/gmock.h>

#include "sofa/base/mutant.h"
#include "sofa/io/async.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"
#include "sofa/io/worker_pool.h"
#include "sofa/rpc/service_lists.h"
#include "sofa/rpc/source_url.h"

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const ServiceKey kEcho{"dev.sofa.bank.EchoService", "1.0", {}};
const ServiceKey kBank{"dev.sofa.bank.AccountService", "1.0", {}};

std::vector<std::string> addresses(const ProviderListPtr& list) {
  std::vector<std::string> all;
  for (const Provider& provider : list->providers) all.push_back(provider.address.to_string());
  return all;
}

/// An application that has a source.
struct Application {
  io::Shards shards;
  io::WorkerPool workers;
  std::shared_ptr<AddressSource> source;

  Application(io::sim::Process& process, std::string url)
      : shards(process.env(), 1), workers(process.env(), {.name = "worker", .threads = 1, .most_queued = 16}) {
    auto made = make_address_source(url, {shards, workers, "tester"});
    EXPECT_TRUE(made) << made.error().what();
    source = *made;
    shards.start();
  }
};

/// What a watcher was told.
struct Told {
  std::vector<ProviderListPtr> lists;
  std::unique_ptr<AddressSource::Watch> watch;
  explicit Told(AddressSource& source, const ServiceKey& key = kEcho)
      : watch(source.watch(key, [this](ProviderListPtr list) {
          if (!lists.empty()) EXPECT_GT(list->version, lists.back()->version);
          lists.push_back(std::move(list));
        })) {}
  const ProviderListPtr& last() const { return lists.back(); }
  bool fresh() const { return !lists.empty() && last()->stale_since == io::kNever; }
  bool stale() const { return !lists.empty() && last()->stale_since != io::kNever; }
};

class SourcesTest : public testing::Test {
 protected:
  Application* start(const std::string& url) {
    auto made = std::make_shared<Application*>();
    process.boot([made, url](io::sim::Process& self) {
      auto application = std::make_shared<Application>(self, url);
      *made = application.get();
      return application;
    });
    return *made;
  }
  Result<void> run(Application& application, Task<void> task, io::Duration limit = 60s) {
    auto outcome = std::make_shared<std::optional<Result<void>>>();
    on_result(application.shards[0], std::move(task), [outcome](Result<void> result) { *outcome = std::move(result); });
    EXPECT_TRUE(world.run_until([&] { return outcome->has_value(); }, limit));
    return **outcome;
  }
  void write(const std::string& text) {
    io::Disk& disk = process.env().disk;
    (void)disk.remove("/bank/services.yaml");
    const io::Handle file = *disk.open("/bank/services.yaml", true);
    EXPECT_TRUE(disk.write_at(file, 0, as_bytes(text)));
    disk.close(file);
  }
  std::string content() {
    io::Disk& disk = process.env().disk;
    const io::Handle file = *disk.open("/bank/services.yaml", false);
    std::string text(*disk.size(file), '\0');
    EXPECT_TRUE(disk.read_at(file, 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    disk.close(file);
    return text;
  }
  Publication publication(const std::string& url) { return {kEcho, *parse_provider(url)}; }

  io::sim::World world{1};
  io::sim::Process& process = world.process("application");
};

constexpr const char* kFile = "file:///bank/services.yaml?interval_ms=1000";

TEST(SourceUrl, ReadsParametersAndRefusesWhatItDoesNotKnow) {
  const auto url = parse_source_url("dns://bank:12200?interval_ms=250");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->rest, "bank:12200");
  EXPECT_EQ(*url->milliseconds("interval_ms", 5s, 100ms, 1h), 250ms);
  EXPECT_EQ(*url->milliseconds("other", 5s, 100ms, 1h), 5s);
  EXPECT_FALSE(url->milliseconds("interval_ms", 5s, 500ms, 1h));
  EXPECT_FALSE(url->only({"other"}));
  EXPECT_FALSE(parse_source_url("bank:12200"));
  EXPECT_FALSE(parse_source_url("dns://bank?interval_ms=x")->milliseconds("interval_ms", 5s, 1ms, 1h));
}

TEST_F(SourcesTest, AnUnknownSchemeIsToldWhichThereAre) {
  io::Shards shards(process.env(), 1);
  io::WorkerPool workers(process.env(), {.name = "worker", .threads = 1, .most_queued = 4});
  const auto made = make_address_source("etcd://10.0.0.1", {shards, workers, "tester"});
  ASSERT_FALSE(made);
  for (const char* scheme : {"bolt://", "dns://", "file://"}) {
    EXPECT_THAT(made.error().message(), HasSubstr(scheme));
  }
  for (const char* wrong : {"bolt://", "bolt://a:1,tri://b:2", "dns://bank", "file://relative", "file:///x?intervall=1",
                            "dns://bank:1?interval_ms=0"}) {
    EXPECT_FALSE(make_address_source(wrong, {shards, workers, "tester"})) << wrong;
  }
}

TEST(DirectUrl, HasTheFormsOfTheFamily) {
  const auto providers = parse_direct_url("bolt://10.0.0.7:12200?weight=200, 10.0.0.8:12200;bolt://10.0.0.9:12201?a=b");
  ASSERT_TRUE(providers) << providers.error().what();
  ASSERT_EQ(providers->size(), 3U);
  EXPECT_EQ((*providers)[0].weight, 200U);
  EXPECT_EQ((*providers)[1].address.to_string(), "10.0.0.8:12200");
  EXPECT_EQ((*providers)[2].attribute("a"), "b");
}

TEST_F(SourcesTest, ADirectListIsToldAtOnceAndTakesNoPublications) {
  Application* application = start("bolt://10.0.0.7:12200,10.0.0.8:12200");
  const Told told(*application->source);
  ASSERT_EQ(told.lists.size(), 1U);
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.7:12200", "10.0.0.8:12200"));
  const auto published = run(*application, application->source->publish(publication("bolt://10.0.0.9:1")));
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message(), HasSubstr("name a registry"));
}

TEST_F(SourcesTest, DnsIsAskedAgainAndAgain) {
  world.network().add_name("bank", {{"10.0.0.8", 0, false}, {"10.0.0.7", 0, false}});
  Application* application = start("dns://bank:12200?interval_ms=1000");
  const Told told(*application->source);
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 5s));
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.7:12200", "10.0.0.8:12200"));
  world.network().add_name("bank", {{"10.0.0.7", 0, false}, {"10.0.0.8", 0, false}});
  world.run_for(5s);
  EXPECT_EQ(told.lists.size(), 1U);  // another order is no change
  world.network().add_name("bank", {{"10.0.0.9", 0, false}});
  ASSERT_TRUE(world.run_until([&] { return told.lists.size() == 2; }, 5s));
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.9:12200"));
  const Told late(*application->source, kBank);  // any service
  ASSERT_EQ(late.lists.size(), 1U);
}

TEST_F(SourcesTest, WhileDnsFailsOrLiesForFiveMinutesTheLastGoodListStaysAndSaysSinceWhen) {
  world.network().add_name("bank", {{"10.0.0.7", 0, false}});
  Application* application = start("dns://bank:12200?interval_ms=1000");
  const Told told(*application->source);
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 5s));
  const io::TimePoint before = process.clock().now();
  std::vector<io::Address> too_many(ServiceLists::kMostProviders + 1, io::Address{"10.0.0.9", 0, false});
  world.network().add_name("bank", {});
  ASSERT_TRUE(world.run_until([&] { return told.stale(); }, 10s));
  const io::TimePoint since = told.last()->stale_since;
  EXPECT_GE(since, before);
  EXPECT_LE(since, before + 10s);
  for (int minute = 0; minute < 5; ++minute) {
    world.network().add_name("bank", minute % 2 == 0 ? too_many : std::vector<io::Address>());
    world.run_for(60s);
  }
  EXPECT_EQ(told.lists.size(), 2U);  // told once that it is stale
  EXPECT_EQ(told.last()->stale_since, since);
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.7:12200"));
  const Told late(*application->source);
  ASSERT_TRUE(world.run_until([&] { return late.stale(); }, 1s));
  world.network().add_name("bank", {{"10.0.0.7", 0, false}});
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 10s));
}

TEST_F(SourcesTest, AFileIsReadAgainWhenItsContentChanged) {
  write("dev.sofa.bank.EchoService:1.0: ['bolt://10.0.0.7:12200?weight=200']\n");
  Application* application = start(kFile);
  Told told(*application->source);
  const Told other(*application->source, kBank);
  ASSERT_TRUE(world.run_until([&] { return told.fresh() && other.fresh(); }, 5s));
  EXPECT_EQ(told.last()->providers.front().weight, 200U);
  EXPECT_TRUE(other.last()->providers.empty());  // an empty list is a list
  world.run_for(10s);
  EXPECT_EQ(told.lists.size(), 1U);
  write(R"({"dev.sofa.bank.EchoService": ["bolt://10.0.0.8:12200", "bolt://10.0.0.9:12200"]})");
  ASSERT_TRUE(world.run_until([&] { return told.lists.size() == 2; }, 5s));
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.8:12200", "10.0.0.9:12200"));
  EXPECT_EQ(other.lists.size(), 1U);
  told.watch.reset();
  write("{}");
  world.run_for(5s);
  EXPECT_EQ(told.lists.size(), 2U);
}

TEST_F(SourcesTest, ADamagedOrVanishedFileLeavesTheLastGoodList) {
  const std::string good = "dev.sofa.bank.EchoService: ['bolt://10.0.0.7:12200']\n";
  for (const std::string& damage : std::vector<std::string>{
           "", "a: [b", "- x", "dev.sofa.bank.EchoService:\n", "dev.sofa.bank.EchoService: ['bolt://10.0.0.7']",
           "a: []\na: []\n", "a: ['bolt://unix:/\xe2\xe2']\n", std::string(501, 'x') + ": []\n", "\"a\\x01\": []\n",
           std::string(2 << 20, ' ')}) {
    Application* application = start(kFile);
    write(good);
    {
      const Told told(*application->source);
      ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 5s));
      write(damage);
      ASSERT_TRUE(world.run_until([&] { return told.stale(); }, 5s)) << damage.substr(0, 50);
      EXPECT_TRUE(process.env().disk.remove("/bank/services.yaml"));
      world.run_for(300s);
      EXPECT_EQ(told.lists.size(), 2U);
      EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.7:12200"));
      write(good);
      ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 5s));
    }
    process.kill(io::sim::Death::kKilled);
  }
}

TEST_F(SourcesTest, PublicationsComeIntoTheFileAndGo) {
  Application* application = start(kFile);
  const Told told(*application->source);
  const auto one = publication("bolt://10.0.0.7:12200?weight=50");
  ASSERT_TRUE(run(*application, application->source->publish(one)));
  EXPECT_THAT(content(), HasSubstr("bolt://10.0.0.7:12200?weight=50"));
  ASSERT_TRUE(run(*application, application->source->publish(one)));
  ASSERT_TRUE(run(*application, application->source->publish(publication("bolt://10.0.0.8:12200"))));
  ASSERT_TRUE(world.run_until([&] { return told.fresh() && told.last()->providers.size() == 2; }, 1s));
  EXPECT_EQ(process.env().disk.list("/bank")->size(), 1U);  // nothing is left beside it
  ASSERT_TRUE(run(*application, application->source->unpublish(one)));
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.8:12200"));
}

TEST_F(SourcesTest, WhatAnotherProcessOverwroteComesBack) {
  Application* application = start(kFile);
  ASSERT_TRUE(run(*application, application->source->publish(publication("bolt://10.0.0.7:12200"))));
  write(R"({"dev.sofa.bank.EchoService:1.0": ["bolt://10.0.0.9:12200"]})");
  const Told told(*application->source);
  ASSERT_TRUE(world.run_until([&] { return told.fresh() && told.last()->providers.size() == 2; }, 10s));
  EXPECT_THAT(addresses(told.last()), ElementsAre("10.0.0.9:12200", "10.0.0.7:12200"));
}

TEST_F(SourcesTest, ADamagedFileIsNotWrittenOver) {
  write("a: [b");
  Application* application = start(kFile);
  const auto published = run(*application, application->source->publish(publication("bolt://10.0.0.7:12200")));
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message(), HasSubstr("/bank/services.yaml:"));
  EXPECT_EQ(content(), "a: [b");
  write("{}");  // mended: what was asked for comes to be
  ASSERT_TRUE(world.run_until([&] { return content().find("10.0.0.7:12200") != std::string::npos; }, 10s));
}

TEST_F(SourcesTest, WhatCouldNotBeReadAgainIsNotPublished) {
  write("{}");
  Application* application = start(kFile);
  const auto published =
      run(*application, application->source->publish(publication("bolt://10.0.0.7:12200?appName=\xff")));
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message(), HasSubstr("not UTF-8"));
  EXPECT_EQ(content(), "{}");
}

TEST(ServiceLists, TellsEachWatcherWhatIsNewerAndForgetsWhatNobodyWatches) {
  std::vector<std::string> unwatched;
  const auto lists = std::make_shared<ServiceLists>([&](const std::string& name) { unwatched.push_back(name); });
  std::vector<std::uint64_t> versions;
  auto watch = lists->watch("a", [&](ProviderListPtr list) { versions.push_back(list->version); });
  lists->update("b", {});  // not watched
  lists->mark_stale(io::TimePoint{});
  EXPECT_TRUE(versions.empty());
  lists->update("a", {});
  lists->update("a", {});
  EXPECT_THAT(versions, ElementsAre(1U));
  lists->mark_stale(io::TimePoint(5s));
  lists->mark_stale(io::TimePoint(9s));
  EXPECT_EQ(lists->known("a")->stale_since, io::TimePoint(5s));
  lists->update("a", {});
  EXPECT_THAT(versions, ElementsAre(1U, 2U, 3U));
  EXPECT_EQ(lists->known("b"), nullptr);
  watch.reset();
  EXPECT_THAT(unwatched, ElementsAre("a"));
  EXPECT_FALSE(lists->watched("a"));
}

#ifdef SOFA_MUTANTS
TEST_F(SourcesTest, AListThatShrinksWithoutItsSourceIsFound) {
  activate_mutant("list-shrinks-without-source");
  world.network().add_name("bank", {{"10.0.0.7", 0, false}});
  Application* application = start("dns://bank:12200?interval_ms=1000");
  const Told told(*application->source);
  ASSERT_TRUE(world.run_until([&] { return told.fresh(); }, 5s));
  world.network().add_name("bank", {});
  ASSERT_TRUE(world.run_until([&] { return told.stale(); }, 10s));
  EXPECT_TRUE(told.last()->providers.empty());  // what the tests above forbid
  activate_mutant(nullptr);
}
#endif

}  // namespace
}  // namespace sofa::rpc
