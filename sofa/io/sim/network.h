// Network: the wires, switches and kernels between simulated processes; SimNet and SimPoller: one process's view of it.
//
// A stream delivers bytes in order and exactly once, cut at random places, late, or not at all: what TCP does, with
// what it does when packets are lost (they are sent again), when nobody answers (it gives up after minutes that
// NetOptions shortens) and when the peer's kernel has forgotten the connection (it is reset, and bytes that were
// received and not read may be gone).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/sim/descriptors.h"
#include "sofa/io/sim/world.h"

namespace sofa::io::sim {

class SimNet;
class SimPoller;
struct Listener;
struct Stream;

/// What a poller keeps about a handle.
struct Pollable : OpenObject {
  virtual Poller::Event readiness(Interest interest) const = 0;
  /// Tells the poller, if any, that readiness may have grown.
  void touch();

  Handle handle = Handle::kNone;
  SimPoller* poller = nullptr;
};

class Network {
 public:
  explicit Network(World& world);
  ~Network();

  /// What a name resolves to; an empty list makes it unknown.
  void add_name(const std::string& host, std::vector<Address> addresses) { names_[host] = std::move(addresses); }
  const std::vector<Address>* find_name(const std::string& host) const;

  /// Stops everything that flows from one process to the other: one way. Two calls make a full partition.
  void block(const Process& from, const Process& to);
  void unblock(const Process& from, const Process& to);
  void unblock_all();
  bool blocked(const Process& from, const Process& to) const;
  /// Everything from one to the other takes up to `extra` longer.
  void slow_down(const Process& from, const Process& to, Duration extra);
  /// Resets (RST) up to `most` established connections between the two, seen by both ends; gives how many.
  std::size_t reset_connections(const Process& a, const Process& b, std::size_t most);
  /// Lets up to `most` connections between the two die silently: each end hears nothing more from the other.
  std::size_t forget_connections(const Process& a, const Process& b, std::size_t most);

  /// Established or closing streams.
  std::size_t open_streams();

  void remove_listener(Listener& listener);

 private:
  friend class SimNet;
  friend struct Stream;
  friend struct Listener;

  Process* find_process(const std::string& host, Process& from);
  Listener* pick_listener(const std::string& key);
  Duration latency(const Process& from, const Process& to);
  std::vector<std::shared_ptr<Stream>> streams_between(const Process& a, const Process& b, std::size_t most);
  std::shared_ptr<Stream> make_stream(Process& client);

  World& world_;
  Dice dice_;
  std::uint64_t streams_made_ = 0;
  std::map<std::string, std::vector<Address>> names_;
  std::set<std::pair<int, int>> blocked_;
  std::map<std::pair<int, int>, Duration> extra_;
  std::map<std::string, std::vector<Listener*>> listeners_;  // by process and address
  std::vector<std::weak_ptr<Stream>> streams_;
};

/// Whether the host is an address already and not a name.
bool is_numeric_host(const std::string& host);

class SimNet final : public Net {
 public:
  SimNet(Process& process, Dice dice) : process_(process), dice_(dice) {}
  Result<Handle> listen(const Address& address, const ListenOptions& options) override;
  Result<Accepted> accept(Handle listener) override;
  Result<Handle> connect(const Address& address) override;
  Result<void> connect_result(Handle handle) override;
  Transfer read(Handle handle, std::span<std::uint8_t> into) override;
  Transfer write(Handle handle, std::span<const Slice> pieces) override;
  void shutdown_write(Handle handle) override;
  void close(Handle handle) override;
  Address local_address(Handle handle) override;
  std::string own_host() override;
  std::unique_ptr<Poller> make_poller() override;

  /// Where a listener of `process` for `address` is found: ports are bound on all addresses of a process; the paths of
  /// unix sockets are one space for all processes.
  static std::string listen_key(const Process* process, const Address& address);

 private:
  std::uint16_t free_port();

  Process& process_;
  Dice dice_;
  std::uint16_t last_port_ = 32'767;
};

class SimPoller final : public Poller {
 public:
  SimPoller(Process& process, Dice dice) : process_(process), dice_(dice) {}
  ~SimPoller() override;
  void add(Handle handle, Interest interest, void* tag) override;
  void modify(Handle handle, Interest interest, void* tag) override;
  void remove(Handle handle) override;
  std::span<const Event> wait(TimePoint until) override;
  void wake() noexcept override;

  /// Readiness of the handle may have grown.
  void touch(Handle handle);

 private:
  struct Watch {
    std::shared_ptr<Pollable> object;
    Interest interest;
    void* tag;
  };
  void collect();

  Process& process_;
  Dice dice_;
  std::weak_ptr<Loop> loop_;  // that waited last
  bool woken_ = false;
  std::map<int, Watch> watches_;
  std::set<int> candidates_;  // handles that may be ready
  std::vector<Event> events_;
};

}  // namespace sofa::io::sim
