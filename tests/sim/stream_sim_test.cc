// The streams of io under faults: talks between simulated processes over the real shards and connections, which move
// between shards all the time. Bytes arrive once and in order, deadlines fire, and in the end everything is given back.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/base/fault.h"
#include "sofa/io/acceptor.h"
#include "sofa/io/connector.h"
#include "sofa/io/sim/chaos.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"
#include "tests/sim/mover.h"
#include "tests/sim/seeds.h"
#include "tests/sim/talk.h"

namespace sofa::tests {
namespace {

using namespace std::chrono_literals;
using io::sim::Death;
using io::sim::Process;
using io::sim::World;

constexpr std::uint16_t kPort = 12'200;
constexpr io::Duration kDeadlineSlack = 100ms;

io::Duration some(io::Random& random, io::Duration least, io::Duration most) {
  return least + io::Duration(static_cast<io::Duration::rep>(random.next() %
                                                             static_cast<std::uint64_t>((most - least).count())));
}

/// Low marks, so that back-pressure is part of every run.
io::ShardOptions shard_options(io::Random& random) {
  io::ShardOptions options;
  options.connection.high_mark = std::size_t{1} << (12 + random.next() % 6);
  options.connection.low_mark = options.connection.high_mark / 4;
  options.connection.stall = 6s;
  return options;
}

class Server {
 public:
  Server(Process& process, Truth& truth, int shards)
      : shards_(process.env(), shards, shard_options(process.env().random)),
        factory_([&truth](io::Shard& shard, const io::ConnectionState* moved) {
          return std::make_unique<EchoProtocol>(truth, shard.env().random, moved);
        }),
        mover_(shards_, factory_) {
    for (int i = 0; i < shards; ++i) {
      auto acceptor = io::Acceptor::listen(shards_[i], {"0.0.0.0", kPort, false}, factory_, {{.share_port = true}, {}});
      if (acceptor) acceptors_.push_back(*std::move(acceptor));
    }
    shards_.start();
  }
  io::Shards& shards() { return shards_; }
  Mover& mover() { return mover_; }

 private:
  io::Shards shards_;
  io::ProtocolFactory factory_;
  std::vector<std::unique_ptr<io::Acceptor>> acceptors_;
  Mover mover_;
};

/// Keeps some talks with the server going: a talk whose connection is lost is followed by a new one.
class Client {
 public:
  Client(Process& process, Truth& truth, int shards, int talks)
      : process_(process),
        truth_(truth),
        shards_(process.env(), shards, shard_options(process.env().random)),
        factory_([this](io::Shard& shard, const io::ConnectionState* moved) { return make_protocol(shard, moved); }),
        mover_(shards_, factory_) {
    for (int i = 0; i < talks; ++i) {
      Talk& talk = *talks_.emplace_back(std::make_unique<Talk>());
      slots_.push_back(std::make_unique<Slot>(*this, shards_[i % shards], talk));
    }
    for (auto& slot : slots_) slot->rest();
    shards_.start();
  }
  ~Client() {
    ending_ = true;
    for (auto& slot : slots_) slot->home.timers().cancel(slot->timer);
  }

  io::Shards& shards() { return shards_; }
  Mover& mover() { return mover_; }
  Process& process() { return process_; }
  bool all(const std::function<bool(const Talk&)>& condition) const {
    return std::all_of(talks_.begin(), talks_.end(), [&](const auto& talk) { return condition(*talk); });
  }
  /// Whether each talk has had some more messages back since `mark_progress`.
  void mark_progress() {
    for (auto& slot : slots_) slot->echoed_before = slot->talk.echoed;
  }
  bool progressed() const {
    return std::all_of(slots_.begin(), slots_.end(),
                       [](const auto& slot) { return slot->talk.echoed > slot->echoed_before + 5; });
  }
  void fall_silent() {
    for (auto& talk : talks_) talk->talking = false;
  }
  void end_all() {
    ending_ = true;
    for (auto& slot : slots_) slot->home.timers().cancel(slot->timer);
    for (auto& talk : talks_) talk->ending = true;
  }
  void check_deadlines() {
    const io::TimePoint now = process_.env().clock.now();
    for (auto& slot : slots_) {
      if (slot->talk.deadlines.empty() || now < slot->talk.deadlines.front() + kDeadlineSlack) continue;
      truth_.found(fmt::format("message {} of talk {} is late and nobody was told",
                               slot->talk.next_send - slot->talk.deadlines.size(), slot->talk.id));
    }
  }

 private:
  struct Slot {
    Slot(Client& owner, io::Shard& shard, Talk& its_talk)
        : client(owner), home(shard), connector(shard), talk(its_talk) {
      timer.set([](void* self) noexcept { static_cast<Slot*>(self)->connect(); }, this);
    }
    void rest() { home.timers().arm(timer, home.now() + some(home.env().random, 1ms, 500ms)); }
    void connect() { client.connect(*this); }

    Client& client;
    io::Shard& home;
    io::Timer timer;  // rests between two talks
    io::Connector connector;
    Talk& talk;
    std::uint64_t echoed_before = 0;
  };

  void connect(Slot& slot) {
    // A talk's id is the first thing that the server learns; it is never used again.
    slot.talk = Talk{};
    slot.talk.id = process_.env().random.next() | 1;
    slot.talk.on_closed = [this, &slot, &talk = slot.talk](const Error&) {
      talk.deadlines.clear();
      if (ending_) return;
      slot.home.post([this, &slot] {
        if (!ending_) slot.rest();
      });
    };
    slot.echoed_before = 0;
    slot.connector.start({"server", kPort, false}, slot.home.now() + 2s,
                         std::make_unique<TalkProtocol>(truth_, process_.env().random, slot.talk, nullptr),
                         [&slot](Result<io::Connection*> opened) {
                           if (!opened) slot.rest();
                         });
  }

  std::unique_ptr<io::Protocol> make_protocol(io::Shard& shard, const io::ConnectionState* moved) {
    std::uint64_t id;
    std::memcpy(&id, moved->saved.data(), 8);
    for (auto& talk : talks_) {
      if (talk->id == id) return std::make_unique<TalkProtocol>(truth_, shard.env().random, *talk, moved);
    }
    truth_.found("a moved connection belongs to no talk");
    std::abort();
  }

  Process& process_;
  Truth& truth_;
  bool ending_ = false;
  std::vector<std::unique_ptr<Talk>> talks_;  // outlive the shards, which close the last connections
  io::Shards shards_;
  io::ProtocolFactory factory_;
  std::vector<std::unique_ptr<Slot>> slots_;
  Mover mover_;
};

/// One run: what a seed decides besides what the simulator does by itself.
class Run {
 public:
  explicit Run(std::uint64_t seed) : truth_(world_), world_(seed, world_options(seed)) {
    io::sim::Dice& dice = world_.dice();
    const int server_shards = static_cast<int>(dice.between(1, 4));
    server_process_.boot([this, server_shards](Process& self) {
      auto server = std::make_shared<Server>(self, truth_, server_shards);
      server_ = server.get();
      return server;
    });
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const int shards = static_cast<int>(dice.between(1, 3)), talks = static_cast<int>(dice.between(1, 3));
      client_process(i).boot([this, i, shards, talks](Process& self) {
        auto client = std::make_shared<Client>(self, truth_, shards, talks);
        clients_[i] = client.get();
        return client;
      });
    }
  }

  SimResult run() {
    watch();
    with_faults();
    if (!truth_.fault()) without_faults();
    if (!truth_.fault()) to_the_end();
    return {truth_.fault(), world_.trace_hash(), world_.now()};
  }

 private:
  Process& client_process(std::size_t i) { return world_.process(fmt::format("client{}", i)); }

  /// Deadlines are looked at from outside, every now and then, where the process is not standing still.
  void watch() {
    world_.after(50ms, [this] {
      for (std::size_t i = 0; i < clients_.size(); ++i) {
        Process& process = client_process(i);
        if (process.alive() && process.paused_until() + 50ms < world_.now()) clients_[i]->check_deadlines();
      }
      watch();
    });
  }

  void with_faults() {
    io::sim::ChaosOptions options;
    for (auto& weight : options.weights) weight = static_cast<std::uint32_t>(1 + world_.dice().below(8));
    options.mean_gap = world_.dice().between(io::Duration(200ms), io::Duration(4s));
    io::sim::Chaos chaos(world_, {&server_process_, &client_process(0), &client_process(1)}, options);
    chaos.start();
    const ArmedFaults armed(world_.seed());
    world_.run_until([this] { return truth_.fault().has_value(); }, 12s);
    chaos.stop();
  }

  /// When all has healed every talk must go on, and nothing may be lost any more.
  void without_faults() {
    world_.run_until([this] { return truth_.fault().has_value(); }, 14s);
    if (!truth_.fault()) {
      truth_.strict = true;
      for (Client* client : clients_) client->mark_progress();
      world_.run_until([this] { return truth_.fault().has_value(); }, 4s);
    }
    for (Client* client : clients_) {
      if (!client->progressed()) truth_.found("a talk does not go on although there is no fault any more");
    }
  }

  void to_the_end() {
    for (Client* client : clients_) client->fall_silent();
    const auto all_back = [this] {
      return std::all_of(clients_.begin(), clients_.end(), [](const Client* client) {
        return client->all([](const Talk& talk) { return talk.deadlines.empty(); });
      });
    };
    if (!world_.run_until(all_back, 5s)) return truth_.found("some messages did not come back");
    truth_.ending = true;
    for (Client* client : clients_) client->end_all();
    world_.run_for(8s);
    server_->mover().stop();
    for (Client* client : clients_) client->mover().stop();
    world_.run_for(100ms);
    check_nothing_is_left();
  }

  void check_nothing_is_left() {
    const auto check = [this](const char* who, Process& process, io::Shards& shards, std::size_t listeners) {
      for (int i = 0; i < shards.size(); ++i) {
        if (shards[i].connections() != 0) truth_.found(fmt::format("{} keeps a connection", who));
        if (shards[i].timers().size() != 0) truth_.found(fmt::format("{} keeps a timer", who));
      }
      if (process.descriptors().open_count() != listeners) truth_.found(fmt::format("{} keeps a handle", who));
    };
    check("the server", server_process_, server_->shards(), static_cast<std::size_t>(server_->shards().size()));
    for (std::size_t i = 0; i < clients_.size(); ++i) check("a client", client_process(i), clients_[i]->shards(), 0);
    if (world_.network().open_streams() != 0) truth_.found("a stream is left open");
  }

  Truth truth_;  // outlives what runs in the world
  World world_;
  Process& server_process_ = world_.process("server");
  Server* server_ = nullptr;
  std::array<Client*, 2> clients_{};
};

SimResult streams(std::uint64_t seed) {
  return Run(seed).run();
}

TEST(StreamSimTest, NoSeedFindsAFault) {
  expect_no_fault("stream_sim_test", streams);
}
TEST(StreamSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(streams);
}
TEST(StreamSimTest, FindsADeadlineThatNeverFires) {
  expect_mutant_found("deadline-never-fires", streams);
}
TEST(StreamSimTest, FindsBytesLostInAMove) {
  expect_mutant_found("move-loses-bytes", streams);
}
TEST(StreamSimTest, FindsBytesRepeatedInAMove) {
  expect_mutant_found("move-repeats-bytes", streams);
}
TEST(StreamSimTest, FindsAPartialWriteThatIsSentAgain) {
  expect_mutant_found("partial-write-resent", streams);
}

}  // namespace
}  // namespace sofa::tests
