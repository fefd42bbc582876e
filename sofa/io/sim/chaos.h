// Chaos: faults at random times, of random kinds, at random victims: a schedule that the seed alone decides.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"

namespace sofa::io::sim {

enum class Fault : std::uint8_t {
  kReset,      // some connections between two processes are reset
  kForget,     // some connections die silently: half-open at both ends
  kPartition,  // two processes cannot reach each other for a while
  kOneWay,     // one of the two directions is cut
  kSlow,       // packets between two processes take up to `longest_delay` more for a while
  kPause,      // a process stands still
  kClockStep,  // a wall clock jumps, forwards or back
  kKill,       // kill -9, and a restart after a while
  kVanish,     // the machine is gone, and comes back after a while
  kPowerCut,   // the same, and the disk forgets
  kHandles,    // a process runs out of descriptors for a while
  kCount,
};

struct ChaosOptions {
  Duration mean_gap = 2s;  // between two faults
  /// How often each kind is chosen, relative to the others; in the order of Fault. Kinds at 0 never come.
  std::uint32_t weights[static_cast<int>(Fault::kCount)] = {10, 3, 5, 3, 5, 5, 3, 0, 0, 0, 0};
  Duration longest_fault = 5s;  // partitions, slowness, downtime, missing descriptors
  Duration longest_pause = 2s;
  Duration longest_delay = 300ms;
  Duration largest_clock_step = 3600s;
};

class Chaos {
 public:
  /// Befalls `victims`, which outlive it. Only processes that were booted are killed.
  Chaos(World& world, std::vector<Process*> victims, const ChaosOptions& options = {});
  ~Chaos() { stop(); }
  Chaos(const Chaos&) = delete;
  Chaos& operator=(const Chaos&) = delete;

  void start();
  /// No further faults; heals what is cut or missing, and restarts who is down.
  void stop();
  std::uint64_t count(Fault fault) const { return counts_[static_cast<int>(fault)]; }
  std::uint64_t count() const { return std::accumulate(std::begin(counts_), std::end(counts_), std::uint64_t{0}); }

 private:
  void schedule();
  void strike();
  Fault pick();
  Process& victim() { return *victims_[dice_.below(victims_.size())]; }
  Process& other_than(const Process& process);
  Duration some(Duration longest) { return dice_.between(Duration(1ms), longest); }
  void later(Duration delay, std::function<void()> action);
  void cut(bool both_ways);
  void kill(Death death);

  World& world_;
  Dice dice_;
  const std::vector<Process*> victims_;
  const ChaosOptions options_;
  std::uint64_t counts_[static_cast<int>(Fault::kCount)] = {};
  std::shared_ptr<bool> running_ = std::make_shared<bool>(false);
};

}  // namespace sofa::io::sim
