// What the tests of server and client run in simulated processes: an echo service, and peers that speak raw bytes.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/io/acceptor.h"
#include "sofa/io/async.h"
#include "sofa/io/connector.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/service.h"
#include "sofa/wire/bolt/frame.h"

namespace sofa::rpc {

struct TestFailure : hessian::Exception<TestFailure> {
  static constexpr auto java_class = "test.Failure";
  std::optional<std::string> account;
};
BOOST_DESCRIBE_STRUCT(TestFailure, (sofa::hessian::Throwable), (account))

class TestService {
 public:
  using Throws = rpc::Throws<TestFailure>;
  virtual ~TestService() = default;
  virtual Task<std::string> echo(std::string text) = 0;
  virtual Task<std::string> later(std::int32_t ms, std::string text) = 0;
  virtual Task<std::string> fail(std::string how) = 0;
  virtual Task<std::string> overload(std::int32_t value) = 0;
  virtual Task<std::string> overload(std::string value) = 0;
  virtual Task<void> nothing() = 0;
  /// Keeps the shard busy.
  virtual Task<void> block(std::int32_t ms) = 0;
  /// What the context says of the caller.
  virtual Task<std::string> seen() = 0;
};

}  // namespace sofa::rpc

SOFA_SERVICE(sofa::rpc::TestService, "test.Service", echo, later, fail,
             (overload, sofa::Task<std::string>(std::int32_t)), (overload, sofa::Task<std::string>(std::string)),
             nothing, block, seen)

namespace sofa::rpc {

/// A process's clock that runs on while `TestServant::block` keeps its shard busy; the simulated one stands still.
struct BusyClock final : io::Clock {
  explicit BusyClock(io::Clock& clock) : real(clock) {}
  io::TimePoint now() override { return real.now() + busy; }
  std::chrono::sys_time<std::chrono::milliseconds> wall() override { return real.wall(); }
  io::Clock& real;
  io::Duration busy{0};
};

class TestServant final : public TestService {
 public:
  int calls = 0;
  std::vector<std::string> log;
  BusyClock* clock = nullptr;

  Task<std::string> echo(std::string text) override {
    ++calls;
    return text;
  }
  Task<std::string> later(std::int32_t ms, std::string text) override {
    ++calls;
    log.push_back(text);
    co_await sleep(std::chrono::milliseconds(ms));
    co_return text;
  }
  Task<std::string> fail(std::string how) override {
    ++calls;
    if (how == "failure") {
      TestFailure failure;
      failure.detail_message = "asked for";
      failure.account = "alice";
      throw failure;
    }
    if (how == "error") throw Error(Code::kServerBiz, "the books are closed");
    throw std::runtime_error("asked for " + how);
  }
  Task<std::string> overload(std::int32_t value) override { return "int:" + std::to_string(value); }
  Task<std::string> overload(std::string value) override { return "text:" + value; }
  Task<void> nothing() override {
    ++calls;
    return Task<void>::ready();
  }
  Task<void> block(std::int32_t ms) override {
    clock->busy += std::chrono::milliseconds(ms);
    return Task<void>::ready();
  }
  Task<std::string> seen() override {
    const CallContext& context = co_await sofa::context();
    std::string text =
        fmt::format("app={} trace={} rpc={} sampled={}", context.peer()->app.text(), context.trace().trace_id.view(),
                    context.trace().rpc_id.view(), context.trace().sampled ? 1 : 0);
    for (const auto& [key, value] : context.baggage()) text += fmt::format(" {}={}", key, value);
    co_return text;
  }
};

inline constexpr std::uint16_t kTestPort = 12200;
inline const ServiceKey kTestKey{"test.Service", "1.0", {}};

/// Serves TestService.
struct TestServer {
  BusyClock clock;
  io::Env env;
  std::shared_ptr<TestServant> servant = std::make_shared<TestServant>();
  std::shared_ptr<Slot> slot;
  ServiceTable services;
  io::Shards shards;
  BoltServer server;

  explicit TestServer(io::sim::Process& process, BoltServerOptions options = {}, ServiceOptions service = {},
                      int shard_count = 1)
      : clock(process.env().clock),
        env{clock,
            process.env().random,
            process.env().net,
            process.env().resolver,
            process.env().disk,
            process.env().blocking},
        shards(env, shard_count),
        server(shards, services, options) {
    servant->clock = &clock;
    slot = services.install(kTestKey, kInterface<TestService>, servant, std::move(service));
    EXPECT_TRUE(server.listen({.host = "0.0.0.0", .port = kTestPort}));
    shards.start();
  }
};

/// A peer that says what the test tells it and keeps what it hears.
class RawPeer final : public io::Protocol {
 public:
  struct State {
    io::Connection* connection = nullptr;  // null before it is open and once it is closed
    Bytes heard;
    Bytes unsaid;  // before it was open
    bool closed = false;
    bool ended = false;  // the other side half-closed
    bool reading = true;
    std::optional<Error> why;
    std::function<void(const bolt::FrameView&, State&)> on_frame;  // for fake servers
  };
  explicit RawPeer(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void on_open(io::Connection& connection) override {
    state_->connection = &connection;
    connection.out().append(std::exchange(state_->unsaid, {}));
    connection.flush();
  }
  std::size_t on_data(io::Connection& connection, BytesView data) override {
    if (!state_->on_frame) {
      state_->heard.insert(state_->heard.end(), data.begin(), data.end());
      return data.size();
    }
    std::size_t used = 0;
    bolt::FrameView frame;
    for (;;) {
      const bolt::Decoded decoded = bolt::decode(data.subspan(used), {}, frame);
      if (decoded.outcome != bolt::Outcome::kFrame) break;
      used += decoded.size;
      state_->on_frame(frame, *state_);
      if (connection.closed()) break;
    }
    return used;
  }
  void on_end(io::Connection& connection) override {
    state_->ended = true;
    if (!state_->on_frame) connection.close_after_flush();
  }
  void on_closed(io::Connection&, const Error& why) override {
    state_->connection = nullptr;
    state_->closed = true;
    state_->why = why;
  }
  bool quiescent() const override { return true; }

 private:
  const std::shared_ptr<State> state_;
};

inline void say(RawPeer::State& state, BytesView bytes) {
  if (!state.connection) {
    state.unsaid.insert(state.unsaid.end(), bytes.begin(), bytes.end());
    return;
  }
  state.connection->out().append(bytes);
  state.connection->flush();
}

/// Connects to a server and speaks raw bytes.
struct RawClient {
  io::Shards shards;
  io::Connector connector;
  std::shared_ptr<RawPeer::State> state = std::make_shared<RawPeer::State>();

  RawClient(io::sim::Process& process, const std::string& host) : shards(process.env(), 1), connector(shards[0]) {
    shards.start();
    shards[0].post([this, host] {
      connector.start({.host = host, .port = kTestPort}, shards[0].now() + std::chrono::seconds(5),
                      std::make_unique<RawPeer>(state), [](Result<io::Connection*> opened) {
                        if (!opened) ADD_FAILURE() << opened.error().what();
                      });
    });
  }
  void send(Bytes bytes) {
    shards[0].post([state = state, bytes = std::move(bytes)] { say(*state, bytes); });
  }
  /// Whole frames that came so far.
  std::vector<bolt::FrameView> frames() const {
    std::vector<bolt::FrameView> all;
    BytesView rest = state->heard;
    bolt::FrameView frame;
    while (!rest.empty()) {
      const bolt::Decoded decoded = bolt::decode(rest, {}, frame);
      if (decoded.outcome != bolt::Outcome::kFrame) break;
      all.push_back(frame);
      rest = rest.subspan(decoded.size);
    }
    return all;
  }
};

/// Accepts and answers as the test says.
struct RawServer {
  io::Shards shards;
  std::unique_ptr<io::Acceptor> acceptor;
  std::vector<std::shared_ptr<RawPeer::State>> peers;

  using OnFrame = std::function<void(const bolt::FrameView&, RawPeer::State&)>;
  RawServer(io::sim::Process& process, OnFrame on_frame) : shards(process.env(), 1) {
    acceptor = *io::Acceptor::listen(shards[0], {.host = "0.0.0.0", .port = kTestPort},
                                     [this, on_frame](io::Shard&, const io::ConnectionState*) {
                                       peers.push_back(std::make_shared<RawPeer::State>());
                                       peers.back()->on_frame = on_frame;
                                       return std::make_unique<RawPeer>(peers.back());
                                     },
                                     {});
    shards.start();
  }
};

/// Runs an object of type T in a process; the pointer is good until the process ends.
template <class T, class... Args>
T* boot(io::sim::Process& process, Args... args) {
  auto made = std::make_shared<T*>();
  process.boot([made, args...](io::sim::Process& self) {
    auto object = std::make_shared<T>(self, args...);
    *made = object.get();
    return object;
  });
  return *made;
}

}  // namespace sofa::rpc
