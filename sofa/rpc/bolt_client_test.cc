// The client against our own server, and against servers that do what servers should not.
#include "sofa/rpc/bolt_client.h"

#include <gmock/gmock.h>

#include "sofa/rpc/bolt_world_test.h"
#include "sofa/rpc/reference.h"
#include "sofa/rpc/sofa_response.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;
using hessian::Value;
using testing::HasSubstr;

struct TestClient {
  io::Shards shards;
  BoltClient client;
  Reference<TestService> service;

  TestClient(io::sim::Process& process, const std::string& host, BoltClientOptions options = {})
      : shards(process.env(), 1), client(shards, options) {
    auto remote = client.make_remote(
        {.address = {host, kTestPort, false}, .key = kTestKey, .interface = &kInterface<TestService>, .app = "tester"});
    service = Reference<TestService>(
        std::make_shared<const Route>(Route{std::make_shared<Slot>(), *remote, kTestKey.to_string()}));
    shards.start();
  }
};

struct Outcome {
  bool done = false;
  Result<std::string> result;
  io::TimePoint at;
};

Task<void> keep(Task<std::string> task, std::shared_ptr<Outcome> outcome) {
  outcome->result = co_await as_result(std::move(task));
  outcome->done = true;
  outcome->at = io::Shard::current()->now();
}

template <class T>
Task<std::string> as_text(Task<T> task) {
  co_await std::move(task);
  co_return "";
}

class BoltClientTest : public testing::Test {
 protected:
  using Service = Reference<TestService>;
  using Call = std::function<Task<std::string>(Service&)>;

  TestServer* start_server(BoltServerOptions options = {}, ServiceOptions service = {}) {
    return server = boot<TestServer>(server_process, options, service);
  }
  TestClient* start_client(BoltClientOptions options = {}) {
    return client = boot<TestClient>(client_process, server_process.name(), options);
  }
  std::shared_ptr<Outcome> start(Call call, ContextPtr context = {}) {
    auto outcome = std::make_shared<Outcome>();
    client->shards[0].post([this, outcome, call = std::move(call), context = std::move(context)] {
      start_detached(keep(call(client->service), outcome), context.get());
    });
    return outcome;
  }
  /// The call's outcome, which must come.
  Result<std::string> ask(Call call, io::Duration patience = 60s) {
    const auto outcome = start(std::move(call));
    EXPECT_TRUE(world.run_until([&] { return outcome->done; }, patience));
    return outcome->result;
  }
  Result<std::string> echo(const std::string& text = "hello") {
    return ask([text](Service& service) { return service->echo(text); });
  }
  void expect_code(const Result<std::string>& result, Code code) {
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is(code)) << result.error().what();
  }
  BoltClientCounts<std::uint64_t> counts() const { return client->client.counts(); }
  void expect_nothing_under_way() {
    EXPECT_EQ(counts().in_flight, 0U);
    EXPECT_EQ(counts().waiting, 0U);
  }

  static io::sim::Options patient() {
    io::sim::Options options;
    options.net.give_up = std::chrono::hours(1);  // so that heartbeats notice before the kernel does
    return options;
  }
  io::sim::World world{7, patient()};
  io::sim::Process& server_process = world.process("server");
  io::sim::Process& client_process = world.process("client");
  TestServer* server = nullptr;
  TestClient* client = nullptr;
};

CallOptions within(io::Duration timeout) {
  CallOptions options;
  options.timeout = timeout;
  return options;
}

Bytes response(const bolt::FrameView& request, const Value& value) {
  FrameBuffer frame;
  write_answer(
      frame, request.head,
      [](hessian::Writer& to, const void* v) { hessian::write_value(to, *static_cast<const Value*>(v)); }, &value);
  return {frame.bytes().begin(), frame.bytes().end()};
}

TEST_F(BoltClientTest, CallsComeBackWithTheirValues) {
  start_server();
  start_client();
  EXPECT_EQ(echo().value(), "hello");
  EXPECT_EQ(echo(std::string(300'000, 'x')).value().size(), 300'000U);
  EXPECT_EQ(ask([](Service& s) { return s->overload(5); }).value(), "int:5");
  EXPECT_EQ(ask([](Service& s) { return s->overload(std::string("x")); }).value(), "text:x");
  EXPECT_EQ(ask([](Service& s) { return as_text(s->nothing()); }).value(), "");
  EXPECT_EQ(ask([](Service& s) { return s->later(20, "late"); }).value(), "late");
  EXPECT_EQ(server->server.counts().answers, 6U);
  EXPECT_EQ(counts().answers, 6U);
  EXPECT_EQ(counts().connections, 1U);
  expect_nothing_under_way();
}

Task<std::string> echo_often(Reference<TestService> service, int times) {
  for (int i = 0; i < times; ++i) co_await service->echo("again");
  co_return "";
}

// Calls that wait for the first connection all go there; those that follow from their answers spread, then stay.
TEST_F(BoltClientTest, CallsThatFollowFromAnswersLeaveTogetherAndSpread) {
  start_server();
  start_client({.connections = 4});
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 32; ++i) outcomes.push_back(start([](Service& s) { return echo_often(s, 200); }));
  ASSERT_TRUE(world.run_until([&] { return counts().answers >= 2000; }, 10s));
  ASSERT_EQ(counts().connections, 4U);
  const std::uint64_t writes = client->shards[0].counters().writes;
  const std::uint64_t answers = counts().answers;
  std::vector<std::uint64_t> loads;
  client->shards[0].for_each_connection([&](io::Connection& connection) { loads.push_back(connection.load()); });
  ASSERT_TRUE(world.run_until([&] { return std::ranges::all_of(outcomes, [](auto& o) { return o->done; }); }, 10s));
  EXPECT_LE((client->shards[0].counters().writes - writes) * 2, counts().answers - answers);
  std::size_t i = 0;
  client->shards[0].for_each_connection([&](io::Connection& connection) {
    loads[i] = connection.load() - loads[i];
    ++i;
  });
  EXPECT_LE(*std::ranges::max_element(loads), 2 * *std::ranges::min_element(loads));
}

TEST_F(BoltClientTest, ManyCallsShareAConnectionInAnyOrder) {
  start_server();
  start_client();
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 500; ++i) {
    outcomes.push_back(start([i](Service& s) { return s->later((i * 37) % 100, std::to_string(i)); }));
  }
  ASSERT_TRUE(world.run_until([&] { return std::ranges::all_of(outcomes, [](auto& o) { return o->done; }); }, 10s));
  for (int i = 0; i < 500; ++i) EXPECT_EQ(outcomes[static_cast<std::size_t>(i)]->result.value(), std::to_string(i));
  EXPECT_EQ(server->server.counts().connections, 1U);
  EXPECT_EQ(server->server.counts().in_flight, 0U);
  expect_nothing_under_way();
}

TEST_F(BoltClientTest, WhatTheServiceThrewComesBackTyped) {
  start_server();
  start_client();
  const auto failure = ask([](Service& s) { return s->fail("failure"); });
  ASSERT_FALSE(failure);
  try {
    failure.error().raise();
  } catch (const TestFailure& thrown) {
    EXPECT_EQ(thrown.message(), "asked for");
    EXPECT_EQ(thrown.account, "alice");
  }
  const auto unknown = ask([](Service& s) { return s->fail("trouble"); });
  ASSERT_FALSE(unknown);
  try {
    unknown.error().raise();
  } catch (const hessian::RemoteException& thrown) {
    EXPECT_EQ(thrown.class_name, "java.lang.RuntimeException");
    EXPECT_EQ(thrown.message(), "asked for trouble");
  }
  const auto framework = ask([](Service& s) { return s->fail("error"); });
  expect_code(framework, Code::kServerUndeclared);
  EXPECT_EQ(framework.error().message(), "the books are closed");
  EXPECT_EQ(server->server.counts().thrown, 2U);
  EXPECT_EQ(server->server.counts().errors, 1U);
}

TEST_F(BoltClientTest, OnewayCallsAreSentAndNeverAnswered) {
  start_server();
  start_client();
  EXPECT_EQ(ask([](Service& s) { return as_text(s.oneway()->nothing()); }).value(), "");
  ASSERT_TRUE(world.run_until([&] { return server->servant->calls == 1; }, 5s));
  world.run_for(1s);
  EXPECT_EQ(server->server.counts().answers, 0U);
  EXPECT_EQ(counts().answers, 0U);
  expect_nothing_under_way();
}

TEST_F(BoltClientTest, ACallEndsAtItsDeadlineAndItsLateAnswerIsDropped) {
  start_server();
  start_client();
  EXPECT_TRUE(echo());
  const auto outcome = start([](Service& s) { return s.with(within(100ms))->later(500, "late"); });
  const io::sim::Time began = world.now();
  ASSERT_TRUE(world.run_until([&] { return outcome->done; }, 5s));
  EXPECT_GE(world.now() - began, 99ms);
  EXPECT_LE(world.now() - began, 150ms);
  expect_code(outcome->result, Code::kClientTimeout);
  EXPECT_EQ(counts().timeouts, 1U);
  expect_nothing_under_way();
  world.run_for(1s);
  // The handler slept on; its context was cancelled at the deadline, so it ended with an error that nobody waits for.
  EXPECT_EQ(server->server.counts().in_flight, 0U);
  EXPECT_EQ(counts().late_answers, 1U);
  EXPECT_TRUE(echo());
}

TEST_F(BoltClientTest, TheDeadlineOfTheCallersContextWins) {
  start_server();
  start_client();
  EXPECT_TRUE(echo());
  ContextPtr context = CallContext::make();
  context->set_deadline(client_process.clock().now() + 50ms);
  const auto outcome = start([](Service& s) { return s->later(1000, "x"); }, context);
  ASSERT_TRUE(world.run_until([&] { return outcome->done; }, 200ms));
  expect_code(outcome->result, Code::kClientTimeout);
  const auto second = start([](Service& s) { return s->echo("x"); }, context);
  ASSERT_TRUE(world.run_until([&] { return second->done; }, 10ms));
  expect_code(second->result, Code::kClientTimeout);
  ASSERT_TRUE(world.run_until([&] { return server->server.counts().in_flight == 0; }, 1s));
}

TEST_F(BoltClientTest, TheContextTravels) {
  start_server();
  start_client();
  ContextPtr context = CallContext::make();
  context->trace().trace_id.assign("trace-1");
  context->trace().rpc_id.assign("0.1");
  context->trace().sampled = true;
  context->add_baggage("tenant", "t31");
  const auto outcome = start([](Service& s) { return s->seen(); }, context);
  ASSERT_TRUE(world.run_until([&] { return outcome->done; }, 5s));
  EXPECT_EQ(outcome->result.value(), "app=tester trace=trace-1 rpc=0.1.1 sampled=1 tenant=t31");
}

TEST_F(BoltClientTest, ALateAnswerNeverReachesTheCallThatHasItsPlaceNow) {
  std::optional<Bytes> late;
  auto* raw =
      boot<RawServer>(server_process, RawServer::OnFrame([&](const bolt::FrameView& frame, RawPeer::State& peer) {
                        const std::string text = "answer " + std::to_string(frame.head.id);
                        const Bytes answer = response(frame, Value(text));
                        if (frame.head.id == 1) late = answer;
                        if (frame.head.id > 1 && frame.head.id <= 64) say(peer, answer);
                      }));
  start_client();
  expect_code(ask([](Service& s) { return s.with(within(10ms))->echo("1"); }), Code::kClientTimeout);
  ASSERT_TRUE(late);
  for (int i = 2; i <= 64; ++i) EXPECT_EQ(echo().value(), "answer " + std::to_string(i));
  // Id 65 stands where 1 stood.
  const auto waiting = start([](Service& s) { return s->echo("65"); });
  world.run_for(100ms);
  raw->shards[0].post([&] { say(*raw->peers.at(0), *late); });
  world.run_for(100ms);
  EXPECT_FALSE(waiting->done);
  EXPECT_EQ(counts().late_answers, 1U);
  ASSERT_TRUE(world.run_until([&] { return waiting->done; }, 5s));
  expect_code(waiting->result, Code::kClientTimeout);
}

TEST_F(BoltClientTest, AServerThatNeverAnswersCostsATimeout) {
  boot<RawServer>(server_process, RawServer::OnFrame([](const bolt::FrameView&, RawPeer::State&) {}));
  start_client();
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 200; ++i) outcomes.push_back(start([](Service& s) { return s->echo("x"); }));
  ASSERT_TRUE(world.run_until([&] { return std::ranges::all_of(outcomes, [](auto& o) { return o->done; }); }, 4s));
  for (const auto& outcome : outcomes) expect_code(outcome->result, Code::kClientTimeout);
  expect_nothing_under_way();
}

TEST_F(BoltClientTest, ARefusedConnectionFailsAtOnceAndIsTriedAgainLater) {
  boot<RawClient>(server_process, client_process.name());  // no server on its port
  start_client();
  const auto refused = echo();
  expect_code(refused, Code::kClientNetwork);
  EXPECT_TRUE(refused.error().retriable());
  EXPECT_THAT(refused.error().what(), HasSubstr(server_process.name()));
  const io::sim::Time before = world.now();
  expect_code(echo(), Code::kClientNetwork);  // in the back-off
  EXPECT_LT(world.now() - before, 5ms);
  EXPECT_EQ(counts().connect_failures, 1U);
  server_process.kill(io::sim::Death::kKilled);
  start_server();
  world.run_for(100ms);
  EXPECT_TRUE(echo());
}

TEST_F(BoltClientTest, AServerKilledMidCallFailsItsCallsAndIsFoundAgain) {
  // A raw server: the frames of its own handlers would be abandoned with the process.
  std::size_t arrived = 0;
  boot<RawServer>(server_process, RawServer::OnFrame([&](const bolt::FrameView&, RawPeer::State&) { ++arrived; }));
  start_client();
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 20; ++i) outcomes.push_back(start([](Service& s) { return s->echo("x"); }));
  ASSERT_TRUE(world.run_until([&] { return arrived == 20; }, 1s));
  server_process.kill(io::sim::Death::kKilled);
  ASSERT_TRUE(world.run_until([&] { return std::ranges::all_of(outcomes, [](auto& o) { return o->done; }); }, 1s));
  for (const auto& outcome : outcomes) {
    expect_code(outcome->result, Code::kClientNetwork);
    EXPECT_TRUE(outcome->result.error().retriable());
  }
  EXPECT_EQ(counts().disconnected_calls, 20U);
  EXPECT_EQ(counts().connections, 0U);
  expect_nothing_under_way();
  start_server();
  EXPECT_TRUE(echo());
}

TEST_F(BoltClientTest, AVanishedServerIsNoticedByItsHeartbeats) {
  start_server();
  start_client();
  EXPECT_TRUE(echo());
  server_process.kill(io::sim::Death::kVanish);
  ASSERT_TRUE(world.run_until([&] { return counts().connections == 0; }, 65s));
  EXPECT_EQ(counts().heartbeats, 3U);
  EXPECT_EQ(counts().heartbeat_losses, 1U);
}

TEST_F(BoltClientTest, AnsweredHeartbeatsKeepAnIdleConnection) {
  start_server();
  start_client();
  EXPECT_TRUE(echo());
  world.run_for(300s);
  EXPECT_EQ(counts().connections, 1U);
  EXPECT_GE(server->server.counts().heartbeats, 18U);
  EXPECT_EQ(counts().heartbeat_losses, 0U);
}

TEST_F(BoltClientTest, StatusesBecomeCodes) {
  const std::pair<bolt::Status, Code> kTable[] = {
      {bolt::Status::kServerThreadPoolBusy, Code::kServerBusy},
      {bolt::Status::kServerException, Code::kServerUndeclared},
      {bolt::Status::kServerSerialException, Code::kServerSerialize},
      {bolt::Status::kServerDeserialException, Code::kServerDeserialize},
      {bolt::Status::kNoProcessor, Code::kClientUndeclared},
      {bolt::Status::kCodecException, Code::kClientUndeclared},
      {bolt::Status{0x77}, Code::kClientUndeclared},
  };
  std::size_t next = 0;
  boot<RawServer>(server_process, RawServer::OnFrame([&](const bolt::FrameView& frame, RawPeer::State& peer) {
                    FrameBuffer answer;
                    const bolt::Status status = kTable[next++].first;
                    next % 2 == 0 ? write_server_exception(answer, frame.head, status, "in words")
                                  : write_status(answer, frame.head, status);
                    say(peer, answer.bytes());
                  }));
  start_client();
  for (const auto& [status, code] : kTable) {
    const auto result = echo();
    expect_code(result, code);
    EXPECT_EQ(result.error().retriable(), code == Code::kServerBusy);
    if (next % 2 == 0) {
      EXPECT_EQ(result.error().message(), "com.alipay.remoting.rpc.exception.RpcServerException: in words");
    }
  }
}

TEST_F(BoltClientTest, NodesBareExceptionBecomesARemoteError) {
  boot<RawServer>(
      server_process, RawServer::OnFrame([](const bolt::FrameView& frame, RawPeer::State& peer) {
        Bytes content;
        hessian::BytesSink sink(content);
        hessian::Writer to(sink);
        hessian::write_value(
            to,
            Value::object(bolt::kServerExceptionClass).set("detailMessage", "Error: mock error").set("cause", nullptr));
        to.finish();
        Bytes answer;
        ASSERT_TRUE(bolt::append_frame(answer, bolt::answer_to(frame.head), bolt::kResponseClass, {}, content));
        say(peer, answer);
      }));
  start_client();
  const auto result = echo();
  expect_code(result, Code::kServerUndeclared);
  EXPECT_EQ(result.error().message(), "com.alipay.remoting.rpc.exception.RpcServerException: Error: mock error");
}

TEST_F(BoltClientTest, AnAnswerThatDoesNotFitIsAnErrorOfThatCallOnly) {
  boot<RawServer>(server_process, RawServer::OnFrame([](const bolt::FrameView& frame, RawPeer::State& peer) {
                    if (frame.head.id == 1) return say(peer, response(frame, Value::map()));
                    if (frame.head.id == 2) {
                      Bytes answer;
                      ASSERT_TRUE(bolt::append_frame(answer, bolt::answer_to(frame.head), bolt::kResponseClass, {},
                                                     as_bytes("junk")));
                      return say(peer, answer);
                    }
                    say(peer, response(frame, "fine"));
                  }));
  start_client();
  expect_code(echo(), Code::kClientDeserialize);
  expect_code(echo(), Code::kClientDeserialize);
  EXPECT_EQ(echo().value(), "fine");
}

TEST_F(BoltClientTest, BytesThatAreNoBoltCloseTheConnection) {
  boot<RawServer>(server_process, RawServer::OnFrame([](const bolt::FrameView&, RawPeer::State& peer) {
                    say(peer, as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
                  }));
  start_client();
  const auto result = echo();
  expect_code(result, Code::kClientNetwork);
  EXPECT_EQ(counts().bad_frames, 1U);
  expect_nothing_under_way();
}

TEST_F(BoltClientTest, CallsThatWaitForAConnectionAreBounded) {
  BoltClientOptions options;
  options.max_waiting = 10;
  start_client(options);  // the name resolves, nobody is there
  std::vector<std::shared_ptr<Outcome>> outcomes;
  server_process.kill(io::sim::Death::kVanish);
  for (int i = 0; i < 15; ++i) outcomes.push_back(start([](Service& s) { return s->echo("x"); }));
  world.run_for(10ms);
  EXPECT_EQ(counts().waiting, 10U);
  EXPECT_EQ(std::ranges::count_if(outcomes, [](auto& o) { return o->done; }), 5);
  ASSERT_TRUE(world.run_until([&] { return std::ranges::all_of(outcomes, [](auto& o) { return o->done; }); }, 5s));
  expect_nothing_under_way();
}

TEST_F(BoltClientTest, HeadersThatDoNotFitFailTheCall) {
  start_server();
  start_client();
  const auto result =
      ask([](Service& s) { return s.with({.headers = {{"x-large", std::string(40'000, 'x')}}})->echo("x"); });
  expect_code(result, Code::kClientSerialize);
  expect_nothing_under_way();
  EXPECT_TRUE(echo());
}

}  // namespace
}  // namespace sofa::rpc
