// ClusterRun: a client with several providers, which fail, freeze, restart, and come and go in its list. What is unsafe
// is served once at the most; every call ends by its deadline, retries stay within their budget, who has left the list
// is not called; and while nothing but orderly restarts happens, no call fails.
//
//   SimResult result = ClusterRun(seed).run();                        // some faults, none, orderly restarts
//   SimResult result = ClusterRun(seed, rpc::Connect::kAll).run_through(10'000);      // they leave nothing behind
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <malloc.h>
#include <sanitizer/allocator_interface.h>

#include "sofa/base/fault.h"
#include "sofa/io/block_pool.h"
#include "sofa/io/sim/chaos.h"
#include "sofa/io/sim/network.h"
#include "sofa/rpc/cluster/balancer.h"
#include "tests/sim/cluster_programs.h"
#include "tests/sim/seeds.h"

namespace sofa::tests {

/// What is allocated in the whole program.
inline std::size_t allocated_bytes() {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks - io::cached_block_bytes();
#endif
}

class ClusterRun {
 public:
  explicit ClusterRun(std::uint64_t seed, std::optional<rpc::Connect> connect = {})
      : truth_(world_), world_(seed, options()), book_(world_, truth_, providers_) {
    for (std::size_t i = 0; i < providers_; ++i) {
      processes_.push_back(&world_.process("provider" + std::to_string(i)));
      servers_.push_back(nullptr);
      listed_.push_back(true);
      start(i);
    }
    const int shards = static_cast<int>(world_.dice().between(1, 2)),
              callers = static_cast<int>(world_.dice().between(1, 8));
    client_process_.boot([this, shards, callers, options = cluster_options(connect)](Process& self) {
      auto client = std::make_shared<Client>(self, truth_, shards, callers, options);
      client_ = client.get();
      return client;
    });
    tell();
  }

  SimResult run() {
    watch();
    with_faults([this](std::uint64_t) { return is_at_fault(); }, 20s);
    if (!truth_.fault()) without_faults();
    if (!truth_.fault()) to_the_end();
    const SimResult result{truth_.fault(), world_.trace_hash(), world_.now()};
    client_->fall_silent();
    world_.run_for(5s);  // until the calls under way have ended
    return result;
  }

  /// The same faults in quick succession, so many of them; once it is quiet everything is as it was after as
  /// many before. For Connect::kAll: otherwise chance decides how many connections there are.
  SimResult run_through(std::uint64_t events) {
    gap_ = 500ms;
    has_ghost_ = false;
    has_strangers_ = true;
    watch();
    befall(events);
    const Held before = held();
    client_->speak_again();

    befall(events);
    const Held after = held();
    if (after.counts != before.counts)
      truth_.found(fmt::format("held before: {}; after: {}", before.counts, after.counts));
    if (after.bytes > before.bytes + kMostGrowth) {
      truth_.found(fmt::format("{} bytes more after {} events", after.bytes - before.bytes, events));
    }
    return {truth_.fault(), world_.trace_hash(), world_.now()};
  }

 private:
  struct Held {
    std::string counts;
    std::size_t bytes = 0;
  };
  // What an allocator and containers keep for the next time; a leak of two words an event is more.
  static constexpr std::size_t kMostGrowth = 160'000;

  void befall(std::uint64_t events) {
    events_ = 0;
    with_faults([&](std::uint64_t chaos) { return events_ + chaos >= events || is_at_fault(); },
                std::chrono::hours(10));
    for (std::size_t i = 0; i < providers_; ++i) list(i, true);
    client_->fall_silent();
    // Half-open connections at a server end when it has heard nothing for 90 s.
    world_.run_until([this] { return is_at_fault(); }, 120s);
    if (!client_->idle()) truth_.found("some calls do not end");
  }

  Held held() {
    book_.times.clear();
    const auto counts = client_->counts();
    Held held{fmt::format("{} calls under way, {} waiting, {} connections, {} streams, client", counts.in_flight,
                          counts.waiting, counts.connections, world_.network().open_streams()),
              allocated_bytes()};
    const auto add = [&](const Process& process, io::Shards& shards) {
      for (int i = 0; i < shards.size(); ++i) {
        held.counts += fmt::format(" {} connections {} timers", shards[i].connections(), shards[i].timers().size());
      }
      held.counts += fmt::format(" {} handles", const_cast<Process&>(process).descriptors().open_count());
    };
    add(client_process_, client_->shards());
    for (std::size_t i = 0; i < providers_; ++i) {
      held.counts += ", " + processes_[i]->name();
      add(*processes_[i], servers_[i]->shards());
    }
    return held;
  }
  static io::sim::Options options() {
    io::sim::Options options;
    options.net.give_up = 8s;
    options.net.connect_timeout = 8s;
    return options;
  }

  rpc::ClusterOptions cluster_options(std::optional<rpc::Connect> connect) {
    auto& dice = world_.dice();
    const auto balancers = rpc::balancer_names();
    rpc::ClusterOptions options{.retries = static_cast<std::uint32_t>(dice.below(4))};
    options.retry_budget.least_per_second = 1;
    options.load_balancer = std::string(balancers[dice.below(balancers.size())]);
    options.sticky = dice.chance(100'000);
    if (dice.chance(500'000)) options.attempt_timeout = 200ms;
    if (dice.chance(500'000)) options.hedge_after = 50ms;
    options.connect = connect.value_or(static_cast<rpc::Connect>(dice.below(3)));
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
    if (has_strangers_ && changing_) {  // nobody is there, and nobody was
      list->providers.push_back({.address = {fmt::format("10.9.{}.{}", version_ / 256, version_ % 256), kPort, false}});
    }
    world_.after(world_.dice().between(io::Duration(1ms), latest), [this, list] { set_providers(list); });
  }
  void set_providers(const rpc::ProviderListPtr& list) {
    const auto weights = [this] {
      std::vector<std::uint32_t> all;
      for (const Process* process : processes_) {
        all.push_back(client_->cluster().weight_permille({.address = {process->name(), kPort, false}}));
      }
      return all;
    };
    const auto before = weights();
    client_->cluster().set_providers(list);
    if (weights() != before) truth_.found("a list changed the verdict on a provider");
  }
  void list(std::size_t i, bool is_there, io::Duration latest = kLatestList) {
    listed_[i] = is_there;
    book_.left_at[i] = is_there ? std::nullopt : std::optional(world_.now());
    tell(latest);
  }

  void change_lists() {
    world_.after(world_.dice().between(gap_ * 3 / 10, gap_ * 6), [this] {
      if (truth_.strict || !changing_) return;
      ++events_;
      const std::size_t i = world_.dice().below(providers_);
      list(i, !listed_[i]);
      change_lists();
    });
  }

  void with_faults(const std::function<bool(std::uint64_t events)>& enough, io::Duration limit) {
    io::sim::ChaosOptions options;
    for (auto& weight : options.weights) weight = static_cast<std::uint32_t>(1 + world_.dice().below(8));
    options.mean_gap = world_.dice().between(gap_ / 5, gap_ * 2);
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
    world_.run_until([&] { return enough(chaos.count()); }, limit);
    changing_ = false;
    chaos.stop();
  }

  void befall_client() {
    world_.after(world_.dice().between(gap_ / 10, gap_ * 4), [this] {
      if (!changing_) return;
      ++events_;
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
    const double budget = 0.1 * static_cast<double>(counts.calls) + client_->shards().size() * seconds + 1;
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
  bool has_strangers_ = false;  // each list has an address that was never there before
  io::Duration gap_ = 1s;       // about, between two events of one kind
  std::uint64_t events_ = 0;    // but for those of Chaos
  bool has_ghost_ = world_.dice().chance(500'000) && world_.process("ghost").alive();  // listed, and nobody listens
  Process& client_process_ = world_.process("client");
  Client* client_ = nullptr;
};

}  // namespace sofa::tests
