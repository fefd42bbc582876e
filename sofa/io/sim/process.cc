#include "sofa/io/sim/process.h"

#include <algorithm>
#include <cassert>

namespace sofa::io::sim {

namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr int kJoinSteps = 1'000;

}  // namespace

// --- SimClock

SimClock::SimClock(World& world, Dice dice) : world_(world) {
  const auto& options = world.options().clock;
  const auto drift = static_cast<std::uint64_t>(options.drift_ppm);
  drift_ppm_ = static_cast<std::int64_t>(dice.below(2 * drift + 1)) - options.drift_ppm;
  start_ = TimePoint(dice.between(Duration(1h), Duration(1000h)));
  wall_offset_ = options.wall_start + dice.between(Duration::zero(), options.wall_error);
}

TimePoint SimClock::to_local(Time time) const {
  const __int128 drift = static_cast<__int128>(time.count()) * drift_ppm_ / kMillion;
  return start_ + time + Duration(static_cast<Duration::rep>(drift));
}

Time SimClock::to_world(TimePoint point) const {
  if (point <= start_) return Time::zero();
  if (point - start_ > Time::max() / 2) return kNoTime;
  const __int128 span = static_cast<__int128>((point - start_).count()) * kMillion / (kMillion + drift_ppm_);
  Time time(static_cast<Time::rep>(span));
  while (to_local(time) < point) ++time;
  return time;
}

std::chrono::sys_time<std::chrono::milliseconds> SimClock::wall() {
  const Duration since_1970 = wall_offset_ + (now() - start_);
  return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::floor<std::chrono::milliseconds>(since_1970));
}

// --- SimBlocking

Blocking::Thread SimBlocking::start(std::string_view name, std::function<bool()> step) {
  auto loop = std::make_shared<Loop>(process_, ++last_number_, std::string(name), std::move(step));
  loops_.push_back(loop);
  process_.world().wake(*loop);
  return loop->number;
}

void SimBlocking::join(Thread thread) {
  const auto found =
      std::find_if(loops_.begin(), loops_.end(), [&](const auto& loop) { return loop->number == thread; });
  if (found == loops_.end()) return;  // ended with its process
  const auto loop = *found;           // NOLINT(performance-unnecessary-copy-initialization): stepping changes loops_
  for (int i = 0; i < kJoinSteps && !loop->ended; ++i) loop->ended = !loop->step();
  assert(loop->ended && "join of a loop that was not told to stop");
  std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.loop == loop; });
  std::erase(loops_, loop);
}

bool SimBlocking::wait(std::atomic<std::uint32_t>& word, std::uint32_t old, TimePoint deadline) {
  Loop* loop = process_.world().current_loop();
  if (word.load() != old) return true;
  if (process_.clock().now() >= deadline) return false;
  if (loop == nullptr) {
    // Only a loop that is stepped inside join, or a process that is being destroyed, may come here.
    return true;
  }
  assert(&loop->process == &process_);
  loop->sleep(deadline == kNever ? kNoTime : process_.clock().to_world(deadline));
  std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.loop.get() == loop; });
  waiters_.push_back({&word, loop->shared_from_this()});
  return true;
}

void SimBlocking::wake(std::atomic<std::uint32_t>& word, bool all) noexcept {
  std::vector<std::shared_ptr<Loop>> waiting;
  for (const Waiter& waiter : waiters_) {
    if (waiter.word == &word) waiting.push_back(waiter.loop);
  }
  if (waiting.empty()) return;
  if (!all) {
    std::swap(waiting.front(), waiting[dice_.below(waiting.size())]);
    waiting.resize(1);
  }
  for (const auto& loop : waiting) {
    std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.loop == loop; });
    process_.world().wake(*loop);
  }
}

void SimBlocking::end_all() {
  for (const auto& loop : loops_) loop->ended = true;
  loops_.clear();
  waiters_.clear();
}

// --- Process

Process::Process(World& world, int index, std::string name)
    : world_(world),
      index_(index),
      name_(std::move(name)),
      host_(fmt::format("10.0.{}.{}", (index + 1) / 250, (index + 1) % 250 + 1)),
      descriptors_(world.options().net.handles),
      clock_(world, Dice(world.seed()).split("clock").split(name_)),
      random_(Dice(world.seed()).split("random").split(name_)),
      net_(*this, Dice(world.seed()).split("net").split(name_)),
      resolver_(*this, Dice(world.seed()).split("resolver").split(name_)),
      disk_(*this, Dice(world.seed()).split("disk").split(name_)),
      blocking_(*this, Dice(world.seed()).split("blocking").split(name_)),
      env_{clock_, random_, net_, resolver_, disk_, blocking_} {
  world.network().add_name(name_, {Address{host_, 0, false}});
}

Process::~Process() = default;

void Process::boot(Program program) {
  assert(running_ == nullptr && "boot of a process that runs: kill it first");
  alive_ = machine_up_ = true;
  descriptors_.set_limit(world_.options().net.handles);
  program_ = std::move(program);
  world_.trace(TraceKind::kBoot, static_cast<std::uint64_t>(index_));
  running_ = program_(*this);
}

void Process::kill(Death death) {
  if (!alive_) return;
  assert(world_.current_loop() == nullptr || &world_.current_loop()->process != this);
  world_.trace(TraceKind::kKill, static_cast<std::uint64_t>(index_), static_cast<std::uint64_t>(death));
  alive_ = false;
  ++life_;
  machine_up_ = death == Death::kKilled;
  paused_until_ = Time::zero();
  blocking_.end_all();
  descriptors_.close_all(death == Death::kKilled);
  if (death == Death::kPowerCut) disk_.power_cut();
  running_.reset();
}

void Process::restart() {
  assert(program_ && !alive_);
  boot(std::move(program_));
}

void Process::pause(Duration span) {
  paused_until_ = std::max(paused_until_, world_.now() + span);
  world_.trace(TraceKind::kPause, static_cast<std::uint64_t>(index_), static_cast<std::uint64_t>(span.count()));
}

void Process::step_wall_clock(Duration by) {
  clock_.step_wall(by);
  world_.trace(TraceKind::kClockStep, static_cast<std::uint64_t>(index_), static_cast<std::uint64_t>(by.count()));
}

void Process::charge(Duration cost) {
  if (Loop* loop = world_.current_loop(); loop != nullptr && &loop->process == this) loop->free_at += cost;
}

}  // namespace sofa::io::sim
