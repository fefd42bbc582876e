// The client against servers that do what servers should not, and against time.
#include "sofa/net/http_client.h"

#include <gmock/gmock.h>

#include "sofa/base/mutant.h"
#include "sofa/io/sim/network.h"
#include "sofa/net/http_world_test.h"

namespace sofa::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class HttpClientTest : public testing::Test {
 protected:
  void start(HttpServerOptions server_options = {}, HttpClientOptions options = {}) {
    server = boot<TestServer>(server_process, server_options, 1);
    client = boot<TestClient>(client_process, options);
  }
  /// A server of which each answer is what `script` makes of what it heard.
  void start_raw(RawServer::OnHeard script, HttpClientOptions options = {}) {
    for (io::sim::Process* process : {&client_process, &server_process}) {
      if (process->booted()) process->kill(io::sim::Death::kKilled);
    }
    raw = boot<RawServer>(server_process, script);
    client = boot<TestClient>(client_process, options);
  }
  HttpClientCounts<std::uint64_t> counts() const { return client->client.counts(); }
  std::shared_ptr<Outcome> send(HttpRequest request, HttpCall call = {}, std::size_t most = 8 << 20) {
    return client->send("server", std::move(request), call, most);
  }
  Outcome ask(HttpRequest request, HttpCall call = {}, std::size_t most = 8 << 20, io::Duration limit = 60s) {
    const auto outcome = send(std::move(request), call, most);
    EXPECT_TRUE(world.run_until([&] { return outcome->done; }, limit)) << "the call did not end";
    return *outcome;
  }
  void expect_back_to_zero() {
    EXPECT_TRUE(world.run_until(
        [&] { return counts().connections == 0 && counts().in_flight == 0 && counts().waiting == 0; }, 60s))
        << counts().connections << " connections, " << counts().in_flight << " in flight, " << counts().waiting
        << " waiting";
  }
  static HttpRequest streamed(std::size_t size, std::optional<std::uint64_t> length, io::Duration pause = 0ms) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/back";
    request.body = HttpBody::stream(std::make_unique<Pieces>(pattern(size), Pieces::Options{.pause = pause}), length);
    return request;
  }

  io::sim::World world{11};
  io::sim::Process& server_process = world.process("server");
  io::sim::Process& client_process = world.process("client");
  TestServer* server = nullptr;
  RawServer* raw = nullptr;
  TestClient* client = nullptr;
};

TEST_F(HttpClientTest, AsksAndUsesTheConnectionAgain) {
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(HttpRequest::get("/hello")).text, "hello");
  EXPECT_EQ(ask(HttpRequest::post("/echo", "text/plain", "there and back")).text, "there and back");
  HttpRequest head = HttpRequest::get("/hello");
  head.method = "HEAD";
  EXPECT_EQ(ask(std::move(head)).text, "");
  EXPECT_EQ(ask(HttpRequest::get("/nowhere")).status, 404);
  EXPECT_EQ(ask(HttpRequest::get("/stream?size=300000")).text, pattern(300'000));
  EXPECT_EQ(counts().connections, 1U);
  EXPECT_EQ(counts().reused, 6U);
  EXPECT_EQ(counts().in_flight, 0U);
  expect_back_to_zero();
}

TEST_F(HttpClientTest, StreamsBodiesBothWays) {
  start();
  EXPECT_EQ(ask(streamed(2'000'000, {})).text, pattern(2'000'000));
  EXPECT_EQ(ask(streamed(2'000'000, 2'000'000)).text, pattern(2'000'000));
  EXPECT_EQ(ask(streamed(30'000, {}, 10ms)).text, pattern(30'000));
  EXPECT_EQ(counts().connections, 1U);
}

TEST_F(HttpClientTest, ABodyOfAnotherLengthFails) {
  start();
  const Outcome outcome = ask(streamed(30'000, 20'000));
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.error->is(NetError::kMessage)) << outcome.error->what();
  expect_back_to_zero();
}

TEST_F(HttpClientTest, CallsShareBoundedConnections) {
  start({}, {.max_connections = 2, .max_waiting = 3});
  std::vector<std::shared_ptr<Outcome>> outcomes(6);
  for (auto& outcome : outcomes) outcome = send(HttpRequest::get("/later?ms=100"));
  ASSERT_TRUE(world.run_until(
      [&] { return std::all_of(outcomes.begin(), outcomes.end(), [](auto& o) { return o->done; }); }, 10s));
  EXPECT_EQ(counts().connections, 2U);
  int busy = 0, answered = 0;
  for (const auto& outcome : outcomes) {
    busy += outcome->error && outcome->error->is(NetError::kBusy);
    answered += outcome->status == 200;
  }
  EXPECT_EQ(busy, 3);
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(counts().waiting, 0U);
}

TEST_F(HttpClientTest, HeadersCannotBeInjected) {
  start();
  HttpRequest request = HttpRequest::get("/hello");
  EXPECT_FALSE(request.headers.add("X", "a\r\nY: b"));
  EXPECT_TRUE(ask(std::move(request)).error->is(NetError::kMessage));
  EXPECT_TRUE(ask(HttpRequest::get("/a b")).error->is(http::HttpError::kUnwritable));
  EXPECT_TRUE(ask(HttpRequest::get("/ HTTP/1.1\r\nX: y")).error->is(http::HttpError::kUnwritable));
  HttpRequest method;
  method.method = "GET /\r\n";
  EXPECT_TRUE(ask(std::move(method)).error->is(http::HttpError::kUnwritable));
  EXPECT_EQ(ask(HttpRequest::get("/hello")).text, "hello") << "the connection is as good as before";
  EXPECT_EQ(server->server.counts().requests, 1U);
}

TEST_F(HttpClientTest, NoServer) {
  client = boot<TestClient>(client_process, HttpClientOptions{});
  const Outcome outcome = ask(HttpRequest::get("/"));
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.error->is(NetError::kConnection));
  EXPECT_TRUE(outcome.error->retriable());
  expect_back_to_zero();
}

TEST_F(HttpClientTest, AServerThatNeverAnswers) {
  start_raw([](RawPeer::State&) {});
  const Outcome outcome = ask(HttpRequest::get("/"), {.timeout = 2s}, 1, 3s);
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.error->is(io::IoError::kTimeout)) << outcome.error->what();
  EXPECT_EQ(counts().retries, 0U);
  expect_back_to_zero();
}

TEST_F(HttpClientTest, AnAnswerThatStopsHalfway) {
  start_raw([](RawPeer::State& peer) { say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"); });
  const Outcome outcome = ask(HttpRequest::get("/"), {.timeout = 2s}, 100, 3s);
  EXPECT_EQ(outcome.status, 200);
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.error->is(io::IoError::kTimeout)) << outcome.error->what();
  expect_back_to_zero();
}

TEST_F(HttpClientTest, AnAnswerThatIsCutOff) {
  for (const std::string head :
       {"Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "Content-"}) {
    start_raw([head](RawPeer::State& peer) {
      say(peer, "HTTP/1.1 200 OK\r\n" + head);
      peer.connection->close_after_flush();
    });
    const Outcome outcome = ask(HttpRequest::get("/"));
    ASSERT_TRUE(outcome.error) << head;
    EXPECT_TRUE(outcome.error->is(http::HttpError::kTruncated)) << outcome.error->what();
    EXPECT_EQ(raw->peers.size(), 1U) << "a second try would ask twice";
    expect_back_to_zero();
  }
}

TEST_F(HttpClientTest, AnAnswerUntilClose) {
  start_raw([](RawPeer::State& peer) {
    say(peer, "HTTP/1.0 200 OK\r\n\r\nall there is");
    peer.connection->close_after_flush();
  });
  EXPECT_EQ(ask(HttpRequest::get("/")).text, "all there is");
  expect_back_to_zero();
}

TEST_F(HttpClientTest, UnsoundAnswersAreRefused) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                   "SSH-2.0-x\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"}) {
    start_raw([answer](RawPeer::State& peer) { say(peer, answer); });
    const Outcome outcome = ask(HttpRequest::get("/"));
    ASSERT_TRUE(outcome.error) << answer;
    EXPECT_EQ(outcome.error->part().name, "http") << outcome.error->what();
    EXPECT_EQ(counts().broken_answers, 1U);
    expect_back_to_zero();
  }
}

TEST_F(HttpClientTest, WhatComesBeforeTheAnswerIsPassedOver) {
  start_raw([](RawPeer::State& peer) {
    say(peer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + kOk);
  });
  EXPECT_EQ(ask(HttpRequest::get("/")).text, "ok");
  start_raw([](RawPeer::State& peer) {
    for (int i = 0; i < 100; ++i) say(peer, "HTTP/1.1 100 Continue\r\n\r\n");
  });
  EXPECT_TRUE(ask(HttpRequest::get("/")).error->is(http::HttpError::kUnasked));
  expect_back_to_zero();
}

TEST_F(HttpClientTest, MoreThanTheAnswerEndsTheConnection) {
  start_raw([](RawPeer::State& peer) { say(peer, kOk + kOk); });
  EXPECT_EQ(ask(HttpRequest::get("/")).text, "ok");
  expect_back_to_zero();
  EXPECT_EQ(ask(HttpRequest::get("/")).text, "ok");
  EXPECT_EQ(raw->peers.size(), 2U) << "what came unasked answered nothing";
}

TEST_F(HttpClientTest, BodiesAreBounded) {
  start();
  Outcome outcome = ask(HttpRequest::get("/stream?size=100000"), {}, 50'000);
  EXPECT_TRUE(outcome.error && outcome.error->is(NetError::kTooLarge));
  outcome = ask(HttpRequest::get("/stream?size=100000"), {.body_bytes = 50'000});
  EXPECT_TRUE(outcome.error && outcome.error->is(http::HttpError::kBodyTooLarge)) << outcome.error->what();
  outcome = ask(HttpRequest::get("/stream?size=100000&said=100000"), {.body_bytes = 50'000});
  EXPECT_TRUE(outcome.error && outcome.error->is(http::HttpError::kBodyTooLarge)) << outcome.error->what();
  expect_back_to_zero();
}

TEST_F(HttpClientTest, ABodyThatNobodyReadsGivesTheConnectionUp) {
  start();
  EXPECT_EQ(ask(HttpRequest::get("/stream?size=50000000"), {}, 0).status, 200);
  expect_back_to_zero();
  EXPECT_TRUE(world.run_until([&] { return server->server.counts().in_flight == 0; }, 5s));
}

/// A server that closes each connection at the second request on it; gives how often `method` was asked.
int asked_on_a_stale_connection(const std::string& method, const char* mutant, bool& answered) {
#ifdef SOFA_MUTANTS
  activate_mutant(mutant);
#else
  (void)mutant;
#endif
  io::sim::World world{13};
  int asked = 0;
  boot<RawServer>(world.process("server"), [&](RawPeer::State& peer) {
    const bool first = peer.heard.find("HTTP/1.1") == peer.heard.rfind("HTTP/1.1");
    asked += peer.heard.find(method + " /second") != std::string::npos;
    if (first) return say(peer, kOk);
    peer.connection->close(Error(io::IoError::kClosed, "changed my mind"));
  });
  auto* client = boot<TestClient>(world.process("client"), HttpClientOptions{});
  const auto warm = client->send("server", HttpRequest::get("/first"));
  EXPECT_TRUE(world.run_until([&] { return warm->done; }, 5s));
  HttpRequest request = HttpRequest::get("/second");
  request.method = method;
  const auto outcome = client->send("server", std::move(request));
  EXPECT_TRUE(world.run_until([&] { return outcome->done; }, 20s));
  answered = outcome->status == 200;
#ifdef SOFA_MUTANTS
  activate_mutant(nullptr);
#endif
  return asked;
}

TEST_F(HttpClientTest, OnlyWhatIsIdempotentIsSentAgain) {
  bool answered = false;
  EXPECT_EQ(asked_on_a_stale_connection("GET", nullptr, answered), 2);
  EXPECT_TRUE(answered);
  EXPECT_EQ(asked_on_a_stale_connection("DELETE", nullptr, answered), 2);
  EXPECT_TRUE(answered);
  EXPECT_EQ(asked_on_a_stale_connection("PATCH", nullptr, answered), 1);
  EXPECT_FALSE(answered);
#ifdef SOFA_MUTANTS
  EXPECT_EQ(asked_on_a_stale_connection("PATCH", "http-retries-post", answered), 2) << "the planted bug was not found";
#endif
}

TEST_F(HttpClientTest, NothingIsSentAgainOnceAByteCame) {
  start_raw([](RawPeer::State& peer) {
    if (peer.heard.find("/second") == std::string::npos) return say(peer, kOk);
    say(peer, "H");
    peer.connection->close_after_flush();
  });
  EXPECT_EQ(ask(HttpRequest::get("/first")).text, "ok");
  EXPECT_TRUE(ask(HttpRequest::get("/second")).error);
  EXPECT_EQ(raw->peers.size(), 1U);
}

TEST_F(HttpClientTest, AResetEndsTheCall) {
  start();
  const auto outcome = send(HttpRequest::get("/later?ms=5000"));
  ASSERT_TRUE(world.run_until([&] { return !server->seen->log.empty(); }, 5s));
  world.network().reset_connections(server_process, client_process, 9);
  EXPECT_TRUE(world.run_until([&] { return outcome->done; }, 5s));
  ASSERT_TRUE(outcome->error);
  EXPECT_TRUE(outcome->error->is(NetError::kConnection)) << outcome->error->what();
  expect_back_to_zero();
}

TEST_F(HttpClientTest, AnEarlyAnswerEndsTheUpload) {
  start();
  HttpRequest request = streamed(50'000'000, {});
  request.target = "/hello";
  const Outcome outcome = ask(std::move(request));
  EXPECT_EQ(outcome.text, "posted");
  expect_back_to_zero();
}

TEST_F(HttpClientTest, CloseFailsWhatIsUnderWay) {
  start({}, {.max_connections = 1});
  const auto first = send(HttpRequest::get("/later?ms=5000"));
  const auto second = send(HttpRequest::get("/later?ms=5000"));
  ASSERT_TRUE(world.run_until([&] { return !server->seen->log.empty(); }, 5s));
  client->client.close();
  EXPECT_TRUE(world.run_until([&] { return first->done && second->done; }, 1s));
  EXPECT_TRUE(first->error && second->error);
  expect_back_to_zero();
}

TEST_F(HttpClientTest, MayBeDestroyedWithCallsWaiting) {
  start();
  const auto waiting = send(HttpRequest::get("/later?ms=5000"));
  const auto uploading = send(streamed(50'000'000, {}, 100ms));
  world.run_for(500ms);
  client_process.kill(io::sim::Death::kKilled);
  EXPECT_TRUE(world.run_until([&] { return server->server.counts().connections == 0; }, 60s));
}

}  // namespace
}  // namespace sofa::net
