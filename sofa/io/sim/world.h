// World: many simulated processes in virtual time, on one thread, from one seed.
//
//   sim::World world(seed);
//   sim::Process& bank = world.process("bank");
//   bank.boot([](sim::Process& self) { return std::make_shared<MyServer>(self.env()); });   // the product's own code
//   world.run_until([&] { return answered; }, 10s);                                         // 10 s of virtual time
//   world.trace_hash();                                                                     // equal for equal seeds
//
// A process sees nothing but its Env, so the product's shards, connections and pools run here unchanged. Nothing in a
// run depends on the real time, on addresses, or on the order of an unordered container; events that fall on the same
// nanosecond are ordered by the seed.
// Threads: a world and everything in it belong to one thread. Nothing here is a system call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/sim/dice.h"
#include "sofa/io/sim/options.h"
#include "sofa/io/sim/trace.h"

namespace sofa::io::sim {

/// Time since the world began.
using Time = Duration;
inline constexpr Time kNoTime = Time::max();

class Network;
class Process;
struct Loop;

class World {
 public:
  explicit World(std::uint64_t seed, const Options& options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// The process of that name, made (with an address of its own, alive, running nothing) when it is new. Its name
  /// resolves to its address.
  Process& process(std::string_view name);
  const std::vector<std::unique_ptr<Process>>& processes() const { return processes_; }
  Network& network() { return *network_; }
  const Options& options() const { return options_; }

  Time now() const { return now_; }
  void at(Time when, std::function<void()> action);
  void after(Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

  /// Lets time pass until `condition` holds (asked after every event) or `limit` is over. Gives what the condition is.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  void run_for(Duration span);

  /// Chance for whoever drives the world (tests, Chaos). The parts of the world have dice of their own.
  Dice& dice() { return dice_; }
  std::uint64_t seed() const { return seed_; }
  std::uint64_t trace_hash() const { return trace_.hash(); }
  std::uint64_t events() const { return trace_.events(); }
  void trace(TraceKind kind, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) {
    trace_.add(now_.count(), kind, a, b, c);
  }

  // What the Env of a process is made from.

  /// Lets `loop` step at `when`, or as soon after as it and its process are free.
  void schedule(Loop& loop, Time when);
  /// Something that `loop` waits for has come.
  void wake(Loop& loop);
  /// The loop whose step is running, or null.
  Loop* current_loop() { return current_; }

 private:
  struct Event {
    Time when;
    std::uint64_t tie;  // from the seed: the order of equal times
    std::uint64_t number;
    std::function<void()> action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      if (a.when != b.when) return a.when > b.when;
      return a.tie != b.tie ? a.tie > b.tie : a.number > b.number;
    }
  };
  bool next_event(Time limit);
  void step(const std::shared_ptr<Loop>& loop, std::uint64_t turn);

  const std::uint64_t seed_;
  const Options options_;
  Time now_{};
  Trace trace_;
  Dice dice_;
  Dice order_;
  std::uint64_t event_number_ = 0;
  std::vector<Event> heap_;
  Loop* current_ = nullptr;
  std::unique_ptr<Network> network_;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace sofa::io::sim
