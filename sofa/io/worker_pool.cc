#include "sofa/io/worker_pool.h"

#include <algorithm>

#include "sofa/base/fault.h"

namespace sofa::io {

WorkerPool::WorkerPool(Env& env, const Options& options) : env_(env), options_(options) {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.push_back(env_.blocking.start(fmt::format("{}-{}", options_.name, i),
                                           [this, idle = false]() mutable { return step(idle); }));
  }
}

WorkerPool::~WorkerPool() {
  close();
}

bool WorkerPool::submit(Job& job) {
  job.next = nullptr;
  const bool full = SOFA_FAULT("worker-pool-full");
  {
    const std::lock_guard lock(mutex_);
    if (full || closing_ || queued_.load(std::memory_order_relaxed) >= options_.most_queued) {
      rejected_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    *last_ = &job;
    last_ = &job.next;
    queued_.fetch_add(1, std::memory_order_relaxed);
  }
  // A worker that is about to sleep either sees the new signal or is counted as idle already.
  signal_.fetch_add(1, std::memory_order_seq_cst);
  if (idle_.load(std::memory_order_seq_cst) > 0) env_.blocking.wake(signal_, false);
  return true;
}

/// A worker's fair share of what is queued, under one lock.
WorkerPool::Job* WorkerPool::take_batch() {
  constexpr std::size_t kMostTaken = 16;
  const std::lock_guard lock(mutex_);
  if (!first_) return nullptr;
  const std::size_t queued = queued_.load(std::memory_order_relaxed);
  const std::size_t share = queued / static_cast<std::size_t>(options_.threads);
  std::size_t taken = 1;
  Job* batch = first_;
  Job* last = first_;
  for (; taken < std::min(share, kMostTaken) && last->next; ++taken) last = last->next;
  first_ = last->next;
  if (!first_) last_ = &first_;
  last->next = nullptr;
  queued_.fetch_sub(taken, std::memory_order_relaxed);
  return batch;
}

// `idle` is the worker's own: counted from its wait until its next step, because in io/sim a wait returns at once.
bool WorkerPool::step(bool& idle) {
  if (std::exchange(idle, false)) idle_.fetch_sub(1, std::memory_order_relaxed);
  const std::uint32_t seen = signal_.load(std::memory_order_seq_cst);
  if (Job* job = take_batch()) {
    while (job) {
      Job* next = job->next;  // the job is its owner's again once it runs
      job->run(*job);
      job = next;
    }
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    if (closing_ && !first_) return false;
  }
  idle = true;
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
  for (bool idle = false; step(idle);) {
  }
}

}  // namespace sofa::io
