// WorkerPool: threads for code that blocks. Bounded: a job too many is rejected, and the caller says so to whoever
// asked; and one that has waited too long (queue_patience.h), where it says what to do then, is shed.
//
//   auto report = co_await sofa::on_worker(pool, [path] { return read_report(path); });    // task.h
//
// Ownership: a Job is the caller's node until it ran. Threads: any may submit. Works in io/sim too: a worker is a loop
// of steps over Blocking.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/queue_patience.h"

namespace sofa::io {

class WorkerPool {
 public:
  struct Job {
    using Run = void (*)(Job& self) noexcept;
    explicit Job(Run what, Run in_place = nullptr) : run(what), shed(in_place) {}
    Run run;
    /// Runs in its place when it has waited too long; null: it waits for as long as it takes.
    Run shed;
    /// What it has of the queue and of the patience there, up to 1: jobs with less are the first to go.
    float share = 1;
    TimePoint submitted{};
    Job* next = nullptr;
  };
  struct Options {
    std::string name = "worker";
    int threads = 4;
    std::size_t most_queued = 1024;
    /// The longest wait in the queue; 0: found by QueuePatience.
    Duration queue_time{0};
  };

  WorkerPool(Env& env, const Options& options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  /// Runs what is queued, then ends the threads.
  ~WorkerPool();

  /// False when the queue is full or the pool is closing: the job was not taken.
  bool submit(Job& job);
  /// Refuses further jobs, runs what is queued and joins the threads. Does nothing a second time.
  void close();

  int threads() const { return options_.threads; }
  std::size_t queued() const { return queued_.load(std::memory_order_relaxed); }
  std::uint64_t rejected() const { return rejected_.load(std::memory_order_relaxed); }
  std::uint64_t shed() const { return shed_.load(std::memory_order_relaxed); }

 private:
  /// A thread's own.
  struct Worker {
    bool idle = false;
    std::int64_t ran = 0;  // jobs, since `since`
    TimePoint since{};
  };
  struct Jobs {
    Job* first = nullptr;
    Job** last = &first;
    std::int64_t count = 0;

    Jobs() = default;
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;
    void add(Job& job);
  };
  bool step(Worker& worker);
  void take(Jobs& to_run, Jobs& to_shed, Worker& worker, TimePoint now);

  Env& env_;
  const Options options_;
  std::mutex mutex_;
  Jobs queue_;
  QueuePatience patience_;
  bool closing_ = false;
  std::atomic<std::size_t> queued_{0};
  std::atomic<std::uint64_t> rejected_{0};
  std::atomic<std::uint64_t> shed_{0};
  std::atomic<std::uint32_t> signal_{0};  // goes up with each job
  std::atomic<int> idle_{0};
  std::vector<Blocking::Thread> threads_;
};

}  // namespace sofa::io
