// Calls under faults: the real Bolt client and server over the simulated network. An answer belongs to its call, every
// call ends by its deadline, calls succeed once the faults have ended, and all counts return to zero.
#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/base/fault.h"
#include "sofa/io/async.h"
#include "sofa/io/sim/chaos.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/reference.h"
#include "sofa/rpc/service.h"
#include "tests/sim/mover.h"
#include "tests/sim/seeds.h"
#include "tests/sim/talk.h"

namespace sofa::tests {

class EchoService {
 public:
  virtual ~EchoService() = default;
  virtual Task<std::string> echo(std::string text) = 0;
  virtual Task<std::string> later(std::int32_t ms, std::string text) = 0;
};

}  // namespace sofa::tests

SOFA_SERVICE(sofa::tests::EchoService, "test.EchoService", echo, later)

namespace sofa::tests {
namespace {

using namespace std::chrono_literals;
using io::sim::Process;
using io::sim::World;

constexpr std::uint16_t kPort = 12'200;
constexpr io::Duration kDeadlineSlack = 100ms;
const rpc::ServiceKey kKey{"test.EchoService", "1.0", {}};
const rpc::ServiceKey kBlockingKey{"test.EchoService", "blocking", {}};

class Echo final : public EchoService {
 public:
  Task<std::string> echo(std::string text) override { return text; }
  Task<std::string> later(std::int32_t ms, std::string text) override {
    co_await sleep(std::chrono::milliseconds(ms));
    co_return text;
  }
};

/// Keeps a worker busy for some milliseconds.
class BlockingEcho final : public EchoService {
 public:
  explicit BlockingEcho(Process& process) : process_(process) {}
  Task<std::string> echo(std::string text) override {
    process_.charge(std::chrono::milliseconds(process_.env().random.next() % 10));
    return text;
  }
  Task<std::string> later(std::int32_t, std::string text) override { return echo(std::move(text)); }

 private:
  Process& process_;
};

/// Its connections move between its shards all the time.
class Server {
 public:
  Server(Process& process, int shards)
      : pool_(process.env(), {.name = "worker", .threads = 2, .most_queued = 8}),
        shards_(process.env(), shards),
        server_(shards_, services_),
        mover_(shards_, server_.protocol_factory()) {
    publish(kKey, std::make_shared<Echo>(), {});
    publish(kBlockingKey, std::make_shared<BlockingEcho>(process), {.pool = &pool_});
    // Without a free descriptor it does not come up, and the callers are told so.
    listens_ = server_.listen({"0.0.0.0", kPort, false}).has_value();
    shards_.start();
  }
  ~Server() {
    pool_.close();
    mover_.stop();
    shards_.stop_and_join();
  }
  io::Shards& shards() { return shards_; }
  rpc::BoltServer& server() { return server_; }
  Mover& mover() { return mover_; }
  bool listens() const { return listens_; }

 private:
  void publish(const rpc::ServiceKey& key, std::shared_ptr<EchoService> service, rpc::ServiceOptions options) {
    services_.install(key, rpc::kInterface<EchoService>, std::move(service), std::move(options));
  }

  rpc::ServiceTable services_;
  io::WorkerPool pool_;
  io::Shards shards_;
  rpc::BoltServer server_;
  Mover mover_;
  bool listens_ = false;
};

/// Has a number of callers on each shard; each asks, waits for what comes, rests, and asks again.
class Client {
 public:
  Client(Process& process, Truth& truth, int shards, int callers)
      : process_(process), truth_(truth), shards_(process.env(), shards), client_(shards_, options()) {
    service_ = refer_to(kKey);
    blocking_ = refer_to(kBlockingKey);
    for (int i = 0; i < shards * callers; ++i) {
      callers_.push_back(std::make_unique<Caller>(*this, shards_[i % shards]));
      callers_.back()->rest();
    }
    shards_.start();
  }
  ~Client() {
    fall_silent();
    shards_.stop_and_join();
  }

  io::Shards& shards() { return shards_; }
  rpc::BoltClient& client() { return client_; }
  void fall_silent() {
    silent_ = true;
    for (auto& caller : callers_) caller->shard.timers().cancel(caller->timer);
  }
  bool idle() const {
    return std::none_of(callers_.begin(), callers_.end(), [](const auto& caller) { return caller->asking; });
  }
  void check_deadlines() {
    const io::TimePoint now = process_.env().clock.now();
    for (auto& caller : callers_) {
      if (caller->asking && now > caller->deadline + kDeadlineSlack) truth_.found("a call has not ended in time");
    }
  }
  std::uint64_t succeeded() const { return succeeded_; }

 private:
  struct Caller {
    Caller(Client& owner, io::Shard& on) : client(owner), shard(on) {
      timer.set([](void* self) noexcept { static_cast<Caller*>(self)->client.ask(*static_cast<Caller*>(self)); }, this);
    }
    void rest() {
      const std::uint64_t ms = shard.env().random.next() % 200;
      if (!client.silent_) shard.timers().arm(timer, shard.now() + std::chrono::milliseconds(ms));
    }
    Client& client;
    io::Shard& shard;
    io::Timer timer;
    bool asking = false;
    io::TimePoint deadline;
  };

  rpc::Reference<EchoService> refer_to(const rpc::ServiceKey& key) {
    auto remote = client_.make_remote({.address = {"server", kPort, false},
                                       .key = key,
                                       .interface = &rpc::kInterface<EchoService>,
                                       .app = process_.name()});
    return rpc::Reference<EchoService>(
        std::make_shared<const rpc::Route>(rpc::Route{std::make_shared<rpc::Slot>(), *remote, key.to_string()}));
  }

  static rpc::BoltClientOptions options() {
    rpc::BoltClientOptions options;
    options.heartbeat = 1s;
    options.max_in_flight = 16;  // so that ids are soon used again
    return options;
  }

  void ask(Caller& caller) {
    io::Random& random = process_.env().random;
    // While there are faults many calls are too slow for their deadline; afterwards none is.
    const io::Duration timeout =
        truth_.strict ? 2s : io::Duration(std::chrono::milliseconds(20 + random.next() % 1'000));
    const auto slow = static_cast<std::int32_t>(random.next() % (truth_.strict ? 30 : 600));
    std::string text = fmt::format("{}:{}", process_.name(), ++asked_);
    if (random.next() % 16 == 0) text.resize(random.next() % 60'000, 'x');
    caller.asking = true;
    caller.deadline = caller.shard.now() + timeout;
    rpc::CallOptions call_options;
    call_options.timeout = timeout;
    const auto timed = (random.next() % 4 == 0 ? blocking_ : service_).with(call_options);
    auto call = random.next() % 2 == 0 ? timed->echo(text) : timed->later(slow, text);
    start_detached(keep(caller, timed, std::move(call), std::move(text), truth_.strict), nullptr);
  }

  Task<void> keep(Caller& caller, rpc::Reference<EchoService>, Task<std::string> call, std::string text, bool strict) {
    const Result<std::string> answer = co_await as_result(std::move(call));
    caller.asking = false;
    if (answer && *answer != text) truth_.found("a call gets the answer of another");
    if (!answer && !silent_ && (strict || !may_fail_with(answer.error()))) {
      truth_.found(fmt::format("a call fails: {}", answer.error().what()));
    }
    succeeded_ += answer.has_value();
    caller.rest();
  }

  /// What a call may come to when a server is slow, full, unreachable or dies.
  static bool may_fail_with(const Error& error) {
    // The server's own timer may be the first to see that the time is over.
    const bool late_there = error.is(rpc::Code::kServerUndeclared) && error.message() == "the call's deadline passed";
    if (error.is(rpc::Code::kClientTimeout) || late_there) return true;
    const bool full = error.is(rpc::Code::kServerBusy) || error.is(rpc::Code::kClientUndeclared);
    return (full || error.is(rpc::Code::kClientNetwork)) && error.retriable();
  }

  Process& process_;
  Truth& truth_;
  bool silent_ = false;
  std::uint64_t asked_ = 0;
  std::uint64_t succeeded_ = 0;
  std::vector<std::unique_ptr<Caller>> callers_;
  io::Shards shards_;
  rpc::BoltClient client_;
  rpc::Reference<EchoService> service_;
  rpc::Reference<EchoService> blocking_;
};

class Run {
 public:
  explicit Run(std::uint64_t seed) : truth_(world_), world_(seed, world_options(seed)) {
    const int server_shards = static_cast<int>(world_.dice().between(1, 3));
    server_process_.boot([this, server_shards](Process& self) {
      auto server = std::make_shared<Server>(self, server_shards);
      server_ = server.get();
      return server;
    });
    const int shards = static_cast<int>(world_.dice().between(1, 2)),
              callers = static_cast<int>(world_.dice().between(1, 8));
    client_process_.boot([this, shards, callers](Process& self) {
      auto client = std::make_shared<Client>(self, truth_, shards, callers);
      client_ = client.get();
      return client;
    });
  }

  SimResult run() {
    watch();
    with_faults();
    if (!truth_.fault()) without_faults();
    if (!truth_.fault()) to_the_end();
    return {truth_.fault(), world_.trace_hash(), world_.now()};
  }

 private:
  void watch() {
    world_.after(50ms, [this] {
      if (client_process_.alive() && client_process_.paused_until() + 50ms < world_.now()) client_->check_deadlines();
      watch();
    });
  }

  void with_faults() {
    io::sim::ChaosOptions options;
    for (auto& weight : options.weights) weight = static_cast<std::uint32_t>(1 + world_.dice().below(8));
    options.mean_gap = world_.dice().between(io::Duration(200ms), io::Duration(2s));
    options.longest_fault = 3s;
    io::sim::Chaos chaos(world_, {&server_process_, &client_process_}, options);
    chaos.start();
    const ArmedFaults armed(world_.seed());
    world_.run_until([this] { return truth_.fault().has_value(); }, 15s);
    chaos.stop();
  }

  void without_faults() {
    world_.run_until([this] { return truth_.fault().has_value(); }, 12s);
    truth_.strict = true;
    const std::uint64_t before = client_->succeeded();
    world_.run_until([this] { return truth_.fault().has_value(); }, 4s);
    if (client_->succeeded() < before + 5) truth_.found("calls do not succeed although there is no fault any more");
  }

  void to_the_end() {
    client_->fall_silent();
    if (!world_.run_until([this] { return client_->idle(); }, 5s)) return truth_.found("some calls do not end");
    const auto client = client_->client().counts();
    const auto server = server_->server().counts();
    if (client.in_flight != 0 || client.waiting != 0)
      truth_.found(fmt::format("the client counts {} calls", client.in_flight));
    if (server.in_flight != 0) truth_.found(fmt::format("the server counts {} calls", server.in_flight));
    client_->client().close();
    server_->mover().stop();
    // Half-open connections at the server end when it has heard nothing for its idle time.
    world_.run_for(100s);
    check_nothing_is_left("the server", server_process_, server_->shards(),
                          static_cast<std::size_t>(server_->shards().size()));
    check_nothing_is_left("the client", client_process_, client_->shards(), 0);
  }

  void check_nothing_is_left(const char* who, Process& process, io::Shards& shards, std::size_t listeners) {
    for (int i = 0; i < shards.size(); ++i) {
      if (shards[i].connections() != 0) truth_.found(fmt::format("{} keeps a connection", who));
      if (shards[i].timers().size() != 0) truth_.found(fmt::format("{} keeps a timer", who));
    }
    if (process.descriptors().open_count() != listeners) truth_.found(fmt::format("{} keeps a handle", who));
  }

  Truth truth_;
  World world_;
  Process& server_process_ = world_.process("server");
  Process& client_process_ = world_.process("client");
  Server* server_ = nullptr;
  Client* client_ = nullptr;
};

SimResult calls(std::uint64_t seed) {
  return Run(seed).run();
}

TEST(CallSimTest, NoSeedFindsAFault) {
  expect_no_fault("call_sim_test", calls);
}
TEST(CallSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(calls);
}
TEST(CallSimTest, FindsALateReplyMatchedToAReusedId) {
  expect_mutant_found("late-reply-matched", calls);
}
TEST(CallSimTest, FindsAnInFlightCountThatLeaks) {
  expect_mutant_found("inflight-leak", calls);
}
TEST(CallSimTest, FindsBytesLostInAMove) {
  expect_mutant_found("move-loses-bytes", calls);
}
TEST(CallSimTest, EveryFaultPointStrikes) {
  expect_fault_points_struck(
      {"accept-no-handles", "accept-broken", "connect-refused-at-once", "resolver-fails", "readable-without-data",
       "read-into-tail", "read-one-byte", "write-one-byte", "write-would-block", "woken-for-nothing", "woken-twice",
       "mail-a-turn-late", "timers-a-turn-late", "worker-pool-full", "no-block-cached", "request-front-unknown",
       "request-route-unknown", "server-busy", "client-queue-full"},
      calls);
}

}  // namespace
}  // namespace sofa::tests
