// The client against our own server.
#include "sofa/rpc/bolt_client.h"

#include "sofa/rpc/bolt_client_world_test.h"

namespace sofa::rpc {
namespace {

using BoltClientTest = BoltClientWorld;

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
