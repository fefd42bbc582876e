// The client against servers that do what servers should not, or are gone.
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_client_world_test.h"
#include "sofa/rpc/sofa_response.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using hessian::Value;
using testing::HasSubstr;

using BoltClientFaultsTest = BoltClientWorld;

Bytes response(const bolt::FrameView& request, const Value& value) {
  FrameBuffer frame;
  write_answer(
      frame, request.head,
      [](hessian::Writer& to, const void* v) { hessian::write_value(to, *static_cast<const Value*>(v)); }, &value);
  return {frame.bytes().begin(), frame.bytes().end()};
}

TEST_F(BoltClientFaultsTest, ALateAnswerNeverReachesTheCallThatHasItsPlaceNow) {
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

TEST_F(BoltClientFaultsTest, AServerThatNeverAnswersCostsATimeout) {
  boot<RawServer>(server_process, RawServer::OnFrame([](const bolt::FrameView&, RawPeer::State&) {}));
  start_client();
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 200; ++i) outcomes.push_back(start([](Service& s) { return s->echo("x"); }));
  ASSERT_TRUE(world.run_until([&] { return std::ranges::all_of(outcomes, [](auto& o) { return o->done; }); }, 4s));
  for (const auto& outcome : outcomes) expect_code(outcome->result, Code::kClientTimeout);
  expect_nothing_under_way();
}

TEST_F(BoltClientFaultsTest, ARefusedConnectionFailsAtOnceAndIsTriedAgainLater) {
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

TEST_F(BoltClientFaultsTest, AServerKilledMidCallFailsItsCallsAndIsFoundAgain) {
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

TEST_F(BoltClientFaultsTest, AVanishedServerIsNoticedByItsHeartbeats) {
  start_server();
  start_client();
  EXPECT_TRUE(echo());
  server_process.kill(io::sim::Death::kVanish);
  ASSERT_TRUE(world.run_until([&] { return counts().connections == 0; }, 65s));
  EXPECT_EQ(counts().heartbeats, 3U);
  EXPECT_EQ(counts().heartbeat_losses, 1U);
}

TEST_F(BoltClientFaultsTest, AnsweredHeartbeatsKeepAnIdleConnection) {
  start_server();
  start_client();
  EXPECT_TRUE(echo());
  world.run_for(300s);
  EXPECT_EQ(counts().connections, 1U);
  EXPECT_GE(server->server.counts().heartbeats, 18U);
  EXPECT_EQ(counts().heartbeat_losses, 0U);
}

TEST_F(BoltClientFaultsTest, StatusesBecomeCodes) {
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

TEST_F(BoltClientFaultsTest, NodesBareExceptionBecomesARemoteError) {
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

TEST_F(BoltClientFaultsTest, AnAnswerThatDoesNotFitIsAnErrorOfThatCallOnly) {
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

TEST_F(BoltClientFaultsTest, BytesThatAreNoBoltCloseTheConnection) {
  boot<RawServer>(server_process, RawServer::OnFrame([](const bolt::FrameView&, RawPeer::State& peer) {
                    say(peer, as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
                  }));
  start_client();
  const auto result = echo();
  expect_code(result, Code::kClientNetwork);
  EXPECT_EQ(counts().bad_frames, 1U);
  expect_nothing_under_way();
}

TEST_F(BoltClientFaultsTest, CallsThatWaitForAConnectionAreBounded) {
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

}  // namespace
}  // namespace sofa::rpc
