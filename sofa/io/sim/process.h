// Process: one simulated process on a machine of its own: an Env, a program, and what can befall them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/sim/descriptors.h"
#include "sofa/io/sim/disk.h"
#include "sofa/io/sim/loop.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/world.h"

namespace sofa::io::sim {

/// How a process ends.
enum class Death : std::uint8_t {
  kKilled,    // kill -9: its kernel lives and closes its connections; files keep what was written
  kVanish,    // the machine is cut off for good: peers hear nothing; files keep what was written
  kPowerCut,  // the same, and the disk forgets what was not synced
};

/// Monotonic time with drift, and a wall clock that may step.
class SimClock final : public Clock {
 public:
  SimClock(World& world, Dice dice);
  TimePoint now() override { return to_local(world_.now()); }
  std::chrono::sys_time<std::chrono::milliseconds> wall() override;
  void step_wall(Duration by) { wall_offset_ += by; }
  TimePoint to_local(Time time) const;
  /// The first world time at which now() is at least `point`.
  Time to_world(TimePoint point) const;

 private:
  World& world_;
  std::int64_t drift_ppm_;
  TimePoint start_;  // what now() was when the world began
  Duration wall_offset_;
};

/// Names from the network's table. A call from a shard is answered by mail to that shard.
class SimResolver final : public Resolver {
 public:
  SimResolver(Process& process, Dice dice) : process_(process), dice_(dice) {}
  void resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Done done) override;

 private:
  Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port) const;

  Process& process_;
  Dice dice_;
};

/// Threads are loops that the world steps; a wait puts the running loop to sleep and returns at once.
class SimBlocking final : public Blocking {
 public:
  SimBlocking(Process& process, Dice dice) : process_(process), dice_(dice) {}
  Thread start(std::string_view name, std::function<bool()> step) override;
  /// Steps the loop, which must have been told to stop, to its end.
  void join(Thread thread) override;
  bool wait(std::atomic<std::uint32_t>& word, std::uint32_t old, TimePoint deadline) override;
  void wake(std::atomic<std::uint32_t>& word, bool all) noexcept override;
  void end_all();

 private:
  struct Waiter {
    const std::atomic<std::uint32_t>* word;
    std::shared_ptr<Loop> loop;
  };
  Process& process_;
  Dice dice_;
  std::uint64_t last_number_ = 0;
  std::vector<std::shared_ptr<Loop>> loops_;
  std::vector<Waiter> waiters_;
};

class Process {
 public:
  /// Starts what the process runs and gives what keeps it alive.
  using Program = std::function<std::shared_ptr<void>(Process&)>;

  Process(World& world, int index, std::string name);
  ~Process();

  Env& env() { return env_; }
  World& world() { return world_; }
  const std::string& name() const { return name_; }
  const std::string& host() const { return host_; }  // its numeric address
  int index() const { return index_; }
  bool alive() const { return alive_; }
  bool booted() const { return static_cast<bool>(program_); }
  /// Whether the kernel answers: after kKilled it does, after kVanish and kPowerCut not until the next boot.
  bool machine_up() const { return machine_up_; }
  /// How often the process was started; things of an earlier life are void.
  std::uint64_t life() const { return life_; }
  Time paused_until() const { return paused_until_; }

  void boot(Program program);
  /// Not from inside a loop of this process. What the program made is destroyed, with an Env that no longer answers.
  void kill(Death death);
  /// Runs the program of the last `boot` again.
  void restart();
  /// Nothing of the process runs for `span`, while its kernel goes on.
  void pause(Duration span);
  void step_wall_clock(Duration by);
  /// The running step takes `cost` longer.
  void charge(Duration cost);

  SimClock& clock() { return clock_; }
  SimNet& net() { return net_; }
  SimDisk& disk() { return disk_; }
  Descriptors& descriptors() { return descriptors_; }

 private:
  World& world_;
  const int index_;
  const std::string name_;
  const std::string host_;
  bool alive_ = true;
  bool machine_up_ = true;
  std::uint64_t life_ = 1;
  Time paused_until_{};
  Descriptors descriptors_;
  SimClock clock_;
  Dice random_;
  SimNet net_;
  SimResolver resolver_;
  SimDisk disk_;
  SimBlocking blocking_;
  Env env_;
  Program program_;
  std::shared_ptr<void> running_;
};

}  // namespace sofa::io::sim
