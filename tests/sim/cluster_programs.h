// The programs of a simulated cluster (cluster_run.h): providers of a ledger, and a client whose callers ask it.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "sofa/io/async.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_remote.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/cluster_remote.h"
#include "sofa/rpc/reference.h"
#include "sofa/rpc/service.h"
#include "tests/sim/seeds.h"
#include "tests/sim/talk.h"

namespace sofa::tests {

class LedgerService {
 public:
  static constexpr std::string_view idempotent[] = {"look"};
  virtual ~LedgerService() = default;
  /// Unsafe: books once more each time it is served.
  virtual Task<std::int64_t> book(std::int64_t id, std::int64_t asked_ns, std::int32_t ms) = 0;
  virtual Task<std::int64_t> look(std::int64_t id, std::int64_t asked_ns, std::int32_t ms) = 0;
};

}  // namespace sofa::tests

SOFA_SERVICE(sofa::tests::LedgerService, "test.LedgerService", book, look)

namespace sofa::tests {

using namespace std::chrono_literals;
using io::sim::Process;
using io::sim::World;

constexpr std::uint16_t kPort = 12'200;
constexpr io::Duration kDeadlineSlack = 100ms;
constexpr io::Duration kLongestPause = 2s;
constexpr io::Duration kLatestList = 1s;
inline const rpc::ServiceKey kKey{"test.LedgerService", "1.0", {}};

/// What has happened at the providers, over all their lives.
struct Book {
  explicit Book(World& in, Truth& judge, std::size_t providers) : world(in), truth(judge), left_at(providers) {}

  void served(std::size_t provider, std::int64_t id, std::int64_t asked_ns, bool is_safe) {
    if (!is_safe && ++times[id] > 1) truth.found("an unsafe call is served twice");
    const auto& left = left_at[provider];
    if (left && io::Duration(asked_ns) > *left + kLatestList + kLongestPause + 1s) {
      truth.found("a provider that has left the list is called");
    }
  }

  World& world;
  Truth& truth;
  std::map<std::int64_t, int> times;
  std::vector<std::optional<io::sim::Time>> left_at;
};

class Ledger final : public LedgerService {
 public:
  Ledger(Book& book, std::size_t provider) : book_(book), provider_(provider) {}
  Task<std::int64_t> book(std::int64_t id, std::int64_t asked_ns, std::int32_t ms) override {
    book_.served(provider_, id, asked_ns, false);
    co_await sleep(std::chrono::milliseconds(ms));
    co_return id;
  }
  Task<std::int64_t> look(std::int64_t id, std::int64_t asked_ns, std::int32_t ms) override {
    book_.served(provider_, id, asked_ns, true);
    co_await sleep(std::chrono::milliseconds(ms));
    co_return id;
  }

 private:
  Book& book_;
  const std::size_t provider_;
};

class Server {
 public:
  Server(Process& process, Book& book, std::size_t provider) : shards_(process.env(), 1), server_(shards_, services_) {
    services_.install(kKey, rpc::kInterface<LedgerService>, std::make_shared<Ledger>(book, provider));
    (void)server_.listen({"0.0.0.0", kPort, false});  // without a free descriptor it does not come up
    shards_.start();
  }
  io::Shards& shards() { return shards_; }
  /// As a server does that is told to end.
  void stop(std::function<void()> stopped) {
    on_result(shards_[0], server_.stop(shards_[0].env().clock.now() + 3s),
              [stopped = std::move(stopped)](const Result<void>&) { stopped(); });
  }

 private:
  rpc::ServiceTable services_;
  io::Shards shards_;
  rpc::BoltServer server_;
};

/// Callers on each shard who ask, wait for what comes, rest, and ask again.
class Client {
 public:
  Client(Process& process, Truth& truth, int shards, int callers, rpc::ClusterOptions options)
      : process_(process), truth_(truth), shards_(process.env(), shards), client_(shards_, client_options()) {
    const auto requests = *client_.make_requests({.address = {},
                                                  .key = kKey,
                                                  .interface = &rpc::kInterface<LedgerService>,
                                                  .app = process.name(),
                                                  .timeout = 1s});
    cluster_ = *rpc::ClusterRemote::make(
        shards_, {.service = kKey.to_string(), .timeout = 1s, .source = "the test"}, std::move(options),
        [this, requests](const rpc::Provider& provider) { return client_.make_remote(provider.address, requests); });
    service_ = rpc::Reference<LedgerService>(
        std::make_shared<const rpc::Route>(rpc::Route{std::make_shared<rpc::Slot>(), cluster_, kKey.to_string()}));
    for (int i = 0; i < shards * callers; ++i) {
      callers_.push_back(std::make_unique<Caller>(*this, shards_[i % shards]));
      callers_.back()->rest();
    }
    shards_.start();
  }
  ~Client() { fall_silent(); }

  rpc::ClusterRemote& cluster() { return *cluster_; }
  io::Shards& shards() { return shards_; }
  rpc::BoltClientCounts<std::uint64_t> counts() const { return client_.counts(); }
  void fall_silent() {
    silent_ = true;
    for (auto& caller : callers_) caller->shard.timers().cancel(caller->timer);
  }
  void speak_again() {
    silent_ = false;
    for (auto& caller : callers_) caller->rest();
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
      const std::uint64_t ms = shard.env().random.next() % 100;
      if (!client.silent_) shard.timers().arm(timer, shard.now() + std::chrono::milliseconds(ms));
    }
    Client& client;
    io::Shard& shard;
    io::Timer timer;
    bool asking = false;
    io::TimePoint deadline;
  };

  static rpc::BoltClientOptions client_options() {
    rpc::BoltClientOptions options;
    options.heartbeat = 1s;
    return options;
  }

  void ask(Caller& caller) {
    io::Random& random = process_.env().random;
    // While there are faults many calls are too slow for their deadline; afterwards none is.
    const io::Duration timeout =
        truth_.strict ? 2s : io::Duration(std::chrono::milliseconds(20 + random.next() % 1'000));
    const auto slow = static_cast<std::int32_t>(random.next() % (truth_.strict ? 30 : 300));
    const std::int64_t id = ++asked_;
    caller.asking = true;
    caller.deadline = caller.shard.now() + timeout;
    const auto timed = service_.with({.timeout = timeout});
    const std::int64_t asked_ns = process_.world().now().count();
    auto call = random.next() % 2 == 0 ? timed->book(id, asked_ns, slow) : timed->look(id, asked_ns, slow);
    start_detached(keep(caller, timed, std::move(call), id, truth_.strict), nullptr);
  }

  Task<void> keep(Caller& caller, rpc::Reference<LedgerService>, Task<std::int64_t> call, std::int64_t id,
                  bool strict) {
    const Result<std::int64_t> answer = co_await as_result(std::move(call));
    caller.asking = false;
    if (answer && *answer != id) truth_.found("a call gets the answer of another");
    if (!answer && strict && !silent_) truth_.found(fmt::format("a call fails: {}", answer.error().what()));
    succeeded_ += answer.has_value();
    caller.rest();
  }

  Process& process_;
  Truth& truth_;
  bool silent_ = false;
  std::int64_t asked_ = 0;
  std::uint64_t succeeded_ = 0;
  std::vector<std::unique_ptr<Caller>> callers_;
  io::Shards shards_;
  rpc::BoltClient client_;
  std::shared_ptr<rpc::ClusterRemote> cluster_;
  rpc::Reference<LedgerService> service_;
};

}  // namespace sofa::tests
