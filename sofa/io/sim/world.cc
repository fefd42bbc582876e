#include "sofa/io/sim/world.h"

#include <algorithm>
#include <cassert>

#include "sofa/io/sim/loop.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"

namespace sofa::io::sim {

World::World(std::uint64_t seed, const Options& options)
    : seed_(seed),
      options_(options),
      dice_(Dice(seed).split("world")),
      order_(Dice(seed).split("order")),
      network_(std::make_unique<Network>(*this)) {}

World::~World() {
  for (auto& process : processes_) process->kill(Death::kVanish);
}

Process& World::process(std::string_view name) {
  for (auto& process : processes_) {
    if (process->name() == name) return *process;
  }
  const int index = static_cast<int>(processes_.size());
  return *processes_.emplace_back(std::make_unique<Process>(*this, index, std::string(name)));
}

void World::at(Time when, std::function<void()> action) {
  heap_.push_back({std::max(when, now_), order_.next(), event_number_++, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), Later());
}

bool World::next_event(Time limit) {
  if (heap_.empty() || heap_.front().when > limit) return false;
  std::pop_heap(heap_.begin(), heap_.end(), Later());
  Event event = std::move(heap_.back());
  heap_.pop_back();
  now_ = event.when;
  event.action();
  return true;
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  assert(current_ == nullptr && "a world cannot be run from inside one of its loops");
  const Time end = now_ + limit;
  while (!condition()) {
    if (!next_event(end)) {
      now_ = end;
      return condition();
    }
  }
  return true;
}

void World::run_for(Duration span) {
  run_until([] { return false; }, span);
}

void World::schedule(Loop& loop, Time when) {
  when = std::max({when, now_, loop.free_at, loop.process.paused_until()});
  if (when >= loop.due || loop.ended) return;
  loop.due = when;
  at(when, [this, self = loop.shared_from_this(), turn = ++loop.turn] { step(self, turn); });
}

void World::wake(Loop& loop) {
  if (&loop == current_) {
    loop.woken = true;
  } else {
    schedule(loop, now_ + order_.draw(options_.wake));
  }
}

void World::step(const std::shared_ptr<Loop>& loop, std::uint64_t turn) {
  if (turn != loop->turn || loop->ended) return;
  loop->due = kNoTime;
  if (loop->process.paused_until() > now_) return schedule(*loop, now_);
  trace(TraceKind::kStep, static_cast<std::uint64_t>(loop->process.index()), loop->number);
  loop->woken = false;
  loop->idle = false;
  loop->idle_until = kNoTime;
  loop->free_at = now_ + order_.draw(options_.step);
  current_ = loop.get();
  const bool more = loop->step();
  current_ = nullptr;
  if (!more) {
    loop->ended = true;
  } else if (!loop->idle || loop->woken) {
    schedule(*loop, loop->free_at);
  } else if (loop->idle_until != kNoTime) {
    schedule(*loop, loop->idle_until);
  }
}

}  // namespace sofa::io::sim
