#include "sofa/observe/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/base/log_setup.h"
#include "sofa/base/mutant.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"
#include "sofa/observe/error.h"
#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

// What a collector got, and how it answers.
struct Collector {
  enum class Manner { kTakes, kFails, kRefuses, kHangs };
  Manner manner = Manner::kTakes;
  std::vector<std::size_t> batches;
  std::size_t spans = 0;
  int asked = 0;
};

class FakeSink final : public SpanSink {
 public:
  explicit FakeSink(std::shared_ptr<Collector> collector) : collector_(std::move(collector)) {}
  Task<void> send(std::string body) override {
    ++collector_->asked;
    switch (collector_->manner) {
      case Collector::Manner::kFails:
        throw Error(ObserveError::kCollector, "busy", Retriable::kYes);
      case Collector::Manner::kRefuses:
        throw Error(ObserveError::kCollector, "bad");
      case Collector::Manner::kHangs:
        co_await sleep(1h);
        break;
      case Collector::Manner::kTakes:
        break;
    }
    const auto json = nlohmann::json::parse(body);
    collector_->batches.push_back(json["resourceSpans"][0]["scopeSpans"][0]["spans"].size());
    collector_->spans += collector_->batches.back();
  }

 private:
  const std::shared_ptr<Collector> collector_;
};

struct Exporting {
  io::Shards shards;
  MethodTable methods;
  Observer one, two;
  SpanExporter exporter;

  Exporting(io::sim::Process& process, std::shared_ptr<Collector> collector)
      : shards(process.env(), 1),
        one(0, methods, process.clock(), {.span_ring = 64, .sampler = Sampler(1)}),
        two(1, methods, process.clock(), {.span_ring = 64, .sampler = Sampler(1)}),
        exporter(shards[0], {.app = "bank", .batch = 32}, {&one, &two}, std::make_unique<FakeSink>(collector)) {
    shards.start();
    shards[0].post([this] { exporter.start(); });
  }
};

class SpanExporterTest : public testing::Test {
 protected:
  void SetUp() override {
    log::redirect([this](log::Level, std::string_view line) { said.emplace_back(line); });
    process.boot([this](io::sim::Process& self) {
      auto made = std::make_shared<Exporting>(self, collector);
      exporting = made.get();
      return made;
    });
  }
  void TearDown() override { log::redirect({}); }

  void record(Observer& observer, int calls) {
    for (int i = 0; i < calls; ++i) observer.on_call(server_call());
  }
  bool stop(io::Duration within) {
    auto stopped = std::make_shared<bool>(false);
    exporting->shards[0].post([this, within, stopped] {
      io::Shard& shard = exporting->shards[0];
      on_result(shard, exporting->exporter.stop(shard.now() + within),
                [stopped](const Result<void>&) { *stopped = true; });
    });
    return world.run_until([&] { return *stopped; }, 60s);
  }
  /// Whether every span came, although the collector failed for a while.
  bool survives_a_pause_of_the_collector() {
    collector->manner = Collector::Manner::kFails;
    record(exporting->one, 10);
    world.run_for(4s);
    collector->manner = Collector::Manner::kTakes;
    world.run_for(10s);
    return collector->spans == 10;
  }

  io::sim::World world{11};
  io::sim::Process& process = world.process("bank");
  std::shared_ptr<Collector> collector = std::make_shared<Collector>();
  Exporting* exporting = nullptr;
  std::vector<std::string> said;
};

TEST_F(SpanExporterTest, SendsInBatchesFromAllShards) {
  record(exporting->one, 40);
  record(exporting->two, 5);
  world.run_for(5s);
  EXPECT_EQ(collector->spans, 45U);
  EXPECT_EQ(collector->batches.at(0), 32U);
  EXPECT_EQ(exporting->exporter.sent(), 45U);
  world.run_for(10s);
  EXPECT_EQ(collector->asked, 2) << "nothing is sent where there is nothing";
}

TEST_F(SpanExporterTest, SendsABatchAgainWhenTheCollectorIsBack) {
  EXPECT_TRUE(survives_a_pause_of_the_collector());
  EXPECT_EQ(exporting->exporter.dropped(), 0U);
  EXPECT_EQ(said.size(), 1U);
}

#ifdef SOFA_MUTANTS
TEST_F(SpanExporterTest, ATestFindsAForgottenBatch) {
  activate_mutant("failed-batch-forgotten");
  EXPECT_FALSE(survives_a_pause_of_the_collector());
  activate_mutant(nullptr);
}
#endif

TEST_F(SpanExporterTest, GivesUpAndCountsWhatNoTryCouldSend) {
  collector->manner = Collector::Manner::kFails;
  record(exporting->one, 10);
  world.run_for(60s);
  EXPECT_EQ(exporting->exporter.dropped(), 10U);
  EXPECT_EQ(collector->asked, 5);
}

TEST_F(SpanExporterTest, DoesNotInsistWhereItIsRefused) {
  collector->manner = Collector::Manner::kRefuses;
  record(exporting->one, 40);
  world.run_for(10s);
  EXPECT_EQ(exporting->exporter.dropped(), 40U);
  EXPECT_EQ(collector->asked, 2);
}

TEST_F(SpanExporterTest, ACollectorThatHangsCostsBoundedMemoryAndTime) {
  collector->manner = Collector::Manner::kHangs;
  record(exporting->one, 1000);
  world.run_for(120s);
  EXPECT_GE(exporting->one.span_ring()->dropped(), 900U);
  EXPECT_GE(collector->asked, 5);
  EXPECT_EQ(exporting->exporter.sent(), 0U);
}

TEST_F(SpanExporterTest, StopSendsWhatIsLeft) {
  record(exporting->one, 40);
  ASSERT_TRUE(stop(10s));
  EXPECT_EQ(collector->spans, 40U);
}

TEST_F(SpanExporterTest, StopHeedsItsDeadline) {
  collector->manner = Collector::Manner::kHangs;
  record(exporting->one, 60);
  world.run_for(4s);
  const io::sim::Time before = world.now();
  ASSERT_TRUE(stop(3s));
  EXPECT_LT(world.now() - before, 4s);
  EXPECT_EQ(exporting->exporter.dropped(), 60U);
}

TEST_F(SpanExporterTest, GoesWithoutBeingStopped) {
  collector->manner = Collector::Manner::kHangs;
  record(exporting->one, 10);
  world.run_for(4s);
  EXPECT_EQ(collector->asked, 1);
}

}  // namespace
}  // namespace sofa::observe
