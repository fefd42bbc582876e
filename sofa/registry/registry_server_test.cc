// A registry with its doors open, over loopback.
#include "sofa/registry/registry_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/io/async.h"
#include "sofa/io/connector.h"
#include "sofa/io/posix/env.h"
#include "sofa/io/signal.h"
#include "sofa/net/http_client.h"
#include "sofa/registry/java_model.h"
#include "sofa/registry/sofa_source.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

/// What came over a connection, as text; it answers nothing.
class Recorder final : public io::Protocol {
 public:
  struct Log {
    Bytes bytes;
    bool closed = false;
    Signal changed;
  };
  explicit Recorder(std::shared_ptr<Log> log) : log_(std::move(log)) {}
  std::size_t on_data(io::Connection&, BytesView data) override {
    log_->bytes.insert(log_->bytes.end(), data.begin(), data.end());
    log_->changed.raise();
    return data.size();
  }
  void on_closed(io::Connection&, const Error&) override {
    log_->closed = true;
    log_->changed.raise();
  }
  bool quiescent() const override { return false; }

 private:
  const std::shared_ptr<Log> log_;
};

class RegistryServerTest : public testing::Test {
 public:
  RegistryServerTest() {
    RegistryOptions options;
    options.idle = 45s;
    options.least_lease = 10ms;
    options.watch_keep_alive = 20ms;
    server = std::make_unique<RegistryServer>(shards, options);
    shards.start();
    at = run(server->open({.java = {.host = "127.0.0.1", .port = 0}, .http = {.host = "127.0.0.1", .port = 0}}));
  }
  ~RegistryServerTest() override { shards.stop_and_join(); }

  template <class T>
  T run(Task<T> task) {
    Result<T> result = sofa::wait(shards[0], std::move(task), 20s);
    if (!result) result.error().raise();
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  /// `200 {"lease":…`
  std::string ask(std::string method, std::string target, std::string body = {}, bool from_page = false) {
    return run(asking(std::move(method), std::move(target), std::move(body), from_page));
  }
  Task<std::string> asking(std::string method, std::string target, std::string body, bool from_page) {
    net::HttpRequest request = net::HttpRequest::post(target, "application/json", net::HttpBody(body));
    request.method = method;
    if (from_page) request.headers.add("Origin", "http://evil.example");
    net::HttpResponse answer = co_await client.send(at.http, std::move(request));
    co_return std::to_string(answer.status) + " " + co_await answer.body.read_text(1 << 20);
  }
  static std::string lease_of(const std::string& answer) { return answer.substr(answer.find("\":\"") + 3, 32); }

  /// Connects, sends, and waits until so many bytes are there or the server has closed.
  Task<Bytes> say(Bytes bytes, std::size_t answer) {
    auto log = std::make_shared<Recorder::Log>();
    io::Connector connector(shards[0]);
    Signal opened;
    io::Connection* connection = nullptr;
    connector.start(at.java, io::Shard::current()->now() + 5s, std::make_unique<Recorder>(log),
                    [&](Result<io::Connection*> result) {
                      if (result) connection = *result;
                      opened.raise();
                    });
    co_await opened.wait();
    connection->out().append(bytes);
    connection->flush();
    while (!log->closed && log->bytes.size() < answer) co_await log->changed.wait();
    if (!log->closed) connection->close(Error(io::IoError::kClosed, "done"));
    co_return log->bytes;
  }

  io::Shards shards{io::posix::env(), 1};
  net::HttpClient client{shards};
  std::unique_ptr<RegistryServer> server;
  RegistryServer::Addresses at;
};

TEST_F(RegistryServerTest, TellsTheListOfServers) {
  const std::string java = at.java.to_string();
  EXPECT_EQ(ask("GET", "/api/servers/query?env=null&zone=null"), "200 " + java + ";");
  EXPECT_EQ(ask("GET", "/api/servers/queryWithWeight?env=null"), "200 " + java + "?weight=0");
  EXPECT_EQ(ask("GET", "/api/servers/query.json"), "200 [\"" + java + "\"]");
  EXPECT_THAT(ask("GET", "/health"), HasSubstr("\"status\":\"UP\""));
}

TEST_F(RegistryServerTest, PublishesAndTellsOverHttp) {
  EXPECT_EQ(
      ask("GET", "/v1/query?dataId=x.Y"),
      "200 {\"dataId\":\"x.Y\",\"group\":\"\",\"instanceId\":\"\",\"version\":1,\"protected\":false,\"zones\":{}}\n");
  const std::string lease = lease_of(
      ask("POST", "/v1/publish", R"({"dataId": "x.Y", "values": ["10.0.0.1:80"], "zone": "RZ01", "ttl_ms": 60000})"));
  ask("POST", "/v1/publish", R"({"dataId": "x.Y", "values": ["10.0.0.2:80", "测试"], "zone": "RZ02"})");
  const std::string list = ask("GET", "/v1/query?dataId=x.Y");
  EXPECT_THAT(list, HasSubstr(R"("zones":{"RZ01":["10.0.0.1:80"],"RZ02":["10.0.0.2:80","测试"]})"));
  EXPECT_THAT(ask("GET", "/v1/query?dataId=x.Y&zone=RZ02"), HasSubstr(R"("zones":{"RZ02":["10.0.0.2:80","测试"]})"));
  EXPECT_THAT(ask("GET", "/v1/data"), HasSubstr(R"("publishers":2,"subscribers":0)"));
  EXPECT_EQ(ask("POST", "/v1/renew?lease=" + lease), "200 {\"ttl_ms\":60000}\n");
  EXPECT_EQ(ask("POST", "/v1/unpublish?lease=" + lease), "200 {}\n");
  EXPECT_THAT(ask("POST", "/v1/renew?lease=" + lease), StartsWith("404 {\"error\":\"there is no such lease"));
  EXPECT_THAT(ask("GET", "/v1/query?dataId=x.Y"), HasSubstr(R"("zones":{"RZ02":)"));
}

TEST_F(RegistryServerTest, ALeaseEnds) {
  ask("POST", "/v1/publish", R"({"dataId": "x.Y", "values": ["10.0.0.1:80"], "ttl_ms": 20})");
  std::string list;
  for (int i = 0; i < 100'000 && list.find("\"zones\":{}") == list.npos; ++i) list = ask("GET", "/v1/query?dataId=x.Y");
  EXPECT_THAT(list, HasSubstr("\"zones\":{}"));
}

/// Passes over signs of life.
Task<std::string> next_list(net::HttpResponse& stream) {
  std::string text;
  for (;;) {
    if (const std::size_t end = text.find("\n\n"); end != text.npos) {
      if (text.starts_with("event")) co_return text;
      text.erase(0, end + 2);
      continue;
    }
    Chain piece = co_await stream.body.read();
    Chain::Slice slices[16];
    for (std::size_t i = 0, count = piece.fill(slices, 16); i < count; ++i) {
      text.append(static_cast<const char*>(slices[i].data), slices[i].size);
    }
  }
}

TEST_F(RegistryServerTest, WatchersAreToldEachChange) {
  const auto watch = [](RegistryServerTest& test) -> Task<void> {
    net::HttpResponse stream =
        co_await test.client.send(test.at.http, net::HttpRequest::get("/v1/watch?dataId=x.Y&scope=zone&zone=RZ01"),
                                  {.timeout = net::HttpCall::kEndless});
    EXPECT_EQ(stream.headers.find("Content-Type"), "text/event-stream");
    EXPECT_THAT(co_await next_list(stream), HasSubstr("\"zones\":{}"));
    (void)co_await test.asking("POST", "/v1/publish", R"({"dataId":"x.Y","values":["here"],"zone":"RZ01"})", false);
    EXPECT_THAT(co_await next_list(stream),
                testing::AllOf(StartsWith("event: list\nid: "), HasSubstr(R"({"RZ01":["here"]})")));
    (void)co_await test.asking("POST", "/v1/publish", R"({"dataId":"x.Y","values":["there"],"zone":"RZ02"})", false);
    EXPECT_THAT(co_await next_list(stream), HasSubstr(R"({"RZ01":["here"]})"));
  };
  run(watch(*this));
  for (int i = 0; i < 100'000 && server->home().presence.subscribers() > 0; ++i) ask("GET", "/health");
  EXPECT_THAT(ask("GET", "/health"), HasSubstr("\"subscribers\":0"));
}

TEST_F(RegistryServerTest, RefusesWhatMakesNoSense) {
  EXPECT_THAT(ask("POST", "/v1/publish", "{}"),
              testing::AllOf(StartsWith("400 "), HasSubstr("dataId"), HasSubstr("values")));
  EXPECT_THAT(ask("POST", "/v1/publish", R"({"dataid": "x", "values": ["a"]})"), HasSubstr("did you mean 'dataId'?"));
  EXPECT_THAT(ask("POST", "/v1/publish", R"({"dataId": "x", "values": ["a"], "ttl_ms": 99999999})"),
              HasSubstr("must be between"));
  EXPECT_THAT(ask("POST", "/v1/publish", "["), StartsWith("400 "));
  EXPECT_THAT(ask("GET", "/v1/query"), StartsWith("400 {\"error\":\"the query has no dataId"));
  EXPECT_THAT(ask("GET", "/v1/watch"), StartsWith("400 "));
  EXPECT_THAT(ask("POST", "/v1/unpublish"), StartsWith("404 "));
  EXPECT_THAT(ask("POST", "/v1/publish", R"({"dataId": "x", "values": ["a"]})", true), StartsWith("403 "));
  EXPECT_THAT(ask("GET", "/v1/data"), HasSubstr("[]"));
}

TEST_F(RegistryServerTest, AnswersHeartbeatsAndRefusesOtherRequests) {
  const bolt::ShortFrame beat = bolt::heartbeat(bolt::kFormV1, 7);
  const Bytes answered = run(say(Bytes(beat.view().begin(), beat.view().end()), 20));
  bolt::FrameView frame;
  ASSERT_EQ(bolt::decode(answered, {}, frame).outcome, bolt::Outcome::kFrame);
  EXPECT_EQ(frame.head.command, bolt::Command::kHeartbeat);
  EXPECT_EQ(frame.head.id, 7U);

  Bytes request;
  ASSERT_TRUE(bolt::append_frame(request, {.id = 9, .timeout_ms = 1000}, "java.lang.Runtime", {}, as_bytes("N")));
  const Bytes refused = run(say(request, 100));
  ASSERT_EQ(bolt::decode(refused, {}, frame).outcome, bolt::Outcome::kFrame);
  const Result<RegisterResponse> response = hessian::from_bytes<RegisterResponse>(frame.content);
  ASSERT_TRUE(response);
  EXPECT_FALSE(response->success);
  EXPECT_THAT(*response->message, HasSubstr("java.lang.Runtime"));
  EXPECT_EQ(server->home().counts.refused, 1U);
}

TEST_F(RegistryServerTest, ClosesWhatIsNoBolt) {
  EXPECT_TRUE(run(say(Bytes(100, 0xff), 1)).empty());
  Bytes large;
  ASSERT_TRUE(bolt::append_frame(large, {.id = 9}, PublisherRegister::java_class, {}, {}));
  bolt::patch_content_length(large.data(), bolt::Head{}.head_size(), 1u << 30);
  EXPECT_TRUE(run(say(large, 1)).empty());
  EXPECT_EQ(server->home().counts.bad_frames, 2U);
  EXPECT_EQ(server->home().counts.connections, 0U);
}

TEST_F(RegistryServerTest, AClientThatIsSilentIsGone) {
  // Its own registry, with less patience.
  io::Shards others(io::posix::env(), 1);
  RegistryOptions options;
  options.idle = 50ms;
  RegistryServer impatient(others, options);
  others.start();
  const auto opened = sofa::wait(
      others[0], impatient.open({.java = {.host = "127.0.0.1", .port = 0}, .http = {.host = "127.0.0.1", .port = 0}}),
      5s);
  ASSERT_TRUE(opened);
  at.java = opened->java;
  rpc::FrameBuffer buffer;
  PublisherRegister publisher{.data_list = std::vector<DataBox>{{"10.0.0.1:80"}}, .data_id = "x.Y", .regist_id = "p"};
  write_request(buffer, 1, 1000, publisher);
  const Bytes all = run(say(Bytes(buffer.bytes().begin(), buffer.bytes().end()), SIZE_MAX));
  bolt::FrameView frame;
  ASSERT_EQ(bolt::decode(all, {}, frame).outcome, bolt::Outcome::kFrame);
  EXPECT_TRUE(hessian::from_bytes<RegisterResponse>(frame.content)->success);
  others.stop_and_join();
  EXPECT_EQ(impatient.home().counts.idle_closed, 1U);
  EXPECT_EQ(impatient.home().presence.publishers(), 0U);
}

/// The lists that a source told, by their addresses.
struct Told {
  std::mutex mutex;
  std::vector<std::vector<std::string>> lists;
  std::vector<bool> stale;
  std::size_t size() {
    const std::lock_guard lock(mutex);
    return lists.size();
  }
  std::vector<std::string> last() {
    const std::lock_guard lock(mutex);
    return lists.empty() ? std::vector<std::string>{"nothing"} : lists.back();
  }
  bool is_stale() {
    const std::lock_guard lock(mutex);
    return !stale.empty() && stale.back();
  }
};

class SofaSourceTest : public RegistryServerTest {
 protected:
  SofaSourceTest() { others.start(); }
  ~SofaSourceTest() override {
    watch.reset();
    source.reset();
    others.stop_and_join();
  }
  void open() {
    const auto made = make_sofa_source("sofa://" + at.http.to_string(), {others, workers, "bank"});
    if (!made) made.error().raise();
    source = *made;
    watch = source->watch(key, [this](rpc::ProviderListPtr list) {
      const std::lock_guard lock(told.mutex);
      std::vector<std::string>& addresses = told.lists.emplace_back();
      for (const rpc::Provider& provider : list->providers)
        addresses.push_back(provider.address.to_string() + " " + std::to_string(provider.weight));
      told.stale.push_back(list->stale_since != io::kNever);
    });
  }
  rpc::Publication publication(std::uint16_t port, std::uint32_t weight = 100) {
    return {key,
            {.address = {.host = "10.0.0.1", .port = port},
             .weight = weight,
             .attributes = {{"weight", std::to_string(weight)}}}};
  }
  template <class Is>
  bool eventually(Is is) {
    const auto until = std::chrono::steady_clock::now() + 15s;
    while (!is() && std::chrono::steady_clock::now() < until) (void)ask("GET", "/health");
    return is();
  }
  void publish(rpc::Publication what) { ASSERT_TRUE(sofa::wait(others[0], source->publish(std::move(what)), 15s)); }

  const rpc::ServiceKey key{"dev.sofa.Bank", "1.0", ""};
  io::Shards others{io::posix::env(), 1};
  io::WorkerPool workers{io::posix::env(), {.threads = 1}};
  Told told;
  std::shared_ptr<rpc::AddressSource> source;
  std::unique_ptr<rpc::AddressSource::Watch> watch;
};

TEST_F(SofaSourceTest, PublishesAndWatches) {
  open();
  EXPECT_TRUE(eventually([&] { return told.size() > 0; }));
  EXPECT_THAT(told.last(), testing::IsEmpty());
  publish(publication(1));
  EXPECT_TRUE(eventually([&] { return told.last() == std::vector<std::string>{"10.0.0.1:1 100"}; }));
  publish(publication(1, 50));
  EXPECT_TRUE(eventually([&] { return told.last() == std::vector<std::string>{"10.0.0.1:1 50"}; }));
  ask("POST", "/v1/publish",
      R"({"dataId":"dev.sofa.Bank:1.0@DEFAULT","group":"SOFA","values":["10.0.0.2:2?_WEIGHT=7", "no address"]})");
  EXPECT_TRUE(eventually([&] { return told.last() == std::vector<std::string>{"10.0.0.1:1 50", "10.0.0.2:2 7"}; }));
  ASSERT_TRUE(sofa::wait(others[0], source->unpublish(publication(1, 50)), 15s));
  EXPECT_TRUE(eventually([&] { return told.last() == std::vector<std::string>{"10.0.0.2:2 7"}; }));
}

TEST_F(SofaSourceTest, ComesBackAfterItsConnectionWasLost) {
  open();
  publish(publication(1));
  EXPECT_TRUE(eventually([&] { return told.last() == std::vector<std::string>{"10.0.0.1:1 100"}; }));
  const auto cut = [](io::Shard& shard) -> Task<void> {
    shard.for_each_connection([](io::Connection& one) { one.close(Error(io::IoError::kClosed, "cut")); });
    co_return;
  };
  ASSERT_TRUE(sofa::wait(others[0], cut(others[0]), 5s));
  EXPECT_TRUE(eventually([&] { return told.is_stale(); }));
  EXPECT_THAT(told.last(), testing::ElementsAre("10.0.0.1:1 100")) << "the last good list stays";
  EXPECT_TRUE(eventually([&] { return !told.is_stale(); }));
  EXPECT_TRUE(eventually([&] { return told.last() == std::vector<std::string>{"10.0.0.1:1 100"}; }));
}

TEST_F(SofaSourceTest, SaysThatNobodyAnswers) {
  at.http.port = 1;
  open();
  const auto published =
      sofa::wait(others[0], with_deadline(io::posix::env().clock.now() + 300ms, source->publish(publication(1))), 15s);
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message(), HasSubstr("cannot publish dev.sofa.Bank:1.0 at sofa://127.0.0.1:1"));
}

TEST(SofaUrl, SaysItsForm) {
  for (const char* url : {"sofa://", "sofa://host", "sofa://host:1,", "sofa://h:1?x=2", "sofa://unix:/x"}) {
    io::Shards shards(io::posix::env(), 1);
    io::WorkerPool workers(io::posix::env(), {.threads = 1});
    EXPECT_FALSE(make_sofa_source(url, {shards, workers, "bank"})) << url;
  }
}

}  // namespace
}  // namespace sofa::registry
