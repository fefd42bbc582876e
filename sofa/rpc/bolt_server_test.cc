// The server against clients that do what clients should not, and against time.
#include "sofa/rpc/bolt_server.h"

#include <gmock/gmock.h>

#include "sofa/io/balancer.h"
#include "sofa/io/worker_pool.h"
#include "sofa/rpc/bolt_world_test.h"
#include "sofa/rpc/request_template.h"
#include "sofa/rpc/sofa_response.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;
using hessian::Value;
using testing::HasSubstr;

/// A request for TestService, as our client makes it.
struct Asking {
  std::string method = "echo";
  std::vector<std::string_view> signatures = {"java.lang.String"};
  std::vector<Value> arguments = {Value("hello")};
  std::int32_t timeout_ms = 3000;
  bool oneway = false;
  std::string service = "test.Service:1.0";
};

Bytes request(std::uint32_t id, const Asking& asking = {}, bolt::Form form = bolt::kFormV1) {
  const Method method{.name = asking.method, .signatures = asking.signatures};
  const RequestTemplate request({.service = asking.service, .app = "raw"}, method, {.oneway = asking.oneway});
  FrameBuffer frame;
  EXPECT_TRUE(request.write(
      frame, id, asking.timeout_ms,
      [](hessian::Writer& to, const void* values) {
        for (const Value& value : *static_cast<const std::vector<Value>*>(values)) hessian::write_value(to, value);
      },
      &asking.arguments));
  bolt::FrameView view;
  EXPECT_EQ(bolt::decode(frame.bytes(), {}, view).outcome, bolt::Outcome::kFrame);
  bolt::Head head = view.head;
  head.form = form;
  Bytes bytes;
  EXPECT_TRUE(bolt::append_frame(bytes, head, view.class_name, view.header, view.content));
  return bytes;
}

Asking later(int ms, const std::string& text = "x", int timeout_ms = 60'000) {
  return {.method = "later",
          .signatures = {"int", "java.lang.String"},
          .arguments = {ms, Value(text)},
          .timeout_ms = timeout_ms,
          .oneway = false,
          .service = "test.Service:1.0"};
}

class BoltServerTest : public testing::Test {
 protected:
  void start(BoltServerOptions options = {}, ServiceOptions service = {}, int shards = 1) {
    server = boot<TestServer>(server_process, options, service, shards);
    client = connect("client");
  }
  RawClient* connect(const std::string& name) { return boot<RawClient>(world.process(name), server_process.name()); }
  /// The next answer to `bytes`, which must come.
  bolt::FrameView ask(const Bytes& bytes) { return ask(*client, bytes); }
  bolt::FrameView ask(RawClient& from, const Bytes& bytes) {
    const std::size_t before = from.frames().size();
    from.send(bytes);
    EXPECT_TRUE(world.run_until([&] { return from.frames().size() > before; }, 10s));
    return from.frames().size() > before ? from.frames()[before] : bolt::FrameView{};
  }
  BoltServerCounts<std::uint64_t> counts() const { return server->server.counts(); }
  static std::string text(const bolt::FrameView& frame, std::string_view field) {
    const auto values = hessian::read_values(frame.content);
    return values && !values->empty() ? std::string((*values)[0][field].as_string()) : "";
  }

  io::sim::World world{3};
  io::sim::Process& server_process = world.process("server");
  TestServer* server = nullptr;
  RawClient* client = nullptr;
};

TEST_F(BoltServerTest, AnswersInTheFormItWasAsked) {
  start();
  for (const bolt::Form form :
       {bolt::kFormV1, bolt::kFormV2, bolt::kFormV2Crc, bolt::Form{bolt::Protocol::kV2, 1, 1}}) {
    const bolt::FrameView answer = ask(request(9, {}, form));
    EXPECT_EQ(answer.head.form, form);
    EXPECT_EQ(answer.head.id, 9U);
    EXPECT_EQ(text(answer, "appResponse"), "hello");
  }
}

TEST_F(BoltServerTest, OnewayIsNeverAnswered) {
  start();
  Asking oneway{.oneway = true};
  client->send(request(1, oneway));
  oneway.method = "noSuchMethod";
  client->send(request(2, oneway));
  oneway.service = "no.Service:1.0";
  client->send(request(3, oneway));
  Asking failing{.method = "fail", .arguments = {"x"}, .oneway = true};
  client->send(request(4, failing));
  world.run_for(1s);
  EXPECT_EQ(client->state->heard.size(), 0U);
  EXPECT_EQ(counts().requests, 4U);
  EXPECT_EQ(counts().oneways_dropped, 2U);
  EXPECT_EQ(server->servant->calls, 2);
}

TEST_F(BoltServerTest, WhatIsNotServedIsSaidWithTheFamilysTexts) {
  start();
  EXPECT_EQ(text(ask(request(1, {.service = "no.Service:1.0"})), "errorMsg"),
            "RPC-020100010: RPC cannot find service: [no.Service:1.0] ");
  EXPECT_EQ(text(ask(request(2, {.method = "noSuch"})), "errorMsg"),
            "RPC-020100011: Cannot find invoke method: [noSuch], service: [test.Service:1.0] ");
  EXPECT_EQ(text(ask(request(3, {.method = "overload", .signatures = {"java.util.Date"}})), "errorMsg"),
            "RPC-020100011: Cannot find invoke method: [overload], service: [test.Service:1.0] ");
  EXPECT_EQ(counts().not_found, 3U);
}

TEST_F(BoltServerTest, WithoutAHeaderMapTheContentSaysWhatIsCalled) {
  start();
  bolt::FrameView whole;
  const Bytes sound = request(1);
  ASSERT_EQ(bolt::decode(sound, {}, whole).outcome, bolt::Outcome::kFrame);
  Bytes bare;
  ASSERT_TRUE(bolt::append_frame(bare, whole.head, whole.class_name, {}, whole.content));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(text(ask(bare), "appResponse"), "hello");

  Bytes content;
  hessian::BytesSink sink(content);
  hessian::Writer to(sink);
  hessian::write_value(to, Value::object(bolt::kRequestClass).set("methodName", nullptr));
  to.finish();
  Bytes nameless;
  ASSERT_TRUE(bolt::append_frame(nameless, whole.head, whole.class_name, {}, content));
  EXPECT_EQ(text(ask(nameless), "errorMsg"), "RPC-020100010: RPC cannot find service: [] ");
}

TEST_F(BoltServerTest, AProxyMayRewriteTheHeadersService) {
  start();
  bolt::FrameView whole;
  const Bytes sound = request(1, {.service = "some.Other:1.0"});
  ASSERT_EQ(bolt::decode(sound, {}, whole).outcome, bolt::Outcome::kFrame);
  Bytes header;
  bolt::append_header_entry(header, bolt::kTargetService, "some.Other:1.0");
  bolt::append_header_entry(header, bolt::kService, "test.Service:1.0");
  Bytes rewritten;
  ASSERT_TRUE(bolt::append_frame(rewritten, whole.head, whole.class_name, header, whole.content));
  EXPECT_EQ(text(ask(rewritten), "appResponse"), "hello");
}

TEST_F(BoltServerTest, ServicesComeAndGoWhileItRuns) {
  start();
  EXPECT_EQ(text(ask(request(1)), "appResponse"), "hello");
  client->send(request(2, later(100)));
  ASSERT_TRUE(world.run_until([&] { return counts().in_flight == 1; }, 1s));
  server->slot->remove();
  EXPECT_THAT(text(ask(request(3)), "errorMsg"), HasSubstr("cannot find service"));
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 3; }, 1s));
  EXPECT_EQ(counts().in_flight, 0U);
  server->services.install(kTestKey, kInterface<TestService>, server->servant);
  EXPECT_EQ(text(ask(request(4)), "appResponse"), "hello");
  server->slot->install(server->servant);  // for callers in the process only
  EXPECT_THAT(text(ask(request(5)), "errorMsg"), HasSubstr("cannot find service"));
}

TEST_F(BoltServerTest, ArgumentsThatDoNotFitAreAnswered) {
  start();
  const bolt::FrameView answer = ask(request(1, {.arguments = {Value::map()}}));
  EXPECT_EQ(answer.head.status, bolt::Status::kServerDeserialException);
  EXPECT_THAT(text(answer, "detailMessage"), HasSubstr("DeserializationException"));
  EXPECT_EQ(ask(request(2, {.arguments = {}})).head.status, bolt::Status::kServerDeserialException);
  EXPECT_EQ(text(ask(request(3)), "appResponse"), "hello");
}

TEST_F(BoltServerTest, MoreThanTheLimitIsAnsweredBusy) {
  start({}, {.pool = nullptr, .max_concurrent = 2});
  client->send(request(1, later(50)));
  client->send(request(2, later(50)));
  const bolt::FrameView busy = ask(request(3, later(50)));
  EXPECT_EQ(busy.head.id, 3U);
  EXPECT_EQ(busy.head.status, bolt::Status::kServerThreadPoolBusy);
  EXPECT_EQ(busy.content.size(), 0U);
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 3; }, 1s));
  EXPECT_EQ(text(ask(request(4)), "appResponse"), "hello");
  EXPECT_EQ(counts().busy, 1U);
}

TEST_F(BoltServerTest, AMethodsOwnLimitIsAnsweredBusy) {
  start({}, {.pool = nullptr, .max_concurrent = 3, .by_method = {{"later", {.max_concurrent = 1}}}});
  const Asking other{.method = "seen", .signatures = {}, .arguments = {}};
  client->send(request(1, later(50)));
  EXPECT_EQ(ask(request(2, later(50))).head.status, bolt::Status::kServerThreadPoolBusy);
  EXPECT_EQ(ask(request(3, other)).head.status, bolt::Status::kSuccess);
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 3; }, 1s));
  EXPECT_EQ(text(ask(request(4, later(50))), "appResponse"), "x");
  EXPECT_EQ(counts().busy, 1U);
}

TEST_F(BoltServerTest, OverloadsShareTheirNamesLimit) {
  const ServiceEntry entry(kTestKey, kInterface<TestService>, {.by_method = {{"overload", {.max_concurrent = 2}}}});
  const std::string_view number[] = {"int"}, string[] = {"java.lang.String"};
  const Method& first = *entry.find("overload", number);
  const Method& second = *entry.find("overload", string);
  const ContextPtr context = CallContext::make();
  entry.call_kept(first);
  EXPECT_TRUE(entry.admit(second, *context));
  entry.call_kept(second);
  EXPECT_FALSE(entry.admit(first, *context));
  EXPECT_FALSE(entry.admit(second, *context));
  EXPECT_TRUE(entry.admit(*entry.find("echo", string), *context));
  entry.call_ended(first, true, {}, {});
  EXPECT_TRUE(entry.admit(second, *context));
}

TEST_F(BoltServerTest, LowPrioritiesAreRefusedFirst) {
  const ServiceEntry entry(
      kTestKey, kInterface<TestService>,
      {.max_concurrent = 8, .priority = -1, .by_method = {{"echo", {.priority = 0}}, {"seen", {.priority = -3}}}});
  const std::string_view string[] = {"java.lang.String"};
  const Method& echo = *entry.find("echo", string);
  const Method& fail = *entry.find("fail", string);
  const Method& seen = *entry.find("seen", {});
  const auto admits = [&](const Method& method, std::optional<std::int32_t> priority = {}) {
    const ContextPtr context = CallContext::make();
    if (priority) context->set(kPriority, *priority);
    return entry.admit(method, *context);
  };
  int room_for_seen = 0, room_for_fail = 0, room_for_echo = 0, room_for_marked = 0;
  for (int i = 0; i < 20; ++i) {
    room_for_seen += admits(seen);
    room_for_fail += admits(fail);
    room_for_echo += admits(echo);
    room_for_marked += admits(seen, 5);
    entry.call_kept(echo);
  }
  EXPECT_EQ(room_for_seen, 2);
  EXPECT_EQ(room_for_fail, 6);
  EXPECT_EQ(room_for_echo, 8);
  EXPECT_EQ(room_for_marked, 8);
  const ContextPtr context = CallContext::make();
  (void)entry.admit(seen, *context);
  EXPECT_EQ(*context->get(kPriority), -3);  // what it calls is no more important than itself
}

/// Keeps a worker for 200 ms.
struct LongJob final : io::WorkerPool::Job {
  explicit LongJob(io::sim::Process& on)
      : Job([](Job& self) noexcept { static_cast<LongJob&>(self).process.charge(200ms); }), process(on) {}
  io::sim::Process& process;
};

TEST_F(BoltServerTest, ACallThatWaitedTooLongForAThreadIsAnsweredBusyAndNotServed) {
  io::WorkerPool pool(server_process.env(), {.threads = 1, .queue_time = 50ms});
  start({}, {.pool = &pool});
  EXPECT_EQ(text(ask(request(1)), "appResponse"), "hello");
  LongJob job(server_process);
  ASSERT_TRUE(pool.submit(job));
  EXPECT_EQ(ask(request(2)).head.status, bolt::Status::kServerThreadPoolBusy);
  EXPECT_EQ(server->servant->calls, 1);
  EXPECT_EQ(pool.shed(), 1U);
  EXPECT_EQ(text(ask(request(3)), "appResponse"), "hello");
  EXPECT_EQ(counts().in_flight, 0U);
  server->slot->remove();  // before its pool goes
}

TEST_F(BoltServerTest, AConnectionsOwnLimitIsAnsweredBusy) {
  BoltServerOptions options;
  options.max_in_flight_per_connection = 2;
  start(options);
  for (std::uint32_t id = 1; id <= 5; ++id) client->send(request(id, later(50)));
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 5; }, 1s));
  EXPECT_EQ(counts().busy, 3U);
}

TEST_F(BoltServerTest, ARequestThatWaitedTooLongIsDropped) {
  start();
  EXPECT_EQ(text(ask(request(1)), "appResponse"), "hello");
  // The first request blocks the shard; what came in the same read is looked at after its time.
  Bytes together;
  const Asking blocking{.method = "block", .signatures = {"int"}, .arguments = {20}, .timeout_ms = 3000};
  for (std::uint32_t id = 2; id < 34; ++id) {
    const Bytes one = request(id, id == 2 ? blocking : Asking{.timeout_ms = 10});
    together.insert(together.end(), one.begin(), one.end());
  }
  const std::uint64_t requests = counts().requests;
  client->send(together);
  ASSERT_TRUE(world.run_until([&] { return counts().requests == requests + 32; }, 1s));
  world.run_for(100ms);
  EXPECT_GT(counts().late, 0U);
  EXPECT_EQ(client->frames().size(), 33 - counts().late);
}

TEST_F(BoltServerTest, TheDeadlineCancelsTheCall) {
  start();
  const bolt::FrameView answer = ask(request(1, later(10'000, "x", 100)));
  EXPECT_EQ(answer.head.status, bolt::Status::kTimeout);  // what the caller's own clock says a moment later
  EXPECT_EQ(counts().in_flight, 0U);
}

TEST_F(BoltServerTest, AnIdleConnectionIsClosedAfterNinetySeconds) {
  start();
  ask(request(1));
  world.run_for(80s);
  const bolt::ShortFrame beat = bolt::heartbeat(bolt::kFormV1, 2);
  client->send({beat.data, beat.data + beat.size});
  world.run_for(80s);
  EXPECT_FALSE(client->state->ended);
  world.run_for(15s);
  EXPECT_TRUE(client->state->closed);
  EXPECT_EQ(counts().idle_closed, 1U);
  EXPECT_EQ(counts().connections, 0U);
}

TEST_F(BoltServerTest, ACallerThatLeavesCancelsItsCalls) {
  start();
  // An end of input alone may be a peer that still reads; the first answer finds that nobody does.
  client->send(request(1, later(100)));
  for (std::uint32_t id = 2; id <= 10; ++id) client->send(request(id, later(50'000)));
  ASSERT_TRUE(world.run_until([&] { return counts().in_flight == 10; }, 1s));
  world.process("client").kill(io::sim::Death::kKilled);
  ASSERT_TRUE(world.run_until([&] { return counts().in_flight == 0; }, 1s));
  EXPECT_EQ(counts().answers_dropped, 9U);
  EXPECT_EQ(counts().connections, 0U);
  EXPECT_EQ(server->slot->in_flight(), 0);
}

TEST_F(BoltServerTest, APeerThatHalfClosesStillGetsItsAnswers) {
  start();
  client->send(request(1, later(100, "slow")));
  ASSERT_TRUE(world.run_until([&] { return counts().in_flight == 1; }, 1s));
  client->shards[0].post([&] { client->state->connection->half_close(); });
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 1; }, 1s));
  ASSERT_TRUE(world.run_until([&] { return counts().connections == 0; }, 1s));
}

TEST_F(BoltServerTest, AClientThatNeverReadsIsClosedAndTheOthersAreServed) {
  start();
  ask(request(1));
  client->shards[0].post([&] { client->state->connection->pause_reading(); });
  const Bytes one = request(2, {.arguments = {Value(std::string(60'000, 'x'))}});
  Bytes many;
  for (int i = 0; i < 100; ++i) many.insert(many.end(), one.begin(), one.end());
  client->send(many);
  RawClient* other = connect("other");
  world.run_for(1s);
  EXPECT_EQ(text(ask(*other, request(1)), "appResponse"), "hello");
  EXPECT_LT(counts().requests, 100U);  // no more was taken than its answers' room
  ASSERT_TRUE(world.run_until([&] { return counts().connections == 1; }, 60s));
  EXPECT_EQ(text(ask(*other, request(2)), "appResponse"), "hello");
}

TEST_F(BoltServerTest, AnotherProtocolOnThePortIsClosed) {
  start();
  const std::string http = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  client->send(Bytes(http.begin(), http.end()));
  ASSERT_TRUE(world.run_until([&] { return client->state->closed; }, 1s));
  EXPECT_EQ(counts().bad_frames, 1U);
  EXPECT_EQ(client->state->heard.size(), 0U);
}

TEST_F(BoltServerTest, ATooLargeFrameIsAnsweredAndPassedOver) {
  BoltServerOptions options;
  options.frame.content_bytes = 10'000;
  start(options);
  Bytes bytes = request(1, {.arguments = {Value(std::string(200'000, 'x'))}});
  const Bytes next = request(2);
  bytes.insert(bytes.end(), next.begin(), next.end());
  client->send(bytes);
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 2; }, 5s));
  EXPECT_EQ(client->frames()[0].head.status, bolt::Status::kServerDeserialException);
  EXPECT_EQ(client->frames()[0].head.id, 1U);
  EXPECT_EQ(text(client->frames()[1], "appResponse"), "hello");
}

TEST_F(BoltServerTest, ALengthBeyondReasonEndsTheConnection) {
  start();
  Bytes bytes = request(1);
  store_be(bytes.data() + 18, std::int32_t{0x7fffffff});
  const bolt::FrameView answer = ask(bytes);
  EXPECT_EQ(answer.head.status, bolt::Status::kServerDeserialException);
  ASSERT_TRUE(world.run_until([&] { return client->state->closed; }, 1s));
  EXPECT_EQ(counts().bad_frames, 1U);
}

TEST_F(BoltServerTest, ABadCrcIsAnsweredAndEndsTheConnection) {
  start();
  Bytes bytes = request(1, {}, bolt::kFormV2Crc);
  bytes.back() ^= 1;
  EXPECT_EQ(ask(bytes).head.status, bolt::Status::kCodecException);
  ASSERT_TRUE(world.run_until([&] { return client->state->closed; }, 1s));
}

TEST_F(BoltServerTest, EveryCutOfARequestIsWaitedFor) {
  start();
  const Bytes whole = request(1);
  for (std::size_t cut = 1; cut < whole.size(); cut += 13) {
    client->send(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)));
    world.run_for(5ms);
    const std::size_t before = client->frames().size();
    client->send(Bytes(whole.begin() + static_cast<std::ptrdiff_t>(cut), whole.end()));
    ASSERT_TRUE(world.run_until([&] { return client->frames().size() == before + 1; }, 1s)) << cut;
    EXPECT_EQ(text(client->frames().back(), "appResponse"), "hello");
  }
}

TEST_F(BoltServerTest, DamagedContentIsAnsweredWhereverItIsCutOff) {
  start();
  bolt::FrameView whole;
  const Bytes sound = request(1);
  ASSERT_EQ(bolt::decode(sound, {}, whole).outcome, bolt::Outcome::kFrame);
  for (std::size_t size = 0; size < whole.content.size(); ++size) {
    Bytes cut;
    ASSERT_TRUE(bolt::append_frame(cut, whole.head, whole.class_name, whole.header, whole.content.first(size)));
    EXPECT_EQ(ask(cut).head.status, bolt::Status::kServerDeserialException) << size;
  }
  EXPECT_EQ(text(ask(sound), "appResponse"), "hello");
  EXPECT_EQ(counts().connections, 1U);
}

TEST_F(BoltServerTest, DeepNestingIsRefused) {
  start();
  Bytes content;
  bolt::FrameView whole;
  const Bytes sound = request(1);
  ASSERT_EQ(bolt::decode(sound, {}, whole).outcome, bolt::Outcome::kFrame);
  content.assign(whole.content.begin(), whole.content.end() - 6);  // without the argument
  content.insert(content.end(), 1'000'000, 'V');
  Bytes bomb;
  ASSERT_TRUE(bolt::append_frame(bomb, whole.head, whole.class_name, whole.header, content));
  EXPECT_EQ(ask(bomb).head.status, bolt::Status::kServerDeserialException);
  EXPECT_EQ(text(ask(sound), "appResponse"), "hello");
}

TEST_F(BoltServerTest, TooManyHeaderEntriesAreRefused) {
  start();
  bolt::FrameView whole;
  const Bytes sound = request(1);
  ASSERT_EQ(bolt::decode(sound, {}, whole).outcome, bolt::Outcome::kFrame);
  Bytes header(whole.header.begin(), whole.header.end());
  while (header.size() + 8 <= bolt::kMaxHeaderBytes) bolt::append_header_entry(header, "", "");
  Bytes flood;
  ASSERT_TRUE(bolt::append_frame(flood, whole.head, whole.class_name, header, whole.content));
  EXPECT_EQ(ask(flood).head.status, bolt::Status::kServerDeserialException);
}

TEST_F(BoltServerTest, StoppingAnswersWhatIsUnderWayAndWhatArrives) {
  start();
  client->send(request(1, later(300)));
  ASSERT_TRUE(world.run_until([&] { return counts().in_flight == 1; }, 1s));
  bool stopped = false;
  server->shards[0].post([&] {
    start_detached(
        [](BoltServer& server, bool& done) -> Task<void> {
          co_await server.stop(io::Shard::current()->now() + 5s);
          done = true;
        }(server->server, stopped),
        nullptr);
  });
  world.run_for(100ms);
  EXPECT_EQ(text(ask(request(2)), "appResponse"), "hello");
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == 2; }, 1s));
  ASSERT_TRUE(world.run_until([&] { return stopped; }, 2s));
  EXPECT_TRUE(client->state->closed);
  EXPECT_EQ(counts().connections, 0U);
  // Nobody listens any more.
  bool refused = false;
  client->shards[0].post([&] {
    client->connector.start({server_process.name(), kTestPort, false}, client->shards[0].now() + 1s,
                            std::make_unique<RawPeer>(client->state),
                            [&](Result<io::Connection*> opened) { refused = !opened; });
  });
  ASSERT_TRUE(world.run_until([&] { return refused; }, 2s));
}

TEST_F(BoltServerTest, ConnectionsMoveBetweenShardsUnderLoad) {
  start({}, {}, 2);
  ask(request(1));
  std::uint32_t next_id = 2;
  for (int move = 0; move < 20; ++move) {
    for (int i = 0; i < 10; ++i) client->send(request(next_id++));
    for (int from = 0; from < 2; ++from) {
      server->shards[from].post([this, from] {
        server->shards[from].for_each_connection([this, from](io::Connection& connection) {
          if (!connection.protocol().quiescent()) return;
          io::Shard& to = server->shards[1 - from];
          auto state = std::make_shared<io::ConnectionState>(connection.detach());
          to.post([&to, state, make = server->server.protocol_factory()] {
            auto protocol = make(to, state.get());
            to.attach(std::move(*state), std::move(protocol));
          });
        });
      });
    }
    world.run_for(2ms);
  }
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == next_id - 1; }, 5s));
  for (std::uint32_t id = 1; id < next_id; ++id) EXPECT_EQ(client->frames()[id - 1].head.id, id);
  EXPECT_GT(server->shards[0].counters().detached + server->shards[1].counters().detached, 10U);
}

}  // namespace
}  // namespace sofa::rpc
