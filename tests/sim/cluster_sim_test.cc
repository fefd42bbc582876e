// Clusters under faults: a client with several providers, which fail, freeze, restart, and come and go in its list.
// What is unsafe is served once at the most; every call ends by its deadline, retries stay within their budget, who has
// left the list is not called; and while nothing but orderly restarts happens, no call fails.
#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/base/fault.h"
#include "sofa/io/async.h"
#include "sofa/io/sim/chaos.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_remote.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/cluster/balancer.h"
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
namespace {

using namespace std::chrono_literals;
using io::sim::Process;
using io::sim::World;

constexpr std::uint16_t kPort = 12'200;
constexpr io::Duration kDeadlineSlack = 100ms;
constexpr io::Duration kLongestPause = 2s;
constexpr io::Duration kLatestList = 1s;
const rpc::ServiceKey kKey{"test.LedgerService", "1.0", {}};

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
    slot_->install(std::make_shared<Ledger>(book, provider));
    services_.publish(
        std::make_shared<rpc::ServiceEntry>(kKey, rpc::kInterface<LedgerService>, slot_, rpc::ServiceOptions{}));
    (void)server_.listen({"0.0.0.0", kPort, false});  // without a free descriptor it does not come up
    shards_.start();
  }
  /// As a server does that is told to end.
  void stop(std::function<void()> stopped) {
    on_result(shards_[0], server_.stop(shards_[0].env().clock.now() + 3s),
              [stopped = std::move(stopped)](const Result<void>&) { stopped(); });
  }

 private:
  std::shared_ptr<rpc::Slot> slot_ = std::make_shared<rpc::Slot>();
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
  int shards() const { return shards_.size(); }
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

class Run {
 public:
  explicit Run(std::uint64_t seed) : truth_(world_), world_(seed, options()), book_(world_, truth_, providers_) {
    for (std::size_t i = 0; i < providers_; ++i) {
      processes_.push_back(&world_.process("provider" + std::to_string(i)));
      servers_.push_back(nullptr);
      listed_.push_back(true);
      start(i);
    }
    const int shards = static_cast<int>(world_.dice().between(1, 2)),
              callers = static_cast<int>(world_.dice().between(1, 8));
    client_process_.boot([this, shards, callers, options = cluster_options()](Process& self) {
      auto client = std::make_shared<Client>(self, truth_, shards, callers, options);
      client_ = client.get();
      return client;
    });
    tell();
  }

  SimResult run() {
    watch();
    with_faults();
    if (!truth_.fault()) without_faults();
    if (!truth_.fault()) to_the_end();
    const SimResult result{truth_.fault(), world_.trace_hash(), world_.now()};
    client_->fall_silent();
    world_.run_for(5s);  // until the calls under way have ended
    return result;
  }

 private:
  static io::sim::Options options() {
    io::sim::Options options;
    options.net.give_up = 8s;
    options.net.connect_timeout = 8s;
    return options;
  }

  rpc::ClusterOptions cluster_options() {
    auto& dice = world_.dice();
    const auto balancers = rpc::balancer_names();
    rpc::ClusterOptions options{.retries = static_cast<std::uint32_t>(dice.below(4))};
    options.retry_budget.least_per_second = 1;
    options.load_balancer = std::string(balancers[dice.below(balancers.size())]);
    options.sticky = dice.chance(100'000);
    if (dice.chance(500'000)) options.attempt_timeout = 200ms;
    if (dice.chance(500'000)) options.hedge_after = 50ms;
    options.connect = static_cast<rpc::Connect>(dice.below(3));
    options.elastic_size = 2;
    options.fault_tolerance.time_window = 1s;
    options.fault_tolerance.least_call_count = 10;
    options.fault_tolerance.least_window_count = 3;
    options.fault_tolerance.ejection = 3s;
    return options;
  }

  void start(std::size_t i) {
    processes_[i]->boot([this, i](Process& self) {
      auto server = std::make_shared<Server>(self, book_, i);
      servers_[i] = server.get();
      return server;
    });
  }

  void watch() {
    world_.after(50ms, [this] {
      if (client_process_.paused_until() + 50ms < world_.now()) client_->check_deadlines();
      watch();
    });
  }

  /// The client hears of the list after a while, and perhaps of an older one after a newer.
  void tell(io::Duration latest = kLatestList) {
    auto list = std::make_shared<rpc::ProviderList>();
    list->version = ++version_;
    for (std::size_t i = 0; i < providers_; ++i) {
      if (listed_[i]) list->providers.push_back({.address = {processes_[i]->name(), kPort, false}});
    }
    if (has_ghost_) list->providers.push_back({.address = {"ghost", kPort, false}});
    world_.after(world_.dice().between(io::Duration(1ms), latest),
                 [this, list] { client_->cluster().set_providers(list); });
  }
  void list(std::size_t i, bool is_there, io::Duration latest = kLatestList) {
    listed_[i] = is_there;
    book_.left_at[i] = is_there ? std::nullopt : std::optional(world_.now());
    tell(latest);
  }

  void change_lists() {
    world_.after(world_.dice().between(io::Duration(300ms), io::Duration(6s)), [this] {
      if (truth_.strict || !changing_) return;
      const std::size_t i = world_.dice().below(providers_);
      list(i, !listed_[i]);
      change_lists();
    });
  }

  void with_faults() {
    io::sim::ChaosOptions options;
    for (auto& weight : options.weights) weight = static_cast<std::uint32_t>(1 + world_.dice().below(8));
    options.mean_gap = world_.dice().between(io::Duration(200ms), io::Duration(2s));
    options.longest_fault = 3s;
    options.longest_pause = kLongestPause;
    // Chaos cuts the client off like anybody, but kills providers only: what the client knows is what is checked.
    std::vector<Process*> victims = processes_;
    io::sim::Chaos chaos(world_, victims, options);
    chaos.start();
    befall_client();
    changing_ = true;
    change_lists();
    const ArmedFaults armed(world_.seed());
    world_.run_until([this] { return truth_.fault().has_value(); }, 20s);
    changing_ = false;
    chaos.stop();
  }

  void befall_client() {
    world_.after(world_.dice().between(io::Duration(100ms), io::Duration(4s)), [this] {
      if (!changing_) return;
      Process& other = *processes_[world_.dice().below(providers_)];
      io::sim::Network& network = world_.network();
      switch (world_.dice().below(4)) {
        case 0:
          network.reset_connections(client_process_, other, 2);
          break;
        case 1:
          network.forget_connections(client_process_, other, 2);
          break;
        case 2:
          client_process_.pause(world_.dice().between(io::Duration(1ms), kLongestPause));
          break;
        default:
          world_.dice().chance(500'000) ? network.block(client_process_, other) : network.block(other, client_process_);
          world_.after(1s, [&network, &other, this] {
            network.unblock(client_process_, other);
            network.unblock(other, client_process_);
          });
      }
      befall_client();
    });
  }

  bool is_at_fault() const { return truth_.fault().has_value(); }

  void without_faults() {
    for (std::size_t i = 0; i < providers_; ++i) {
      if (!listed_[i]) list(i, true);
    }
    world_.run_until([this] { return is_at_fault(); }, 14s);
    truth_.strict = true;
    world_.run_until([this] { return is_at_fault(); }, 2s);
    const std::uint64_t before = client_->succeeded();
    for (std::size_t i = 0; i < providers_ && !is_at_fault(); ++i) restart(i);
    if (client_->succeeded() < before + 5) truth_.found("calls do not succeed although there is no fault any more");
  }

  /// Unlisted, stopped when it is quiet, started anew, listed again.
  void restart(std::size_t i) {
    const bool others = std::count(listed_.begin(), listed_.end(), true) > 1;
    if (!others) return;
    list(i, false, 100ms);
    world_.run_until([this] { return is_at_fault(); }, 500ms);
    bool stopped = false;
    servers_[i]->stop([&stopped] { stopped = true; });
    world_.run_until([&] { return stopped || is_at_fault(); }, 5s);
    processes_[i]->kill(io::sim::Death::kKilled);
    world_.run_until([this] { return is_at_fault(); }, 100ms);
    processes_[i]->restart();
    list(i, true, 100ms);
    world_.run_until([this] { return is_at_fault(); }, 500ms);
  }

  void to_the_end() {
    client_->fall_silent();
    if (!world_.run_until([this] { return client_->idle(); }, 5s)) return truth_.found("some calls do not end");
    const auto counts = client_->cluster().counts();
    const double seconds = std::chrono::duration<double>(world_.now()).count() * 1.01 + 1;
    const double budget = 0.1 * static_cast<double>(counts.calls) + client_->shards() * seconds + 1;
    if (static_cast<double>(counts.retries + counts.hedges) > budget) {
      truth_.found(fmt::format("{} calls were tried again {} times, {} were asked twice", counts.calls, counts.retries,
                               counts.hedges));
    }
  }

  Truth truth_;
  World world_;
  std::size_t providers_ = world_.dice().between(2, 6);
  Book book_;
  std::vector<Process*> processes_;
  std::vector<Server*> servers_;
  std::vector<bool> listed_;
  std::uint64_t version_ = 0;
  bool changing_ = false;
  bool has_ghost_ = world_.dice().chance(500'000) && world_.process("ghost").alive();  // listed, and nobody listens
  Process& client_process_ = world_.process("client");
  Client* client_ = nullptr;
};

SimResult clusters(std::uint64_t seed) {
  return Run(seed).run();
}

TEST(ClusterSimTest, NoSeedFindsAFault) {
  expect_no_fault("cluster_sim_test", clusters);
}
TEST(ClusterSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(clusters);
}

class ClusterMutantTest : public testing::TestWithParam<const char*> {};
TEST_P(ClusterMutantTest, IsFound) {
  expect_mutant_found(GetParam(), clusters);
}
INSTANTIATE_TEST_SUITE_P(Planted, ClusterMutantTest,
                         testing::Values("deadline-resets-on-retry", "unsafe-call-retried", "unsafe-call-hedged",
                                         "retry-budget-ignored", "unsent-call-not-moved", "removed-provider-kept",
                                         "older-list-accepted", "waiting-calls-forgotten"));

}  // namespace
}  // namespace sofa::tests
