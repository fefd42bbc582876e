// Overload: callers in open loop ask three times as much as a service can do, one that blocks the threads of a pool or
// one that stands in line behind an adaptive limit. What it can do is still done, and in time; everybody else is told
// SERVER_BUSY soon, the less important ones first, and was not served; afterwards nothing is refused or left.
#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/io/async.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/reference.h"
#include "sofa/rpc/service.h"
#include "tests/sim/seeds.h"
#include "tests/sim/talk.h"

namespace sofa::tests {

class WorkService {
 public:
  virtual ~WorkService() = default;
  virtual Task<std::int64_t> work(std::int64_t id) = 0;
  virtual Task<std::int64_t> tidy(std::int64_t id) = 0;
};

}  // namespace sofa::tests

SOFA_SERVICE(sofa::tests::WorkService, "test.WorkService", work, tidy)

namespace sofa::tests {
namespace {

using namespace std::chrono_literals;
using io::Duration;
using io::TimePoint;
using io::sim::Process;
using io::sim::World;

constexpr std::uint16_t kPort = 12'200;
constexpr Duration kWay = 100ms;  // there and back, with what the seeds do to packets and turns
constexpr int kCalls = 500;       // that a phase gives the service time for
const rpc::ServiceKey kKey{"test.WorkService", "1.0", {}};

/// What a seed decides.
struct Load {
  explicit Load(io::sim::Dice dice)
      : blocking(dice.below(2) == 0),
        places(static_cast<int>(dice.between(4, 8))),
        job(dice.between(Duration(50ms), Duration(300ms))),
        shards(static_cast<int>(dice.between(1, 2))),
        freeze(dice.below(2) == 0 ? Duration(0) : dice.between(Duration(100ms), Duration(2s))) {}
  /// Between two calls of a load that the service can just do.
  Duration gap() const { return job / places; }

  bool blocking;
  int places;
  Duration job;
  int shards;
  Duration freeze;  // before the measured overload
};

/// A job takes from three to five quarters of `job`, in a worker's time or in a place of which there are as many.
class Works final : public WorkService {
 public:
  Works(Process& process, const Load& load, std::set<std::int64_t>& served)
      : process_(process), load_(load), served_(served), free_at_(static_cast<std::size_t>(load.places)) {}

  Task<std::int64_t> work(std::int64_t id) override {
    served_.insert(id);
    const Duration takes =
        load_.job * 3 / 4 + Duration(static_cast<Duration::rep>(process_.env().random.next() %
                                                                static_cast<std::uint64_t>((load_.job / 2).count())));
    if (!load_.blocking) return in_turn(id, takes);
    process_.charge(takes);
    return id;
  }
  Task<std::int64_t> tidy(std::int64_t id) override { return work(id); }

 private:
  Task<std::int64_t> in_turn(std::int64_t id, Duration takes) {
    const TimePoint now = process_.env().clock.now();
    TimePoint& place = *std::ranges::min_element(free_at_);
    place = std::max(place, now) + takes;
    co_await sleep(place - now);
    co_return id;
  }

  Process& process_;
  const Load& load_;
  std::set<std::int64_t>& served_;
  std::vector<TimePoint> free_at_;
};

class Server {
 public:
  Server(Process& process, const Load& load, std::set<std::int64_t>& served)
      : pool_(process.env(), {.name = "worker", .threads = load.places}),
        shards_(process.env(), load.shards),
        server_(shards_, services_) {
    std::shared_ptr<WorkService> works = std::make_shared<Works>(process, load, served);
    rpc::ServiceOptions options{.adaptive_limit = !load.blocking};
    if (load.blocking) options = {.pool = &pool_, .by_method = {{"tidy", {.priority = -3}}}};
    entry_ = std::make_shared<rpc::ServiceEntry>(kKey, rpc::kInterface<WorkService>, options);
    services_.slot(entry_->text())->install(std::move(works), entry_);
    EXPECT_TRUE(server_.listen({"0.0.0.0", kPort, false}).has_value());
    shards_.start();
  }
  ~Server() {
    pool_.close();
    shards_.stop_and_join();
  }
  io::Shards& shards() { return shards_; }
  std::uint64_t under_way() const { return server_.counts().in_flight + entry_->limit().in_flight() + pool_.queued(); }

 private:
  rpc::ServiceTable services_;
  std::shared_ptr<rpc::ServiceEntry> entry_;
  io::WorkerPool pool_;
  io::Shards shards_;
  rpc::BoltServer server_;
};

/// What became of the calls of one method that began in a phase.
struct Tally {
  int asked = 0;
  int busy = 0;
  std::vector<Duration> took;  // those that were served
};
struct Phase {
  bool measured = false;    // else calls may fail in other ways too
  std::array<Tally, 2> of;  // work, tidy
  int served() const { return static_cast<int>(of[0].took.size() + of[1].took.size()); }
  int busy() const { return of[0].busy + of[1].busy; }
  int asked() const { return of[0].asked + of[1].asked; }
};

/// Asks, whatever the answers: each shard its share.
class Client {
 public:
  Client(Process& process, Truth& truth, const Load& load, const std::set<std::int64_t>& served)
      : process_(process),
        truth_(truth),
        load_(load),
        served_(served),
        shards_(process.env(), load.shards),
        client_(shards_, {}) {
    auto remote = client_.make_remote({.address = {"server", kPort, false},
                                       .key = kKey,
                                       .interface = &rpc::kInterface<WorkService>,
                                       .app = process_.name()});
    service_ = rpc::Reference<WorkService>(
                   std::make_shared<const rpc::Route>(rpc::Route{std::make_shared<rpc::Slot>(), *remote, "work"}))
                   .with({.timeout = 4 * load.job + 1s});
    for (int i = 0; i < load.shards; ++i) askers_.push_back(std::make_unique<Asker>(*this, shards_[i]));
    shards_.start();
  }
  ~Client() {
    fall_silent();
    shards_.stop_and_join();
  }
  /// From now on so many calls for one that the service can do, in hundredths, which count for `phase`.
  void ask(int percent, Phase& phase) {
    gap_ = load_.gap() * 100 / percent * load_.shards;
    phase_ = &phase;
  }
  void fall_silent() {
    for (auto& asker : askers_) asker->shard.timers().cancel(asker->timer);
  }
  int under_way() const { return under_way_; }
  rpc::BoltClient& client() { return client_; }
  io::Shards& shards() { return shards_; }

 private:
  struct Asker {
    Asker(Client& owner, io::Shard& on) : client(owner), shard(on), due(on.now()) {
      timer.set([](void* self) noexcept { static_cast<Asker*>(self)->turn(); }, this);
      turn();
    }
    void turn() {
      for (; due <= shard.now(); due += client.next_gap()) {
        if (client.phase_) client.ask_one();
      }
      shard.timers().arm(timer, due);
    }
    Client& client;
    io::Shard& shard;
    TimePoint due;
    io::Timer timer;
  };

  Duration next_gap() {
    return Duration(
        1 + static_cast<Duration::rep>(process_.env().random.next() % static_cast<std::uint64_t>(2 * gap_.count())));
  }

  void ask_one() {
    const std::int64_t id = ++last_id_;
    const bool less = process_.env().random.next() % 2 == 0;
    start_detached(keep(id, less ? service_->tidy(id) : service_->work(id), *phase_, phase_->of[less ? 1 : 0]),
                   nullptr);
  }

  Task<void> keep(std::int64_t id, Task<std::int64_t> call, Phase& phase, Tally& tally) {
    const TimePoint began = process_.env().clock.now();
    ++tally.asked;
    ++under_way_;
    const Result<std::int64_t> answer = co_await as_result(std::move(call));
    --under_way_;
    const Duration took = process_.env().clock.now() - began;
    if (answer) {
      tally.took.push_back(took);
      if (*answer != id) truth_.found("a call gets the answer of another");
    } else if (answer.error().is(rpc::Code::kServerBusy)) {
      ++tally.busy;
      if (!answer.error().retriable()) truth_.found("SERVER_BUSY is not said to be retriable");
      if (served_.contains(id)) truth_.found("a call that was told SERVER_BUSY was served");
      const Duration soon = load_.blocking ? 2 * load_.job : Duration(0);
      if (phase.measured && took > soon + kWay)
        truth_.found(fmt::format("SERVER_BUSY is said after {} ms", took / 1ms));
    } else if (phase.measured) {
      truth_.found(fmt::format("a call fails: {}", answer.error().what()));
    }
  }

  Process& process_;
  Truth& truth_;
  const Load& load_;
  const std::set<std::int64_t>& served_;
  Duration gap_ = 10ms;
  Phase* phase_ = nullptr;
  std::int64_t last_id_ = 0;
  int under_way_ = 0;
  io::Shards shards_;
  rpc::BoltClient client_;
  rpc::Reference<WorkService> service_;
  std::vector<std::unique_ptr<Asker>> askers_;
};

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : world_(seed, world_options(seed)), truth_(world_), load_(world_.dice().split("load")) {
    server_process_.boot([this](Process& self) {
      auto server = std::make_shared<Server>(self, load_, served_);
      server_ = server.get();
      return server;
    });
    client_process_.boot([this](Process& self) {
      auto client = std::make_shared<Client>(self, truth_, load_, served_);
      client_ = client.get();
      return client;
    });
  }

  SimResult run() {
    client_->ask(300, at_first_);
    turn_for(kCalls);
    if (load_.freeze > 0ms) server_process_.pause(load_.freeze);
    turn_for(kCalls);
    overload_.measured = true;
    client_->ask(300, overload_);
    turn_for(kCalls);
    client_->ask(50, relief_);
    turn_for(kCalls / 4);
    calm_.measured = true;
    client_->ask(50, calm_);
    turn_for(kCalls);
    to_the_end();
    if (!truth_.fault()) judge();
    return {truth_.fault(), world_.trace_hash(), world_.now()};
  }

 private:
  void turn_for(int calls) {
    world_.run_until([this] { return truth_.fault().has_value(); }, calls * load_.gap());
  }

  void to_the_end() {
    client_->fall_silent();
    world_.run_until([this] { return client_->under_way() == 0; }, 10s);
    const auto counts = client_->client().counts();
    if (client_->under_way() != 0 || counts.in_flight != 0 || counts.waiting != 0)
      truth_.found("some calls do not end");
    // The calls that nobody waits for any more end too.
    world_.run_until([this] { return server_->under_way() == 0; }, 10s);
    if (server_->under_way() != 0) truth_.found(fmt::format("the server counts {} calls", server_->under_way()));
    client_->client().close();
    world_.run_for(100s);
    check_nothing_is_left("the server", server_process_, server_->shards(), static_cast<std::size_t>(load_.shards));
    check_nothing_is_left("the client", client_process_, client_->shards(), 0);
  }

  void check_nothing_is_left(const char* who, Process& process, io::Shards& shards, std::size_t listeners) {
    for (int i = 0; i < shards.size(); ++i) {
      if (shards[i].connections() != 0) truth_.found(fmt::format("{} keeps a connection", who));
      if (shards[i].timers().size() != 0) truth_.found(fmt::format("{} keeps a timer", who));
    }
    if (process.descriptors().open_count() != listeners) truth_.found(fmt::format("{} keeps a handle", who));
  }

  void judge() {
    std::vector<Duration> took = overload_.of[0].took;
    took.insert(took.end(), overload_.of[1].took.begin(), overload_.of[1].took.end());
    std::ranges::sort(took);
    if (overload_.served() < kCalls * 8 / 10) {
      return truth_.found(fmt::format("only {} of {} calls are served under overload", overload_.served(), kCalls));
    }
    const Duration p99 = took[took.size() * 99 / 100];
    if (p99 > 4 * load_.job + kWay) truth_.found(fmt::format("served calls take {} ms", p99 / 1ms));
    const auto& [work, tidy] = overload_.of;
    if (load_.blocking && tidy.took.size() > work.took.size()) {
      truth_.found(
          fmt::format("{} less important calls are served, and {} others", tidy.took.size(), work.took.size()));
    }
    // An adaptive limit measures with few calls, now and then.
    const int refused_at_most = load_.blocking ? 0 : calm_.asked() / 5;
    if (calm_.busy() > refused_at_most) {
      truth_.found(fmt::format("{} of {} calls are refused at half load", calm_.busy(), calm_.asked()));
    }
  }

  World world_;
  Truth truth_;
  const Load load_;
  std::set<std::int64_t> served_;
  Phase at_first_, overload_, relief_, calm_;
  Process& server_process_ = world_.process("server");
  Process& client_process_ = world_.process("client");
  Server* server_ = nullptr;
  Client* client_ = nullptr;
};

SimResult overload(std::uint64_t seed) {
  return Run(seed).run();
}

TEST(OverloadSimTest, NoSeedFindsAFault) {
  expect_no_fault("overload_sim_test", overload);
}
TEST(OverloadSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(overload);
}
TEST(OverloadSimTest, FindsARefusedCallThatIsServed) {
  expect_mutant_found("shed-call-runs", overload);
}
TEST(OverloadSimTest, FindsTheLessImportantCallsServedFirst) {
  expect_mutant_found("low-priority-first", overload);
}
TEST(OverloadSimTest, FindsAQueueThatShedsNobody) {
  expect_mutant_found("queue-never-sheds", overload);
}
TEST(OverloadSimTest, FindsALimitThatNeverShrinks) {
  expect_mutant_found("limit-never-shrinks", overload);
}

}  // namespace
}  // namespace sofa::tests
