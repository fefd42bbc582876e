// More calls than a server can do: what it does stays near what it can do, what it does is in time, what it refuses it
// has not done and refuses at once, the less important first; and afterwards it serves everybody again.
#include <algorithm>
#include <memory>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sofa/io/async.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/worker_pool.h"
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
};

}  // namespace sofa::tests

SOFA_SERVICE(sofa::tests::WorkService, "test.WorkService", work)

namespace sofa::tests {
namespace {

using namespace std::chrono_literals;
using io::sim::Process;
using io::sim::World;

constexpr std::uint16_t kPort = 12'200;
constexpr io::Duration kTimeout = 2s;
constexpr io::Duration kWarmUp = 2s;
constexpr io::Duration kMeasured = 3s;
const rpc::ServiceKey kKey{"test.WorkService", "1.0", {}};

/// What a seed's world is like.
struct Size {
  int threads;
  io::Duration job;

  double capacity() const { return threads / std::chrono::duration<double>(job).count(); }
};

/// Keeps a worker for as long as a job takes, and knows which it has done.
class Work final : public WorkService {
 public:
  Work(Process& process, io::Duration job) : process_(process), job_(job) {}
  Task<std::int64_t> work(std::int64_t id) override {
    process_.charge(job_);
    done_.insert(id);
    return id;
  }
  bool has_done(std::int64_t id) const { return done_.contains(id); }

 private:
  Process& process_;
  const io::Duration job_;
  std::unordered_set<std::int64_t> done_;
};

class Server {
 public:
  Server(Process& process, const Size& size)
      : pool_(process.env(), {.name = "worker", .threads = size.threads}),
        shards_(process.env(), 1),
        server_(shards_, services_),
        work_(std::make_shared<Work>(process, size.job)) {
    auto slot = std::make_shared<rpc::Slot>();
    slot->install(std::shared_ptr<WorkService>(work_));
    services_.publish(std::make_shared<rpc::ServiceEntry>(kKey, rpc::kInterface<WorkService>, slot,
                                                          rpc::ServiceOptions{.pool = &pool_}));
    listens_ = server_.listen({"0.0.0.0", kPort, false}).has_value();
    shards_.start();
  }
  ~Server() {
    pool_.close();
    shards_.stop_and_join();
  }
  const Work& work() const { return *work_; }
  bool listens() const { return listens_; }
  std::uint64_t in_flight() const { return server_.counts().in_flight; }

 private:
  rpc::ServiceTable services_;
  io::WorkerPool pool_;
  io::Shards shards_;
  rpc::BoltServer server_;
  std::shared_ptr<Work> work_;
  bool listens_ = false;
};

/// What came of calls that were due while it was measured.
struct Outcome {
  std::uint64_t asked = 0;
  std::uint64_t served = 0;
  io::Duration slowest_answer{0};
  io::Duration slowest_refusal{0};
};

/// Asks at fixed times, whatever comes; every second call is less important.
class Client {
 public:
  Client(Process& process, Truth& truth)
      : process_(process), truth_(truth), shards_(process.env(), 1), client_(shards_, {}) {
    auto remote = client_.make_remote({.address = {"server", kPort, false},
                                       .key = kKey,
                                       .interface = &rpc::kInterface<WorkService>,
                                       .app = "client"});
    service_ = rpc::Reference<WorkService>(
        std::make_shared<const rpc::Route>(rpc::Route{std::make_shared<rpc::Slot>(), *remote, kKey.to_string()}));
    timer_.set([](void* self) noexcept { static_cast<Client*>(self)->ask_all_that_is_due(); }, this);
    shards_.start();
  }
  ~Client() {
    rate_ = 0;
    shards_[0].timers().cancel(timer_);
    shards_.stop_and_join();
  }

  void knows(const Work& work) { work_ = &work; }
  /// Calls a second, from now on; 0 for none.
  void load(double rate) {
    rate_ = rate;
    due_ = process_.env().clock.now();
    shards_[0].post([this] { ask_all_that_is_due(); });
  }
  void measure(bool on) {
    if (on) outcomes_[0] = outcomes_[1] = {};
    measuring_ = on;
  }
  /// Of the important calls, and of the others.
  const Outcome& important() const { return outcomes_[0]; }
  const Outcome& other() const { return outcomes_[1]; }
  std::uint64_t under_way() const { return under_way_; }

 private:
  /// A timer is up to a millisecond late.
  void ask_all_that_is_due() {
    if (rate_ == 0) return shards_[0].timers().cancel(timer_);
    for (; due_ <= process_.env().clock.now(); due_ += io::Duration(static_cast<io::Duration::rep>(1e9 / rate_))) ask();
    shards_[0].timers().arm(timer_, due_);
  }

  void ask() {
    rpc::CallOptions options;
    options.timeout = kTimeout;
    const std::int64_t id = ++last_;
    const bool is_important = id % 2 == 0;
    const ContextPtr context = CallContext::make();
    if (!is_important) context->set(kPriority, -2);
    Outcome* outcome = measuring_ ? &outcomes_[is_important ? 0 : 1] : nullptr;
    if (outcome) ++outcome->asked;
    ++under_way_;
    start_detached(keep(service_.with(options), id, due_, outcome), context.get());
  }

  Task<void> keep(rpc::Reference<WorkService> service, std::int64_t id, io::TimePoint due, Outcome* outcome) {
    const Result<std::int64_t> answer = co_await as_result(service->work(id));
    --under_way_;
    const io::Duration took = process_.env().clock.now() - due;
    if (answer && *answer != id) truth_.found("a call gets the answer of another");
    if (!answer && !answer.error().is(rpc::Code::kServerBusy)) {
      truth_.found(fmt::format("a call fails otherwise than by being refused: {}", answer.error().what()));
    }
    if (!answer && work_->has_done(id)) truth_.found("a call is refused that was done");
    if (!outcome) co_return;
    outcome->served += answer.has_value();
    io::Duration& slowest = answer ? outcome->slowest_answer : outcome->slowest_refusal;
    slowest = std::max(slowest, took);
  }

  Process& process_;
  Truth& truth_;
  const Work* work_ = nullptr;
  io::Shards shards_;
  rpc::BoltClient client_;
  rpc::Reference<WorkService> service_;
  io::Timer timer_;
  io::TimePoint due_{};
  double rate_ = 0;
  std::int64_t last_ = 0;
  bool measuring_ = false;
  std::uint64_t under_way_ = 0;
  Outcome outcomes_[2];
};

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : truth_(world_),
        world_(seed),
        size_{static_cast<int>(world_.dice().between(2, 4)),
              world_.dice().between(io::Duration(10ms), io::Duration(30ms))} {
    server_process_.boot([this](Process& self) {
      auto server = std::make_shared<Server>(self, size_);
      server_ = server.get();
      return server;
    });
    client_process_.boot([this](Process& self) {
      auto client = std::make_shared<Client>(self, truth_);
      client_ = client.get();
      return client;
    });
    client_->knows(server_->work());
  }

  SimResult run() {
    if (!server_->listens()) truth_.found("the server does not listen");
    // From the first moment: a queue that stands is to be seen as such.
    under(size_.capacity() * (2 + static_cast<double>(world_.dice().below(300)) / 100));
    if (!truth_.fault()) check_overload();
    if (!truth_.fault()) {
      under(size_.capacity() / 2);
      check_half_load();
    }
    client_->load(0);
    if (!world_.run_until([this] { return client_->under_way() == 0; }, 2 * kTimeout))
      truth_.found("some calls do not end");
    if (server_->in_flight() != 0) truth_.found("the server counts calls");
    return {truth_.fault(), world_.trace_hash(), world_.now()};
  }

 private:
  void under(double rate) {
    client_->load(rate);
    world_.run_until([this] { return truth_.fault().has_value(); }, kWarmUp);
    client_->measure(true);
    world_.run_until([this] { return truth_.fault().has_value(); }, kMeasured);
    client_->measure(false);
    world_.run_until([this] { return truth_.fault().has_value(); }, 1s);  // the last that count end
  }

  void check_overload() {
    const Outcome &high = client_->important(), &low = client_->other();
    const double seconds = std::chrono::duration<double>(kMeasured).count();
    const double goodput = static_cast<double>(high.served + low.served) / seconds / size_.capacity();
    if (goodput < 0.85) truth_.found(fmt::format("only {:.2f} of what the server can do is done", goodput));
    const io::Duration slowest = std::max(high.slowest_answer, low.slowest_answer);
    const io::Duration refused = std::max(high.slowest_refusal, low.slowest_refusal);
    const io::Duration bound = 8 * size_.job + 50ms;
    if (slowest > bound) truth_.found(fmt::format("an answer takes {} jobs", slowest / size_.job));
    if (refused > bound) truth_.found(fmt::format("a refusal takes {} jobs", refused / size_.job));
    if (high.served < low.served) {
      truth_.found(fmt::format("{} less important calls are served, and {} others", low.served, high.served));
    }
  }

  void check_half_load() {
    const Outcome &high = client_->important(), &low = client_->other();
    if (high.served + low.served < high.asked + low.asked) {
      truth_.found(fmt::format("of {} calls at half load {} are refused", high.asked + low.asked,
                               high.asked + low.asked - high.served - low.served));
    }
  }

  Truth truth_;
  World world_;
  const Size size_;
  Process& server_process_ = world_.process("server");
  Process& client_process_ = world_.process("client");
  Server* server_ = nullptr;
  Client* client_ = nullptr;
};

SimResult overloads(std::uint64_t seed) {
  return Run(seed).run();
}

TEST(OverloadSimTest, NoSeedFindsAFault) {
  expect_no_fault("overload_sim_test", overloads);
}
TEST(OverloadSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(overloads);
}
TEST(OverloadSimTest, FindsACallThatIsRefusedAndDone) {
  expect_mutant_found("shed-call-runs", overloads);
}
TEST(OverloadSimTest, FindsThatTheLessImportantGoFirst) {
  expect_mutant_found("low-priority-first", overloads);
}
TEST(OverloadSimTest, FindsAQueueThatShedsNobody) {
  expect_mutant_found("queue-never-sheds", overloads);
}

}  // namespace
}  // namespace sofa::tests
