// RegistryHome: what the doors of one registry share: who is there, and the shard that pushes what is due.
//
//   RegistryHome home(shard, options, past);
//   home.presence.publish(…, home.shard.now());
//   home.changed();                             // at the end of the turn, what became due is pushed
//
// Ownership: outlives the doors' clients. Threads: its shard's.
#pragma once

#include "sofa/io/shard.h"
#include "sofa/registry/presence.h"
#include "sofa/rpc/frame_buffer.h"

namespace sofa::registry {

struct RegistryOptions {
  std::string zone = "DEFAULT_ZONE";
  std::string data_center = "DefaultDataCenter";
  /// The host by which clients reach this process; empty: the one by which they asked for the list of servers.
  std::string announce = {};
  /// A client that says nothing for so long is taken to be gone. Java's sends a heartbeat every 15 s.
  io::Duration idle = std::chrono::seconds(45);
  /// A push that is not answered for so long was not taken.
  io::Duration push_timeout = std::chrono::seconds(2);
  /// What a lease over HTTP may ask for.
  io::Duration least_lease = std::chrono::seconds(3), most_lease = std::chrono::hours(1);
  /// A watcher over HTTP that is told nothing for so long is sent a sign of life: by it those who left are noticed.
  io::Duration watch_keep_alive = std::chrono::seconds(15);
  Presence::Options presence = {};
};

/// What happened since the start, for whoever watches.
struct RegistryCounts {
  std::uint64_t connections = 0;  // of now
  std::uint64_t registrations = 0;
  std::uint64_t refused = 0;
  std::uint64_t bad_frames = 0;
  std::uint64_t idle_closed = 0;
  std::uint64_t pushes = 0;
  std::uint64_t pushes_failed = 0;
  std::uint64_t bodies_encoded = 0;
};

class RegistryHome {
 public:
  RegistryHome(io::Shard& on, RegistryOptions with, Presence::Past past);
  ~RegistryHome();
  RegistryHome(const RegistryHome&) = delete;
  RegistryHome& operator=(const RegistryHome&) = delete;

  std::int32_t push_timeout_ms() const {
    return static_cast<std::int32_t>(options.push_timeout / std::chrono::milliseconds(1));
  }
  void changed() { shard.at_end_of_turn(end_of_turn_); }

  io::Shard& shard;
  const RegistryOptions options;
  Presence presence;
  RegistryCounts counts;
  rpc::FrameBuffer frame;  // for what is built and sent at once

 private:
  void tick();

  struct EndOfTurn : io::EndOfTurn {
    explicit EndOfTurn(RegistryHome& of)
        : io::EndOfTurn([](io::EndOfTurn& self) noexcept { static_cast<EndOfTurn&>(self).home.tick(); }), home(of) {}
    RegistryHome& home;
  };
  EndOfTurn end_of_turn_{*this};
  io::Timer timer_;
};

}  // namespace sofa::registry
