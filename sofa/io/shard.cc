#include "sofa/io/shard.h"

#include <algorithm>
#include <atomic>

#include "sofa/base/fault.h"
#include "sofa/io/connection.h"

namespace sofa::io {
namespace {

thread_local Shard* current_shard = nullptr;

/// Names the shard whose code runs; in io/sim many take turns on one thread.
class Running {
 public:
  explicit Running(Shard* shard) : before_(std::exchange(current_shard, shard)) {}
  ~Running() { current_shard = before_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Shard* before_;
};

struct FunctionMail : Mail {
  explicit FunctionMail(std::function<void()> what)
      : Mail([](Mail& self) noexcept {
          const std::unique_ptr<FunctionMail> mail(&static_cast<FunctionMail&>(self));
          mail->job();
        }),
        job(std::move(what)) {}
  std::function<void()> job;
};

}  // namespace

Shard::Shard(Env& env, int index, const ShardOptions& options)
    : env_(env),
      index_(index),
      options_(options),
      poller_(env.net.make_poller()),
      now_(env.clock.now()),
      timers_(now_),
      scratch_(new std::uint8_t[kScratch]) {}

bool ShardLink::post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (shard_) shard_->post(std::move(job));
  return shard_ != nullptr;
}

Shard::~Shard() {
  {
    const std::lock_guard lock(link_->mutex_);
    link_->shard_ = nullptr;
  }
  while (drain() || give_up_residents()) {
  }
}

void Resident::leave() noexcept {
  if (!at_) return;
  *at_ = next_;
  if (next_) next_->at_ = at_;
  at_ = nullptr;
  next_ = nullptr;
}

void Shard::add(Resident& resident) {
  resident.next_ = residents_;
  resident.at_ = &residents_;
  if (residents_) residents_->at_ = &resident.next_;
  residents_ = &resident;
}

Shard* Shard::current() {
  return current_shard;
}

TimePoint Shard::sleep_until(TimePoint until) {
  if (!mailbox_.empty() || end_jobs_ || ready_) return TimePoint{};
  return std::min(until, timers_.next_deadline());
}

std::span<const Poller::Event> Shard::wait(TimePoint until) {
  if (options_.spin > Duration{0} && until != TimePoint{}) {
    asleep_.store(false, std::memory_order_relaxed);
    const TimePoint end = std::min(until, env_.clock.now() + options_.spin);
    do {
      const auto events = poller_->wait(TimePoint{});
      if (!events.empty() || !mailbox_.empty() || stopped_.load(std::memory_order_relaxed)) return events;
    } while (env_.clock.now() < end);
    asleep_.store(true, std::memory_order_seq_cst);
    until = sleep_until(until);
  }
  return poller_->wait(until);
}

bool Shard::turn(TimePoint until) {
  const Running running(this);
  const auto events = wait(SOFA_FAULT("woken-for-nothing") ? TimePoint{} : sleep_until(until));
  asleep_.store(false, std::memory_order_relaxed);
  now_ = env_.clock.now();
  ++counters_.turns;
  counters_.events += events.size();
  for (const Poller::Event& event : events) static_cast<Watcher*>(event.tag)->on_event(event);
  if (!SOFA_FAULT("mail-a-turn-late")) run_mail();
  if (!SOFA_FAULT("timers-a-turn-late")) timers_.advance(now_);
  finish_turn();
  if (stopped_.load(std::memory_order_acquire)) [[unlikely]] {
    run_mail();
    close_all();
    return false;
  }
  asleep_.store(true, std::memory_order_seq_cst);
  return true;
}

void Shard::stop() {
  stopped_.store(true, std::memory_order_release);
  poller_->wake();
}

// Either this sees that the shard sleeps and wakes it, or the shard sees the mail before it sleeps (sleep_until).
void Shard::post(Mail& mail) {
  if ((mailbox_.push(mail) && asleep_.load(std::memory_order_seq_cst)) || SOFA_FAULT("woken-twice")) poller_->wake();
}

void Shard::post(std::function<void()> job) {
  post(*new FunctionMail(std::move(job)));
}

void Shard::at_end_of_turn(EndOfTurn& job) {
  if (job.queued) return;
  job.queued = true;
  job.next = nullptr;
  *last_end_job_ = &job;
  last_end_job_ = &job.next;
}

void Shard::run_mail() {
  Mail* mail = mailbox_.take_all();
  while (mail) {
    Mail* next = mail->next;
    ++counters_.mails;
    mail->run(*mail);
    mail = next;
  }
}

void Shard::finish_turn() {
  while (end_jobs_ || ready_) {
    while (EndOfTurn* job = end_jobs_) {
      end_jobs_ = job->next;
      if (!end_jobs_) last_end_job_ = &end_jobs_;
      job->queued = false;
      job->run(*job);
    }
    // Only those that are ready now: what they queue may have end-of-turn jobs to wait for.
    Connection* ready = std::exchange(ready_, nullptr);
    while (ready) {
      Connection* next = ready->next_ready_;
      ready->end_of_turn();
      ready = next;
    }
  }
  while (Connection* dead = dying_) {
    dying_ = dead->next_ready_;
    delete dead;
  }
}

void Shard::close_all() {
  while (open_) {
    for_each_connection([](Connection& connection) { connection.close(Error(IoError::kStopped, "the shard stops")); });
    finish_turn();
  }
  finish_turn();
}

/// When it turns no more: runs the mail that came and closes what is open. False when there was nothing.
bool Shard::drain() {
  const Running running(this);
  if (mailbox_.empty() && !open_ && !end_jobs_ && !ready_ && !dying_) return false;
  run_mail();
  close_all();
  return true;
}

/// The same; after all mail, which may lie within a resident. False when there was none.
bool Shard::give_up_residents() {
  const Running nowhere(nullptr);  // what is destroyed may have moved to another shard
  if (!residents_) return false;
  while (residents_) residents_->give_up();
  return true;
}

void Shard::for_each_connection(const std::function<void(Connection&)>& visit) {
  // A connection that closes keeps its link until the end of the turn.
  for (Connection* connection = open_; connection; connection = connection->next_) {
    if (!connection->closed()) visit(*connection);
  }
}

namespace {
std::atomic<Shards*> first_shards{nullptr};
}

Shards::Shards(Env& env, int count, const ShardOptions& options, int apart) : env_(env), serving_(count) {
  for (int i = 0; i < count + apart; ++i) shards_.push_back(std::make_unique<Shard>(env, i, options));
}

Shards::~Shards() {
  stop_and_join();
}

// What was posted last may post to the others, and so may what closes: all of it runs while all of them are there.
void Shards::wind_down() {
  for (bool any = true; any;) {
    any = false;
    for (const auto& shard : shards_) any = shard->drain() || any;
    if (any) continue;
    for (const auto& shard : shards_) any = shard->give_up_residents() || any;
  }
}

Shard& Shards::any() {
  Shard* current = Shard::current();
  if (current && static_cast<std::size_t>(current->index()) < shards_.size() && &(*this)[current->index()] == current) {
    return *current;
  }
  return by_turns();
}

Shard& Shards::by_turns() {
  return *shards_[next_.fetch_add(1, std::memory_order_relaxed) % static_cast<unsigned>(serving_)];
}

void Shards::start() {
  assert(threads_.empty());
  Shards* none = nullptr;
  first_shards.compare_exchange_strong(none, this);
  for (const auto& shard : shards_) {
    threads_.push_back(
        env_.blocking.start(fmt::format("shard-{}", shard->index()), [&s = *shard] { return s.turn(); }));
  }
}

void Shards::stop_and_join() {
  Shards* self = this;
  first_shards.compare_exchange_strong(self, nullptr);
  if (!threads_.empty()) {
    for (const auto& shard : shards_) shard->stop();
    for (const Blocking::Thread thread : threads_) env_.blocking.join(thread);
    threads_.clear();
  }
  wind_down();
}

Shards* Shards::first_started() {
  return first_shards.load();
}

}  // namespace sofa::io
