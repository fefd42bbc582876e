// Mover: moves connections of a group of shards from one to another, now and then, when they are quiescent.
//
//   Mover mover(shards, server.protocol_factory());      // before the shards turn
//
// One is made for all shards of a group; it is gone before them. Threads: io/sim's one.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/connection.h"

namespace sofa::tests {

class Mover {
 public:
  Mover(io::Shards& shards, io::ProtocolFactory factory) : shards_(shards), factory_(std::move(factory)) {
    for (int i = 0; i < shards.size(); ++i) {
      rounds_.push_back(std::make_unique<Round>(*this, shards[i]));
      rounds_.back()->rearm();
    }
  }
  ~Mover() { stop(); }
  void stop() {
    stopped_ = true;
    for (auto& round : rounds_) round->shard.timers().cancel(round->timer);
  }

 private:
  struct Round {
    Round(Mover& owner, io::Shard& which) : mover(owner), shard(which) {
      timer.set(
          [](void* self) noexcept {
            auto& round = *static_cast<Round*>(self);
            round.mover.move_one(round.shard);
            round.rearm();
          },
          this);
    }
    void rearm() {
      const std::uint64_t ms = 10 + shard.env().random.next() % 390;
      if (!mover.stopped_) shard.timers().arm(timer, shard.now() + std::chrono::milliseconds(ms));
    }
    Mover& mover;
    io::Shard& shard;
    io::Timer timer;
  };

  void move_one(io::Shard& from) {
    io::Random& random = from.env().random;
    std::vector<io::Connection*> candidates;
    from.for_each_connection([&](io::Connection& connection) {
      if (connection.protocol().quiescent()) candidates.push_back(&connection);
    });
    if (candidates.empty() || shards_.size() < 2) return;
    io::Connection& chosen = *candidates[random.next() % candidates.size()];
    io::Shard& to = shards_[static_cast<int>(random.next() % static_cast<std::uint64_t>(shards_.size()))];
    auto state = std::make_shared<io::ConnectionState>(chosen.detach());
    to.post([factory = factory_, &to, state] {
      auto protocol = factory(to, state.get());
      to.attach(std::move(*state), std::move(protocol));
    });
  }

  io::Shards& shards_;
  const io::ProtocolFactory factory_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Round>> rounds_;
};

}  // namespace sofa::tests
