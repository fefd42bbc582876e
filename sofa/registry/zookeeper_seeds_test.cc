// Seeded trouble for the source of addresses over the model of ZooKeeper: in a few minutes everything comes that may;
// then ZooKeeper is well again, and what was asked for last must stand there, and every watcher must know it.
#include <map>
#include <optional>

#include <fmt/format.h>

#include "sofa/base/log_setup.h"
#include "sofa/base/mutant.h"
#include "sofa/io/async.h"
#include "sofa/io/sim/world.h"
#include "sofa/registry/zookeeper_world_test.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 1'000;
constexpr int kEvents = 60;
// A publication is waited for 20 s, and twice the application may stand still for 5 s meanwhile.
constexpr io::Duration kPatience = 31s;
constexpr io::Duration kUntilWell = 60s;

class Trouble {
 public:
  explicit Trouble(std::uint64_t seed) : world_(seed), dice_(world_.dice().split("trouble")) {
    process_.boot([this](io::sim::Process& self) {
      auto started = std::make_shared<Application>(self, zoo_);
      application_ = started.get();
      return started;
    });
    told_ = std::make_unique<Told>(*application_->source);
  }

  /// What was found, or nothing.
  std::string run() {
    for (int i = 0; i < kEvents && found_.empty(); ++i) {
      befall();
      world_.run_for(dice_.between(io::Duration(1ms), io::Duration(10s)));
      check_list();
    }
    zoo_.refused.clear();
    zoo_.lost_answers = 0;
    zoo_.lie(false);
    zoo_.come_up();
    world_.run_for(kUntilWell);
    if (found_.empty()) check_all_is_well();
    if (found_.empty()) check_its_end();
    return found_;
  }

 private:
  void befall() {
    switch (dice_.below(12)) {
      case 0:
        return zoo_.go_silent();
      case 1:
        return zoo_.go_down();
      case 2:
      case 3:
        return zoo_.come_up();
      case 4:
        return zoo_.expire_sessions();
      case 5:
        zoo_.lost_answers = static_cast<int>(dice_.between(1, 4));
        return;
      case 6:
        zoo_.refused = dice_.chance(500'000) ? "providers" : "";
        return;
      case 7:
        return zoo_.lie(dice_.chance(500'000));
      case 8: {
        const std::string other = path(fmt::format("bolt://10.0.1.{}:12200?version=1.0", dice_.below(4)));
        return dice_.chance(500'000) ? zoo_.put(other) : zoo_.erase(other);
      }
      case 9:
        return process_.pause(dice_.between(io::Duration(1ms), io::Duration(5s)));
      default:
        return wish(fmt::format("bolt://10.0.0.{}:12200?version=1.0", dice_.below(4)), dice_.chance(500'000));
    }
  }

  void wish(const std::string& url, bool published) {
    wishes_[url] = published;
    auto& source = *application_->source;
    const rpc::Publication publication{kEcho, *rpc::parse_provider(url)};
    ++under_way_;
    const io::sim::Time started = world_.now();
    on_result(application_->shards[0], published ? source.publish(publication) : source.unpublish(publication),
              [this, started](const Result<void>&) {
                --under_way_;
                if (world_.now() > started + kPatience) found_ = "a publication is waited for for too long";
              });
  }

  static std::string path(const std::string& url) {
    return kPath + "/" + *provider_node({kEcho, *rpc::parse_provider(url)});
  }

  void check_list() {
    if (told_->lists.empty()) return;
    const bool has_providers = !told_->lists.back()->providers.empty();
    if (had_providers_ && !has_providers) found_ = "a list that had providers is empty";
    had_providers_ |= has_providers;
  }

  void check_all_is_well() {
    if (under_way_ != 0) found_ = fmt::format("{} publications never end", under_way_);
    for (const auto& [url, published] : wishes_) {
      const auto node = zoo_.nodes.find(path(url));
      if (published && node == zoo_.nodes.end()) found_ = fmt::format("{} is not published", url);
      if (published && node != zoo_.nodes.end() && node->second.owner != zoo_.opened) {
        found_ = fmt::format("{} belongs to a session that is over", url);
      }
      if (!published && node != zoo_.nodes.end()) found_ = fmt::format("{} is published still", url);
    }
    if (!found_.empty()) return;
    const std::vector<rpc::Provider> there = providers_of(zoo_.children(kPath), {});
    std::vector<std::string> expected;
    for (const rpc::Provider& provider : there) expected.push_back(provider.address.to_string());
    const bool keeps_the_last = expected.empty() && had_providers_;
    if (keeps_the_last ? !told_->stale() : !told_->fresh() || told_->addresses() != expected) {
      found_ = fmt::format("the watcher knows of {} providers, and ZooKeeper of {}", told_->addresses().size(),
                           expected.size());
    }
  }

  void check_its_end() {
    told_.reset();
    application_->source.reset();
    world_.run_for(kUntilWell);
    if (zoo_.open_sessions() != 0) found_ = "a session stays";
    if (application_->shards[0].timers().size() != 0) found_ = "a timer stays";
    for (const auto& [url, published] : wishes_) {
      if (zoo_.nodes.contains(path(url))) found_ = fmt::format("{} outlives its application", url);
    }
  }

  Zoo zoo_;
  io::sim::World world_;
  io::sim::Dice dice_;
  io::sim::Process& process_ = world_.process("application");
  Application* application_ = nullptr;
  std::unique_ptr<Told> told_;
  std::map<std::string, bool> wishes_;  // what was asked for last
  int under_way_ = 0;
  bool had_providers_ = false;
  std::string found_;
};

class ZookeeperSeeds : public testing::Test {
 protected:
  // Half of what is logged here is trouble on purpose.
  ZookeeperSeeds() {
    log::redirect([](log::Level, std::string_view) {});
  }
  ~ZookeeperSeeds() override { log::redirect({}); }
};

TEST_F(ZookeeperSeeds, NoSeedFindsAFault) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) ASSERT_EQ(Trouble(seed).run(), "") << "seed " << seed;
}

#ifdef SOFA_MUTANTS
TEST_F(ZookeeperSeeds, PlantedBugsAreFound) {
  for (const char* mutant : {"lost-unpublish", "empty-list-believed"}) {
    activate_mutant(mutant);
    std::string found;
    std::uint64_t seed = 0;
    while (found.empty() && seed < kSeeds) found = Trouble(++seed).run();
    activate_mutant(nullptr);
    EXPECT_NE(found, "") << mutant;
    fmt::print("{}: found at seed {}: {}\n", mutant, seed, found);
  }
}
#endif

}  // namespace
}  // namespace sofa::registry
