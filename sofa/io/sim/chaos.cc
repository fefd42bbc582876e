#include "sofa/io/sim/chaos.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "sofa/io/sim/network.h"

namespace sofa::io::sim {

Chaos::Chaos(World& world, std::vector<Process*> victims, const ChaosOptions& options)
    : world_(world), dice_(Dice(world.seed()).split("chaos")), victims_(std::move(victims)), options_(options) {
  assert(victims_.size() >= 2);
}

void Chaos::start() {
  *running_ = true;
  schedule();
}

void Chaos::stop() {
  if (!*running_) return;
  *running_ = false;
  running_ = std::make_shared<bool>(false);
  world_.network().unblock_all();
  for (Process* process : victims_) {
    process->descriptors().set_limit(world_.options().net.handles);
    if (!process->alive()) process->restart();
  }
}

void Chaos::later(Duration delay, std::function<void()> action) {
  world_.after(delay, [running = running_, action = std::move(action)] {
    if (*running) action();
  });
}

void Chaos::schedule() {
  later(dice_.between(Duration(1ms), options_.mean_gap * 2), [this] {
    strike();
    schedule();
  });
}

Fault Chaos::pick() {
  const std::uint64_t total = std::accumulate(std::begin(options_.weights), std::end(options_.weights), 0ull);
  std::uint64_t choice = dice_.below(total);
  int kind = 0;
  while (choice >= options_.weights[kind]) choice -= options_.weights[kind++];
  return static_cast<Fault>(kind);
}

Process& Chaos::other_than(const Process& process) {
  for (;;) {
    if (Process& other = victim(); &other != &process) return other;
  }
}

void Chaos::cut(bool both_ways) {
  Process& a = victim();
  Process& b = other_than(a);
  Network& network = world_.network();
  network.block(a, b);
  if (both_ways) network.block(b, a);
  later(some(options_.longest_fault), [&network, &a, &b] {
    network.unblock(a, b);
    network.unblock(b, a);
  });
}

void Chaos::kill(Death death) {
  Process& process = victim();
  if (!process.alive() || !process.booted()) return;
  process.kill(death);
  later(some(options_.longest_fault), [&process] {
    if (!process.alive()) process.restart();
  });
}

void Chaos::strike() {
  const Fault fault = pick();
  ++counts_[static_cast<int>(fault)];
  Network& network = world_.network();
  Process& a = victim();
  Process& b = other_than(a);
  switch (fault) {
    case Fault::kReset:
      network.reset_connections(a, b, dice_.between(1, 4));
      break;
    case Fault::kForget:
      network.forget_connections(a, b, dice_.between(1, 2));
      break;
    case Fault::kPartition:
      cut(true);
      break;
    case Fault::kOneWay:
      cut(false);
      break;
    case Fault::kSlow:
      network.slow_down(a, b, some(options_.longest_delay));
      later(some(options_.longest_fault), [&network, &a, &b] { network.slow_down(a, b, Duration::zero()); });
      break;
    case Fault::kPause:
      a.pause(some(options_.longest_pause));
      break;
    case Fault::kClockStep: {
      const Duration by = some(options_.largest_clock_step);
      a.step_wall_clock(dice_.chance(500'000) ? by : -by);
      break;
    }
    case Fault::kKill:
      kill(Death::kKilled);
      break;
    case Fault::kVanish:
      kill(Death::kVanish);
      break;
    case Fault::kPowerCut:
      kill(Death::kPowerCut);
      break;
    case Fault::kHandles:
      a.descriptors().set_limit(a.descriptors().open_count() + dice_.below(2));
      later(some(options_.longest_fault), [this, &a] { a.descriptors().set_limit(world_.options().net.handles); });
      break;
    case Fault::kCount:
      break;
  }
}

}  // namespace sofa::io::sim
