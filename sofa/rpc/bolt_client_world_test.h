// A client and a server in one simulated world, for tests of the client.
#pragma once

#include <gmock/gmock.h>

#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_world_test.h"
#include "sofa/rpc/reference.h"

namespace sofa::rpc {

using namespace std::chrono_literals;

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

inline Task<void> keep(Task<std::string> task, std::shared_ptr<Outcome> outcome) {
  outcome->result = co_await as_result(std::move(task));
  outcome->done = true;
  outcome->at = io::Shard::current()->now();
}

template <class T>
Task<std::string> as_text(Task<T> task) {
  co_await std::move(task);
  co_return "";
}

class BoltClientWorld : public testing::Test {
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

inline CallOptions within(io::Duration timeout) {
  CallOptions options;
  options.timeout = timeout;
  return options;
}

}  // namespace sofa::rpc
