// A registry under faults: the real server, providers and consumers over the simulated network. Nobody is told a list
// that lacks a provider which has not left, whatever becomes of the registry and its clock; and once the faults have
// ended, everybody knows exactly who is there.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sofa/base/log_setup.h"
#include "sofa/io/async.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "sofa/registry/past_file.h"
#include "sofa/registry/registry_server.h"
#include "sofa/registry/sofa_source.h"
#include "tests/sim/seeds.h"
#include "tests/sim/talk.h"

namespace sofa::tests {
namespace {

using namespace std::chrono_literals;
using io::sim::Process;
using io::sim::World;

constexpr int kProviders = 6, kConsumers = 3, kServices = 3, kEvents = 40;
constexpr const char* kPast = "/registry/presence";
// For so long after something befell a provider, lists may lack it: until it is noticed, kept, and back.
constexpr io::sim::Time kExcuse = 180s;
constexpr io::Duration kUntilWell = 200s;

rpc::ServiceKey key_of(int service) {
  return {fmt::format("test.Service{}", service), "1.0", ""};
}
rpc::Publication publication_of(int provider, int service) {
  return {key_of(service), {.address = {.host = fmt::format("10.9.0.{}", provider + 1), .port = 12'200}}};
}
std::string address_of(int provider) {
  return fmt::format("10.9.0.{}:12200", provider + 1);
}

/// Who wants to be there, whom something befell, and what consumers were told.
struct Judge {
  Judge(World& in, Truth& of) : world(in), truth(of) {}

  void excuse(int provider) {
    for (int service = 0; service < kServices; ++service) excused[service][provider] = world.now() + kExcuse;
  }
  void told(int consumer, int service, const rpc::ProviderList& list) {
    std::set<std::string> now;
    for (const rpc::Provider& each : list.providers) now.insert(each.address.to_string());
    std::set<std::string>& before = known[consumer][service];
    for (int provider = 0; provider < kProviders; ++provider) {
      const std::string address = address_of(provider);
      if (before.contains(address) && !now.contains(address) && world.now() > excused[service][provider]) {
        truth.found(fmt::format("a list lacks a provider that has not left"));
      }
    }
    before = std::move(now);
  }

  World& world;
  Truth& truth;
  bool wanted[kProviders][kServices] = {};
  io::sim::Time excused[kServices][kProviders] = {};
  std::set<std::string> known[kConsumers][kServices];
};

class Registry {
 public:
  explicit Registry(Process& process) : shards_(process.env(), 1), server_(shards_, {}, past_of(process)) {
    shards_.start();
    on_result(shards_[0], server_.open({.java = {"0.0.0.0", 9600, false}, .http = {"0.0.0.0", 9603, false}}),
              [](const Result<registry::RegistryServer::Addresses>&) {});
    on_result(shards_[0], save(process, server_), [](const Result<void>&) {});
  }
  ~Registry() { shards_.stop_and_join(); }

 private:
  static registry::Presence::Past past_of(Process& process) {
    Result<registry::Presence::Past> past = registry::load_past(process.env().disk, kPast);
    return past ? *std::move(past) : registry::Presence::Past();
  }
  static Task<void> save(Process& process, registry::RegistryServer& server) {
    for (;;) {
      (void)registry::save_past(process.env().disk, kPast, server.home().presence.past());
      co_await sleep(1s);
    }
  }

  io::Shards shards_;
  registry::RegistryServer server_;
};

/// A program that has the registry as its source of addresses.
class Program {
 public:
  Program(Process& process, const std::string& registry)
      : shards_(process.env(), 1),
        workers_(process.env(), {.name = "worker", .threads = 1}),
        source_(*registry::make_sofa_source("sofa://" + registry + ":9603", {shards_, workers_, process.name()})) {
    shards_.start();
  }
  ~Program() {
    watches.clear();
    workers_.close();
  }
  void wish(const rpc::Publication& publication, bool published) {
    on_result(shards_[0], published ? source_->publish(publication) : source_->unpublish(publication),
              [](const Result<void>&) {});
  }
  void watch(int consumer, int service, Judge& judge) {
    watches.push_back(source_->watch(key_of(service), [consumer, service, &judge](const rpc::ProviderListPtr& list) {
      judge.told(consumer, service, *list);
    }));
  }

  std::vector<std::unique_ptr<rpc::AddressSource::Watch>> watches;

 private:
  io::Shards shards_;
  io::WorkerPool workers_;
  std::shared_ptr<rpc::AddressSource> source_;
};

class Trouble {
 public:
  explicit Trouble(std::uint64_t seed)
      : world_(seed, world_options(seed)),
        truth_(world_),
        judge_(world_, truth_),
        dice_(world_.dice().split("trouble")) {
    registry_ = &world_.process("registry");
    registry_->boot([](Process& self) { return std::make_shared<Registry>(self); });
    const std::string host = registry_->host();
    for (int i = 0; i < kProviders; ++i) {
      for (int service = 0; service < kServices; ++service) judge_.wanted[i][service] = dice_.chance(700'000);
      providers_.push_back(&world_.process(fmt::format("provider-{}", i)));
      programs_.emplace_back();
      providers_.back()->boot([this, i, host](Process& self) {
        auto program = std::make_shared<Program>(self, host);
        programs_[static_cast<std::size_t>(i)] = program;
        for (int service = 0; service < kServices; ++service) {
          if (judge_.wanted[i][service]) program->wish(publication_of(i, service), true);
        }
        return program;
      });
    }
    for (int i = 0; i < kConsumers; ++i) {
      consumers_.push_back(&world_.process(fmt::format("consumer-{}", i)));
      consumers_.back()->boot([this, i, host](Process& self) {
        auto program = std::make_shared<Program>(self, host);
        for (int service = 0; service < kServices; ++service) {
          judge_.known[i][service].clear();
          program->watch(i, service, judge_);
        }
        return program;
      });
    }
  }

  SimResult run() {
    world_.run_for(60s);
    for (int i = 0; i < kEvents && !truth_.fault(); ++i) {
      befall();
      world_.run_for(dice_.between(io::Duration(100ms), io::Duration(20s)));
      if (!registry_->alive()) registry_->restart();
      bring_back(providers_);
      bring_back(consumers_);
    }
    world_.network().unblock_all();
    world_.run_for(kUntilWell);
    if (!truth_.fault()) check_all_is_well();
    return {.fault = truth_.fault(), .trace_hash = world_.trace_hash(), .simulated = world_.now()};
  }

 private:
  void befall() {
    const auto provider = static_cast<int>(dice_.below(kProviders));
    Process& machine = *providers_[static_cast<std::size_t>(provider)];
    Process& consumer = *consumers_[dice_.below(kConsumers)];
    switch (dice_.below(9)) {
      case 0:
      case 1:
        return registry_->kill(dice_.chance(500'000) ? io::sim::Death::kKilled : io::sim::Death::kPowerCut);
      case 2:
        return registry_->step_wall_clock(dice_.chance(500'000) ? -io::Duration(600s) : io::Duration(600s));
      case 3:
        return registry_->pause(dice_.between(io::Duration(1ms), io::Duration(5s)));
      case 4:
        judge_.excuse(provider);
        programs_[static_cast<std::size_t>(provider)].reset();
        return machine.kill(dice_.chance(500'000) ? io::sim::Death::kKilled : io::sim::Death::kVanish);
      case 5:
        judge_.excuse(provider);
        return void(world_.network().reset_connections(machine, *registry_, 4));
      case 6:
        return consumer.pause(dice_.between(io::Duration(1ms), io::Duration(8s)));
      case 7:
        return consumer.kill(io::sim::Death::kKilled);
      default:
        return change(provider, static_cast<int>(dice_.below(kServices)));
    }
  }

  void change(int provider, int service) {
    const std::shared_ptr<Program> program = programs_[static_cast<std::size_t>(provider)].lock();
    if (!program) return;
    judge_.excuse(provider);
    bool& wanted = judge_.wanted[provider][service];
    wanted = !wanted;
    program->wish(publication_of(provider, service), wanted);
  }

  static void bring_back(const std::vector<Process*>& processes) {
    for (Process* process : processes) {
      if (!process->alive()) process->restart();
    }
  }

  void check_all_is_well() {
    for (int service = 0; service < kServices; ++service) {
      std::set<std::string> there;
      for (int provider = 0; provider < kProviders; ++provider) {
        if (judge_.wanted[provider][service]) there.insert(address_of(provider));
      }
      for (int consumer = 0; consumer < kConsumers; ++consumer) {
        const std::set<std::string>& known = judge_.known[consumer][service];
        if (known != there) {
          truth_.found(fmt::format("in the end consumer {} knows {} of service {}, where {} are there", consumer,
                                   known.size(), service, there.size()));
        }
      }
    }
  }

  World world_;
  Truth truth_;
  Judge judge_;
  io::sim::Dice dice_;
  Process* registry_ = nullptr;
  std::vector<Process*> providers_, consumers_;
  std::vector<std::weak_ptr<Program>> programs_;
};

SimResult trouble(std::uint64_t seed) {
  log::redirect([](log::Level, std::string_view) {});
  return Trouble(seed).run();
}

TEST(RegistrySimTest, ListsLackNobodyWhoHasNotLeft) {
  expect_no_fault("registry_sim_test", trouble);
}

TEST(RegistrySimTest, IsRepeatable) {
  expect_repeatable(trouble);
}

TEST(RegistrySimTest, PlantedBugsAreFound) {
  for (const char* mutant : {"registry-no-barrier", "registry-newcomers-counted", "registry-version-reused",
                             "registry-unregister-lost", "registry-no-repair"}) {
    expect_mutant_found(mutant, trouble);
  }
}

}  // namespace
}  // namespace sofa::tests
