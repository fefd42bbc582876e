#include "sofa/io/worker_pool.h"

#include <algorithm>

#include "sofa/base/fault.h"

namespace sofa::io {

namespace {

// What is taken at once, under one lock: no more than such a time's work, so that no job waits for another while a
// thread is free.
constexpr Duration kBatch = std::chrono::microseconds(100);
constexpr std::int64_t kMostTaken = 16;
constexpr std::int64_t kMostShed = 64;

}  // namespace

WorkerPool::WorkerPool(Env& env, const Options& options) : env_(env), options_(options), patience_(options.queue_time) {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.push_back(env_.blocking.start(fmt::format("{}-{}", options_.name, i),
                                           [this, worker = Worker()]() mutable { return step(worker); }));
  }
}

WorkerPool::~WorkerPool() {
  close();
}

void WorkerPool::Jobs::add(Job& job) {
  job.next = nullptr;
  *last = &job;
  last = &job.next;
  ++count;
}

bool WorkerPool::submit(Job& job) {
  job.submitted = env_.clock.now();
  const bool full = SOFA_FAULT("worker-pool-full");
  const auto most = static_cast<double>(options_.most_queued) * static_cast<double>(job.share);
  {
    const std::lock_guard lock(mutex_);
    if (full || closing_ || static_cast<double>(queue_.count) >= most) {
      rejected_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    queue_.add(job);
    queued_.fetch_add(1, std::memory_order_relaxed);
  }
  // A worker that is about to sleep either sees the new signal or is counted as idle already.
  signal_.fetch_add(1, std::memory_order_seq_cst);
  if (idle_.load(std::memory_order_seq_cst) > 0) env_.blocking.wake(signal_, false);
  return true;
}

/// A worker's fair share of what is queued, and what is found too old on the way to it.
void WorkerPool::take(Jobs& to_run, Jobs& to_shed, Worker& worker, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (worker.ran > 0) patience_.ran((now - worker.since) / worker.ran);
  const Duration each = patience_.job_time();
  const std::int64_t in_time = each > Duration::zero() ? kBatch / each : 1;
  const std::int64_t most = std::clamp<std::int64_t>(std::min(queue_.count / options_.threads, in_time), 1, kMostTaken);
  while (queue_.first && to_run.count < most && to_shed.count < kMostShed) {
    Job& job = *queue_.first;
    queue_.first = job.next;
    --queue_.count;
    const bool in_patience = patience_.covers(now - job.submitted, job.share, now);
    (in_patience || !job.shed ? to_run : to_shed).add(job);
  }
  if (!queue_.first) queue_.last = &queue_.first;
  queued_.store(static_cast<std::size_t>(queue_.count), std::memory_order_relaxed);
  worker.ran = to_run.count;
  worker.since = now;
}

// A worker is counted as idle from its wait until its next step, because in io/sim a wait returns at once. What its
// jobs took shows in its next step too.
bool WorkerPool::step(Worker& worker) {
  if (std::exchange(worker.idle, false)) idle_.fetch_sub(1, std::memory_order_relaxed);
  const std::uint32_t seen = signal_.load(std::memory_order_seq_cst);
  Jobs to_run, to_shed;
  take(to_run, to_shed, worker, env_.clock.now());
  if (to_shed.first) shed_.fetch_add(static_cast<std::uint64_t>(to_shed.count), std::memory_order_relaxed);
  // A job is its owner's again once it runs.
  for (Job *job = to_shed.first, *next; job; job = next) {
    next = job->next;
    job->shed(*job);
  }
  for (Job *job = to_run.first, *next; job; job = next) {
    next = job->next;
    job->run(*job);
  }
  if (to_run.first || to_shed.first) return true;
  {
    const std::lock_guard lock(mutex_);
    if (closing_ && !queue_.first) return false;
  }
  worker.idle = true;
  idle_.fetch_add(1, std::memory_order_seq_cst);
  env_.blocking.wait(signal_, seen, kNever);
  return true;
}

void WorkerPool::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  signal_.fetch_add(1, std::memory_order_seq_cst);
  env_.blocking.wake(signal_, true);
  for (const Blocking::Thread thread : threads_) env_.blocking.join(thread);
  threads_.clear();
  // What the threads did not live to run (a process killed in io/sim): each job's owner gets it back.
  for (Worker last; step(last);) {
  }
}

}  // namespace sofa::io
