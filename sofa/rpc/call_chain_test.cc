// What a call's context says at the far end of a chain of calls, and what comes back: client, relay and server are
// processes of a simulated world.
#include <gmock/gmock.h>

#include "sofa/base/mutant.h"
#include "sofa/io/trace.h"
#include "sofa/rpc/bolt_world_test.h"
#include "sofa/rpc/reference.h"

namespace sofa::rpc {

class ChainService {
 public:
  virtual ~ChainService() = default;
  /// What the context says here, and behind ` > ` what the next server says, `times` times.
  virtual Task<std::string> pass(std::int32_t times) = 0;
  /// Answers after `ms` with `text` as baggage.
  virtual Task<void> echo_back(std::int32_t ms, std::string text) = 0;
};

}  // namespace sofa::rpc

SOFA_SERVICE(sofa::rpc::ChainService, "test.Chain", pass, echo_back)

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const ServiceKey kChainKey{"test.Chain", "1.0", {}};

Reference<ChainService> reference(BoltClient& client, const std::string& host, CallOptions options = {}) {
  auto remote = client.make_remote(
      {.address = {host, kTestPort, false}, .key = kChainKey, .interface = &kInterface<ChainService>, .app = "chain"});
  return Reference<ChainService>(
      std::make_shared<const Route>(Route{std::make_shared<Slot>(), *remote, kChainKey.to_string()}),
      std::move(options));
}

std::string joined(const CallContext::Texts& texts) {
  std::string all;
  for (const auto& [key, value] : texts) all += key + "=" + value + ";";
  return all;
}

std::string seen(const CallContext& context) {
  std::string text = fmt::format("{}/{}/{}", context.trace().trace_id.view(), context.trace().rpc_id.view(),
                                 context.trace().sampled ? "sampled" : "not");
  text += fmt::format(" pen={} sys={} bag={} head={}", context.penetration(), context.system_penetration(),
                      joined(context.baggage()), joined(context.headers()));
  if (const auto* xid = context.get(kXid)) text += fmt::format(" xid={}", xid->view());
  if (const auto* unit = context.get(kUnit)) {
    text += fmt::format(" unit={}/{}/{}/{}", unit->uid.view(), unit->shard, unit->flags, unit->epoch);
  }
  if (const auto* key = context.get(kIdempotencyKey)) text += fmt::format(" key={}", key->view());
  if (const auto* priority = context.get(kPriority)) text += fmt::format(" priority={}", *priority);
  if (context.trace().w3c) text += " w3c";
  return text;
}

struct Chain final : ChainService {
  std::string name;
  Reference<ChainService> next;
  std::optional<io::Duration> left;  // of the last call

  Task<std::string> pass(std::int32_t times) override {
    CallContext& context = co_await sofa::context();
    left.reset();
    if (context.deadline() != io::kNever) left = context.deadline() - io::Shard::current()->now();
    context.set_response_baggage("by-" + name, std::to_string(context.baggage().size()));
    std::string text = seen(context);
    co_await sleep(100ms);
    for (int i = 0; next && i < times; ++i) text += " > " + co_await next->pass(0);
    co_return text;
  }
  Task<void> echo_back(std::int32_t ms, std::string text) override {
    CallContext& context = co_await sofa::context();
    context.set_response_baggage("echo", text);
    co_await sleep(std::chrono::milliseconds(ms));
  }
};

struct ChainServer {
  std::shared_ptr<Chain> chain = std::make_shared<Chain>();
  ServiceTable services;
  io::Shards shards;
  BoltServer server;
  BoltClient client;

  ChainServer(io::sim::Process& process, const std::string& next)
      : shards(process.env(), 1), server(shards, services), client(shards) {
    chain->name = process.name();
    if (!next.empty()) chain->next = reference(client, next, {.headers = {{"from", process.name()}}});
    services.install(kChainKey, kInterface<ChainService>, chain);
    EXPECT_TRUE(server.listen({.host = "0.0.0.0", .port = kTestPort}));
    shards.start();
  }
};

struct ChainClient {
  io::Shards shards;
  BoltClient client;

  ChainClient(io::sim::Process& process, BoltClientOptions options)
      : shards(process.env(), 1), client(shards, options) {
    shards.start();
  }
};

Task<void> keep(Task<std::string> task, std::shared_ptr<Result<std::string>> into, std::shared_ptr<int> left) {
  *into = co_await as_result(std::move(task));
  --*left;
}

class CallChainTest : public testing::Test {
 protected:
  void start(BoltClientOptions options = {}) {
    server = boot<ChainServer>(world.process("server"), std::string());
    relay = boot<ChainServer>(world.process("relay"), std::string("server"));
    client = boot<ChainClient>(client_process, options);
  }
  using Call = std::function<Task<std::string>(Reference<ChainService>&)>;

  /// Calls the relay in `context`.
  std::string ask(const Call& call, ContextPtr context, CallOptions options = {}) {
    auto result = std::make_shared<Result<std::string>>();
    auto left = std::make_shared<int>(1);
    client->shards[0].post([&, this] {
      auto to_relay = reference(client->client, "relay", options);
      start_detached(rpc::keep(call(to_relay), result, left), context.get());
    });
    EXPECT_TRUE(world.run_until([&] { return *left == 0; }, 60s));
    if (!*result) ADD_FAILURE() << result->error().what();
    return *result ? **result : std::string();
  }
  std::string pass(ContextPtr context, int times = 1, CallOptions options = {}) {
    return ask([times](auto& chain) { return chain->pass(times); }, std::move(context), std::move(options));
  }

  /// The RPC ids that four calls in one trace arrive with.
  std::string rpc_ids() {
    start();
    ContextPtr context = CallContext::make();
    context->trace().trace_id.assign("t");
    context->trace().rpc_id.assign("0");
    std::string ids;
    for (const std::string& text : {pass(context, 2), pass(context->fork(), 0), pass(context, 0)}) {
      for (std::size_t at = 0; (at = text.find("t/", at)) != std::string::npos; ++at) {
        ids += text.substr(at + 2, text.find('/', at + 2) - at - 2) + " ";
      }
    }
    return ids;
  }
  /// The baggage that calls of one connection, answered in another order than asked, come back with.
  std::string echoes() {
    start();
    pass(CallContext::make(), 0);  // the connection stands
    auto left = std::make_shared<int>(4);
    auto result = std::make_shared<Result<std::string>>();
    std::vector<ContextPtr> contexts;
    for (int i = 0; i < 4; ++i) contexts.push_back(CallContext::make());
    client->shards[0].post([&, this] {
      auto to_relay = reference(client->client, "relay");
      for (int i = 0; i < 4; ++i) {
        auto echo = [](auto chain, int ms, std::string text) -> Task<std::string> {
          co_await chain->echo_back(ms, text);
          co_return "";
        };
        start_detached(rpc::keep(echo(to_relay, 40 - 10 * (i % 2 == 0 ? i : 3 - i), std::to_string(i)), result, left),
                       contexts[static_cast<std::size_t>(i)].get());
      }
    });
    EXPECT_TRUE(world.run_until([&] { return *left == 0; }, 60s));
    std::string all;
    for (const ContextPtr& context : contexts) all += joined(context->response_baggage());
    return all;
  }

  io::sim::World world{11};
  io::sim::Process& client_process = world.process("client");
  ChainServer* server = nullptr;
  ChainServer* relay = nullptr;
  ChainClient* client = nullptr;
};

constexpr const char* kRightIds = "0.1 0.1.1 0.1.2 0.2 0.3 ";
constexpr const char* kRightEchoes = "echo=0;echo=1;echo=2;echo=3;";

TEST_F(CallChainTest, CallsAreNumberedUnderTheirCaller) {
  EXPECT_EQ(rpc_ids(), kRightIds);
}

TEST_F(CallChainTest, FindsANumberThatDoesNotAdvance) {
#ifdef SOFA_MUTANTS
  activate_mutant("child-number-stands");
  EXPECT_NE(rpc_ids(), kRightIds);
  activate_mutant(nullptr);
#else
  GTEST_SKIP() << "mutants are not in this build";
#endif
}

TEST_F(CallChainTest, EachAnswerBringsItsOwnBaggage) {
  EXPECT_EQ(echoes(), kRightEchoes);
}

TEST_F(CallChainTest, FindsTheBaggageOfAnotherAnswer) {
#ifdef SOFA_MUTANTS
  activate_mutant("response-baggage-astray");
  EXPECT_NE(echoes(), kRightEchoes);
  activate_mutant(nullptr);
#else
  GTEST_SKIP() << "mutants are not in this build";
#endif
}

TEST_F(CallChainTest, EverythingGoesOnButWhatIsOfOneCall) {
  start();
  ContextPtr context = CallContext::make();
  context->trace() = {.trace_id = "0a000007179546649764610011335", .rpc_id = "0", .sampled = true, .w3c = true};
  context->set_penetration("uid=42&mark=T%26C&");
  context->set_system_penetration("zone=RZ01A&");
  context->add_baggage("tenant", "t31");
  context->add_baggage("渠道", "手机 💰");
  context->set(kXid, "10.0.0.1:8091:42");
  context->set(kUnit, Unit{.uid = "00,42", .shard = 42, .flags = 1, .epoch = 7});
  context->set(kIdempotencyKey, "pay-1");
  context->set(kPriority, -3);
  const std::string text = pass(context, 1, {.headers = {{"x-audit", "yes"}}});

  const std::string on = "/sampled pen=uid=42&mark=T%26C& sys=zone=RZ01A& bag=tenant=t31;渠道=手机 💰;";
  const std::string attributes = " xid=10.0.0.1:8091:42 unit=00,42/42/1/7";
  EXPECT_EQ(text, "0a000007179546649764610011335/0.1" + on + " head=x-audit=yes;" + attributes +
                      " key=pay-1 priority=-3 w3c > 0a000007179546649764610011335/0.1.1" + on + " head=from=relay;" +
                      attributes + " priority=-3 w3c");
  EXPECT_THAT(context->response_baggage(), ElementsAre(Pair("by-relay", "2"), Pair("by-server", "2")));
}

TEST_F(CallChainTest, WithoutATraceNoneIsMadeUnlessAskedFor) {
  start();
  EXPECT_THAT(pass(CallContext::make()), HasSubstr("//not pen= sys= bag= head= > //not pen="));
}

TEST_F(CallChainTest, ACallWithoutATraceIsTheRootOfItsOwn) {
  BoltClientOptions options;
  options.trace_ids = std::make_shared<TraceIds>(client_process.env().clock, client_process.env().random,
                                                 TraceIds::Options{.address = "10.0.0.7", .process = 99});
  start(options);
  ContextPtr context = CallContext::make();
  const std::string first = pass(context), second = pass(context);
  EXPECT_THAT(first, testing::MatchesRegex("0a000007[0-9]+99/0/sampled .* > 0a000007[0-9]+99/0.1/sampled .*"));
  EXPECT_THAT(second, HasSubstr("/0/sampled"));
  EXPECT_NE(first.substr(0, 27), second.substr(0, 27));
  EXPECT_EQ(first.substr(0, first.find('/')), first.substr(first.find("> ") + 2, first.find('/')));
}

TEST_F(CallChainTest, TheTimeLeftShrinksFromHopToHop) {
  start();
  ContextPtr context = CallContext::make();
  context->set_deadline(client_process.clock().now() + 1s);
  (void)pass(context);
  ASSERT_TRUE(relay->chain->left && server->chain->left);
  EXPECT_LE(*relay->chain->left, 1s);
  EXPECT_LE(*server->chain->left, *relay->chain->left - 100ms);
  EXPECT_GT(*server->chain->left, 500ms);
}

}  // namespace
}  // namespace sofa::rpc
