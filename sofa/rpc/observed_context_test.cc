// A context that is observed: what its calls leave in figures and logs.
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sofa/base/log_setup.h"
#include "sofa/io/posix/env.h"
#include "sofa/net/http_client.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/context.h"
#include "sofa/wire/hessian/hessian.h"

namespace kiosk {

class KioskService {
 public:
  virtual ~KioskService() = default;
  virtual sofa::Task<std::int32_t> pay(std::int32_t amount) = 0;
  virtual sofa::Task<std::int32_t> wait(std::int32_t ms) = 0;
  virtual sofa::Task<std::string> trace() = 0;
};

}  // namespace kiosk

SOFA_SERVICE(kiosk::KioskService, "com.kiosk.KioskService", pay, wait, trace)

namespace kiosk {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class Kiosk final : public KioskService {
 public:
  sofa::Task<std::int32_t> pay(std::int32_t amount) override {
    if (amount < 0) throw std::invalid_argument("less than nothing");
    return amount;
  }
  sofa::Task<std::int32_t> wait(std::int32_t ms) override {
    co_await sofa::sleep(std::chrono::milliseconds(ms));
    co_return ms;
  }
  /// What the caller decided of the call's trace.
  sofa::Task<std::string> trace() override {
    const sofa::TraceContext& trace = (co_await sofa::context()).trace();
    co_return fmt::format("{}{}", trace.sampled ? "yes" : "no", trace.w3c ? ", to all" : "");
  }
};

class Scraper {
 public:
  Scraper() { shards_.start(); }
  ~Scraper() { shards_.stop_and_join(); }
  std::string get(const sofa::io::Address& at, std::string path, int status = 200) {
    auto text = sofa::wait(shards_, ask(at, std::move(path), status), 10s);
    EXPECT_TRUE(text) << text.error().what();
    return text.value_or("");
  }

 private:
  sofa::Task<std::string> ask(sofa::io::Address at, std::string path, int status) {
    sofa::net::HttpResponse answer = co_await client_.send(at, sofa::net::HttpRequest::get(path));
    EXPECT_EQ(answer.status, status) << path;
    co_return co_await answer.body.read_text(1 << 20);
  }
  sofa::io::Shards shards_{sofa::io::posix::env(), 1};
  sofa::net::HttpClient client_{shards_};
};

class ObservedContextTest : public testing::Test {
 protected:
  ObservedContextTest() {
    std::filesystem::create_directories(folder_);
    sofa::log::redirect([](sofa::log::Level, std::string_view) {});
    sofa::ContextConfig config{.app = "kiosk", .shards = 2, .listen = {"bolt://127.0.0.1:0"}};
    config.observe.admin = "127.0.0.1:0";
    config.observe.digest = sofa::observe::DigestMode::kAll;
    config.observe.stat = true;
    config.observe.folder = folder_.string();
    server_ = std::make_unique<sofa::Context>(sofa::io::posix::env(), config);
    server_->publish<KioskService>(std::make_shared<Kiosk>(), {.max_concurrent = 1});
    admin_ = server_->telemetry()->admin().value();
  }
  ~ObservedContextTest() override {
    server_.reset();
    sofa::log::redirect({});
    std::filesystem::remove_all(folder_);
  }
  void call_in_all_ways() {
    const std::string url = "bolt://" + server_->listen().front().to_string();
    auto kiosk = client_.reference<KioskService>({.url = url});
    EXPECT_EQ(client_.wait(kiosk->pay(3)), 3);
    EXPECT_EQ(client_.wait(kiosk->wait(1)), 1);
    EXPECT_ANY_THROW(client_.wait(kiosk->pay(-1)));
    auto generic = client_.generic("com.kiosk.KioskService", {.url = url});
    EXPECT_ANY_THROW(client_.wait(generic.invoke("refund", {1})));
  }
  std::vector<nlohmann::json> lines(const std::string& name) {
    std::vector<nlohmann::json> all;
    std::ifstream in(folder_ / name);
    for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("sofa-observed-" + std::to_string(getpid()));
  std::unique_ptr<sofa::Context> server_;
  sofa::io::Address admin_;
  sofa::Context client_{sofa::io::posix::env(), {.app = "customer", .tracing = {.enabled = true}}};
  Scraper scraper_;
};

TEST_F(ObservedContextTest, CountsCallsByHowTheyEnded) {
  EXPECT_THAT(scraper_.get(admin_, "/readiness", 503), HasSubstr("starting"));
  call_in_all_ways();
  EXPECT_THAT(scraper_.get(admin_, "/readiness"), HasSubstr("\"status\":\"UP\""));
  const std::string text = scraper_.get(admin_, "/metrics");
  const std::string pay = "sofa_rpc_calls_total{side=\"server\",service=\"com.kiosk.KioskService:1.0\",method=\"pay\",";
  EXPECT_THAT(text, HasSubstr(pay + "outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(pay + "outcome=\"business\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("service=\"other\",method=\"other\",outcome=\"not_found\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sofa_rpc_calls_in_flight{side=\"server\",service=\"com.kiosk.KioskService:1.0\","
                              "method=\"wait\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nsofa_rpc_server_requests_total 4\n"));
  EXPECT_THAT(text, HasSubstr("sofa_shard_connections{shard=\"1\"} "));
}

TEST_F(ObservedContextTest, ShowsCallsUnderWayAndCountsThoseItRefuses) {
  const std::string url = "bolt://" + server_->listen().front().to_string();
  auto kiosk = client_.reference<KioskService>({.url = url, .timeout = 20s, .cluster = {.failover = false}});
  auto waiting = client_.as_future(kiosk->wait(20'000), 20s);
  const std::string wait = "{side=\"server\",service=\"com.kiosk.KioskService:1.0\",method=\"wait\"} ";
  std::string text;
  for (int i = 0; i < 1000 && text.find("sofa_rpc_calls_in_flight" + wait + "1\n") == std::string::npos; ++i) {
    text = scraper_.get(admin_, "/metrics");
  }
  EXPECT_THAT(text, HasSubstr("sofa_rpc_calls_in_flight" + wait + "1\n"));
  EXPECT_ANY_THROW(client_.wait(kiosk->pay(1)));
  EXPECT_THAT(scraper_.get(admin_, "/metrics"), HasSubstr("method=\"pay\",outcome=\"busy\"} 1\n"));
}

TEST_F(ObservedContextTest, WritesALineForEachCall) {
  call_in_all_ways();
  server_->stop(10s);
  std::map<std::string, nlohmann::json> by_code;
  const auto all = lines("rpc-server-digest.log");
  EXPECT_EQ(all.size(), 4U);
  for (const auto& line : all)
    by_code[line["method"].get<std::string>() + line["result.code"].get<std::string>()] = line;
  ASSERT_TRUE(by_code.contains("pay00") && by_code.contains("pay01") && by_code.contains("wait00") &&
              by_code.contains("refund02"));
  const auto& line = by_code["wait00"];
  EXPECT_EQ(line["service"], "com.kiosk.KioskService:1.0");
  EXPECT_EQ(line["remote.app"], "customer");
  EXPECT_EQ(line["local.app"], "kiosk");
  EXPECT_EQ(line["invoke.type"], "sync");
  EXPECT_EQ(line["spanId"], "0");
  EXPECT_GE(std::stoi(line["biz.impl.time"].get<std::string>()), 1);
  EXPECT_GT(std::stoi(line["req.size"].get<std::string>()), 100);
  EXPECT_GT(std::stoi(line["resp.size"].get<std::string>()), 50);
  EXPECT_GE(line["tracerId"].get<std::string>().size(), 26U);
  EXPECT_EQ(by_code["pay01"]["error"], true);
  EXPECT_FALSE(lines("rpc-server-stat.log").empty());
}

// --- the caller's side

class ObservedCallerTest : public ObservedContextTest {
 protected:
  static sofa::ContextConfig caller_config(const std::string& folder) {
    sofa::ContextConfig config{.app = "customer"};
    config.observe.digest = sofa::observe::DigestMode::kAll;
    config.observe.stat = true;
    config.observe.folder = folder;
    return config;
  }
  std::string url() { return "bolt://" + server_->listen().front().to_string(); }
  std::string figures(sofa::Context& caller) { return caller.wait(caller.telemetry()->metrics()); }

  const std::string calls_ = "sofa_rpc_calls_total{side=\"client\",service=\"com.kiosk.KioskService:1.0\",";
};

TEST_F(ObservedCallerTest, CountsEachCallOfAUserOnce) {
  sofa::Context caller(sofa::io::posix::env(), caller_config(folder_.string()));
  // Nobody is at the first of the two, so that some calls take two attempts.
  const std::string two = "bolt://127.0.0.1:1," + server_->listen().front().to_string();
  auto kiosk = caller.reference<KioskService>({.url = two});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(caller.wait(kiosk->pay(i)), i);
  EXPECT_ANY_THROW(caller.wait(kiosk->pay(-1)));
  auto lost = caller.generic("com.kiosk.KioskService", {.url = "bolt://127.0.0.1:1"});
  EXPECT_ANY_THROW(caller.wait(lost.invoke("pay", {1})));
  const std::string text = figures(caller);
  EXPECT_THAT(text, HasSubstr(calls_ + "method=\"pay\",outcome=\"ok\"} 10\n"));
  EXPECT_THAT(text, HasSubstr(calls_ + "method=\"pay\",outcome=\"business\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(calls_ + "method=\"other\",outcome=\"network\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sofa_rpc_calls_in_flight{side=\"client\",service=\"com.kiosk.KioskService:1.0\","
                              "method=\"pay\"} 0\n"));
}

TEST_F(ObservedCallerTest, CountsCallsThatAreGivenUpOrTooLate) {
  sofa::Context caller(sofa::io::posix::env(), caller_config(folder_.string()));
  server_->publish<KioskService>(std::make_shared<Kiosk>(), {.version = "2.0"});  // serves two at once
  auto kiosk = caller.reference<KioskService>({.version = "2.0", .url = url(), .timeout = 20ms});
  EXPECT_ANY_THROW(caller.wait(kiosk->wait(20'000)));
  EXPECT_FALSE(sofa::wait(caller.shards(), kiosk.with({.timeout = 20s})->wait(20'000), 5ms));
  const std::string text = figures(caller);
  EXPECT_THAT(text, HasSubstr("KioskService:2.0\",method=\"wait\",outcome=\"timeout\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("method=\"wait\"} 0\n"));
}

TEST_F(ObservedCallerTest, WritesALineForEachCall) {
  const std::string at = url();
  {
    sofa::Context caller(sofa::io::posix::env(), caller_config(folder_.string()));
    auto kiosk = caller.reference<KioskService>({.url = at});
    EXPECT_EQ(caller.wait(kiosk->pay(3)), 3);
    caller.stop(1s);
  }
  server_->stop(10s);
  const auto called = lines("rpc-client-digest.log");
  const auto served = lines("rpc-server-digest.log");
  ASSERT_EQ(called.size(), 1U);
  ASSERT_EQ(served.size(), 1U);
  EXPECT_EQ("bolt://" + called[0]["remote.ip"].get<std::string>(), at);
  EXPECT_EQ(called[0]["router.record"], "DIRECT");
  EXPECT_EQ(called[0]["local.app"], "customer");
  EXPECT_EQ(called[0]["result.code"], "00");
  for (const char* same : {"tracerId", "spanId", "service", "method"})
    EXPECT_EQ(called[0][same], served[0][same]) << same;
  EXPECT_EQ(called[0]["req.size"], served[0]["req.size"]);
  EXPECT_EQ(called[0]["resp.size"], served[0]["resp.size"]);
  EXPECT_EQ(lines("rpc-client-stat.log").size(), 1U);
}

TEST_F(ObservedCallerTest, DecidesWhereATraceStartsWhetherItIsRecorded) {
  const std::string at = url();
  const auto decided = [&](double ratio) {
    sofa::ContextConfig config{.app = "customer"};
    config.observe.otlp_url = "http://127.0.0.1:1/v1/traces";
    config.observe.trace_ratio = ratio;
    sofa::Context caller(sofa::io::posix::env(), config);
    auto kiosk = caller.reference<KioskService>({.url = at});
    return caller.wait(kiosk->trace());
  };
  EXPECT_EQ(decided(0), "no");
  EXPECT_EQ(decided(1), "yes, to all");
  auto undecided = client_.reference<KioskService>({.url = at});
  EXPECT_EQ(client_.wait(undecided->trace()), "yes");
}

TEST(UnobservedContext, HasNoTelemetry) {
  sofa::Context context(sofa::io::posix::env(), {.app = "kiosk"});
  EXPECT_EQ(context.telemetry(), nullptr);
}

TEST(UnobservedContext, SaysWhatKeptTheEndpointFromListening) {
  sofa::ContextConfig config;
  config.observe.admin = "127.0.0.1:0";
  sofa::log::redirect([](sofa::log::Level, std::string_view) {});
  sofa::Context first(sofa::io::posix::env(), config);
  config.observe.admin = "192.0.2.1:9464";
  EXPECT_THROW(sofa::Context(sofa::io::posix::env(), config), sofa::Error);
  sofa::log::redirect({});
}

}  // namespace
}  // namespace kiosk
