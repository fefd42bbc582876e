#include "sofa/observe/telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/base/log_setup.h"
#include "sofa/net/http_world_test.h"
#include "sofa/observe/http_sink.h"
#include "sofa/observe/observer.h"
#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using testing::HasSubstr;

/// A process that is observed.
struct Observed {
  io::Shards shards;
  Telemetry telemetry;
  MethodId echo;

  Observed(io::sim::Process& process, const Config& config)
      : shards(process.env(), 2),
        telemetry(shards, config, "bank"),
        echo(telemetry.methods().add(Side::kServer, "a.Echo:1.0", std::array<std::string_view, 1>{"echo"})[0]) {
    telemetry.add_source([](Counters& counters) { counters.gauge("sofa_test_source", "of a source").set(3); });
    shards.start();
    on_result(shards[1], telemetry.start(),
              [](const Result<void>& started) { EXPECT_TRUE(started) << started.error().what(); });
  }
  ~Observed() {
    shards.stop_and_join();
    telemetry.close();
  }
  void call(int shard) {
    shards[shard].post([this, shard] {
      Observer& observer = telemetry.of(shards[shard]);
      observer.on_call(server_call(echo));
    });
  }
};

/// A collector of spans.
struct Collecting {
  io::Shards shards;
  std::shared_ptr<std::vector<std::string>> bodies;
  net::HttpServer server;

  static Task<HttpResponse> collect(HttpRequest request, std::shared_ptr<std::vector<std::string>> into, int status) {
    into->push_back(co_await request.body.read_text(1 << 20));
    co_return HttpResponse::text(status, "{}");
  }
  Collecting(io::sim::Process& process, std::shared_ptr<std::vector<std::string>> into, int status)
      : shards(process.env(), 1),
        bodies(into),
        server(shards, [into, status](HttpRequest request) { return collect(std::move(request), into, status); }) {
    EXPECT_TRUE(server.listen({.host = "0.0.0.0", .port = net::kTestPort}));
    shards.start();
  }
};

class TelemetryTest : public testing::Test {
 protected:
  void SetUp() override {
    log::redirect([](log::Level, std::string_view) {});
    scraper = net::boot<net::TestClient>(world.process("scraper"));
  }
  void TearDown() override {
    log::redirect({});
    log::set_level(log::Level::kInfo);
  }
  void start(Config config) {
    observed = net::boot<Observed>(process, config);
    world.run_for(100ms);
  }
  std::shared_ptr<net::Outcome> ask(HttpRequest request) {
    auto outcome = scraper->send(process.host(), std::move(request));
    EXPECT_TRUE(world.run_until([&] { return outcome->done; }, 20s));
    return outcome;
  }
  std::string get(std::string_view path, int status = 200) {
    const auto outcome = ask(HttpRequest::get(path));
    EXPECT_EQ(outcome->status, status) << path;
    return outcome->text;
  }
  HttpRequest put(std::string_view level) {
    HttpRequest request = HttpRequest::post("/loglevel", "text/plain", level);
    request.method = "PUT";
    return request;
  }

  io::sim::World world{17};
  io::sim::Process& process = world.process("bank");
  net::TestClient* scraper = nullptr;
  Observed* observed = nullptr;
};

const Config kAdmin{.admin = "0.0.0.0:8080"};

TEST_F(TelemetryTest, ShowsTheFiguresOfAllShards) {
  start(kAdmin);
  for (int i = 0; i < 5; ++i) observed->call(i % 2);
  world.run_for(10ms);
  const std::string text = get("/metrics");
  EXPECT_THAT(text, HasSubstr("{side=\"server\",service=\"a.Echo:1.0\",method=\"echo\",outcome=\"ok\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("sofa_shard_turns_total{shard=\"1\"} "));
  EXPECT_THAT(text, HasSubstr("\nsofa_test_source 3\n"));
  EXPECT_THAT(text, HasSubstr("sofa_build_info{version=\""));
  EXPECT_EQ(get("/actuator/prometheus").substr(0, 7), "# HELP ");
}

TEST_F(TelemetryTest, ShowsWatchedPools) {
  start(kAdmin);
  io::WorkerPool pool(process.env(), {.name = "worker", .threads = 3});
  observed->telemetry.watch("worker", pool);
  const std::string text = get("/metrics");
  EXPECT_THAT(text, HasSubstr("sofa_pool_threads{pool=\"worker\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("sofa_pool_queued{pool=\"worker\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("sofa_pool_shed_total{pool=\"worker\"} 0\n"));
  process.kill(io::sim::Death::kKilled);
}

TEST_F(TelemetryTest, SaysWhetherCallsMayCome) {
  start(kAdmin);
  EXPECT_EQ(get("/readiness"), "{\"status\":\"UP\"}");
  const Health::Component server = observed->telemetry.health().component("server");
  EXPECT_THAT(get("/readiness", 503), HasSubstr("starting"));
  EXPECT_THAT(get("/actuator/health", 503), HasSubstr("\"server\":{\"status\":\"DOWN\""));
  EXPECT_EQ(get("/liveness"), "{\"status\":\"UP\"}");
  server.up();
  EXPECT_THAT(get("/readiness"), HasSubstr("\"status\":\"UP\""));
}

TEST_F(TelemetryTest, ChangesTheLogLevel) {
  start(kAdmin);
  EXPECT_EQ(get("/loglevel"), "info\n");
  EXPECT_EQ(ask(put("debug\n"))->status, 200);
  EXPECT_EQ(log::level(), log::Level::kDebug);
  EXPECT_EQ(get("/loglevel"), "debug\n");
  const auto refused = ask(put("loud"));
  EXPECT_EQ(refused->status, 400);
  EXPECT_THAT(refused->text, HasSubstr("'loud' is no level: send one of trace, debug, info"));
  EXPECT_EQ(ask(put(std::string(5000, 'x')))->status, 413);
  EXPECT_EQ(log::level(), log::Level::kDebug);
}

TEST_F(TelemetryTest, SendsSpansToItsCollector) {
  auto bodies = std::make_shared<std::vector<std::string>>();
  net::boot<Collecting>(world.process("collector"), bodies, 200);
  start({.otlp_url = "http://collector:8080/v1/traces", .trace_ratio = 1});
  observed->call(0);
  observed->call(1);
  world.run_for(10s);
  ASSERT_EQ(bodies->size(), 1U);
  const auto json = nlohmann::json::parse(bodies->at(0));
  EXPECT_EQ(json["resourceSpans"][0]["scopeSpans"][0]["spans"].size(), 2U);
  EXPECT_EQ(json["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "bank");
}

TEST_F(TelemetryTest, CountsSpansThatACollectorRefuses) {
  auto bodies = std::make_shared<std::vector<std::string>>();
  net::boot<Collecting>(world.process("collector"), bodies, 400);
  Config config = kAdmin;
  config.otlp_url = "http://collector:8080/v1/traces";
  config.trace_ratio = 1;
  start(config);
  observed->call(0);
  world.run_for(10s);
  EXPECT_EQ(bodies->size(), 1U);
  EXPECT_THAT(get("/metrics"), HasSubstr("\nsofa_observe_spans_given_up_total 1\n"));
}

TEST_F(TelemetryTest, WithoutACollectorNothingWaitsAndNothingGrows) {
  Config config = kAdmin;
  config.otlp_url = "http://nowhere.invalid:8080/v1/traces";
  config.trace_ratio = 1;
  config.span_queue = 16;
  start(config);
  for (int i = 0; i < 1000; ++i) observed->call(0);
  world.run_for(120s);
  EXPECT_THAT(get("/metrics"), HasSubstr("sofa_observe_dropped_total{sink=\"span\"} 984\n"));
  EXPECT_THAT(get("/metrics"), HasSubstr("\nsofa_observe_spans_given_up_total 16\n"));
}

TEST_F(TelemetryTest, WritesLogsAndLeavesNoLineBehind) {
  start({.digest = DigestMode::kAll, .stat = true, .folder = "logs"});
  observed->call(0);
  world.run_for(1ms);
  observed->shards.stop_and_join();
  observed->telemetry.close();
  EXPECT_TRUE(process.disk().open("logs/rpc-server-digest.log", false));
}

TEST_F(TelemetryTest, StopsInOrder) {
  auto bodies = std::make_shared<std::vector<std::string>>();
  net::boot<Collecting>(world.process("collector"), bodies, 200);
  Config config = kAdmin;
  config.otlp_url = "http://collector:8080/v1/traces";
  config.trace_ratio = 1;
  start(config);
  observed->call(1);
  auto stopped = std::make_shared<bool>(false);
  observed->shards[1].post([this, stopped] {
    io::Shard& shard = observed->shards[1];
    on_result(shard, observed->telemetry.stop(shard.now() + 10s),
              [stopped](const Result<void>& done) { *stopped = done.has_value(); });
  });
  ASSERT_TRUE(world.run_until([&] { return *stopped; }, 15s));
  EXPECT_EQ(bodies->size(), 1U);
  EXPECT_FALSE(ask(HttpRequest::get("/metrics"))->error->message().empty());
}

}  // namespace
}  // namespace sofa::observe
