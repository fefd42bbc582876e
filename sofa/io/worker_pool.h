// WorkerPool: threads for code that blocks. Bounded: a job too many is rejected, and the caller says so to whoever
// asked.
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

namespace sofa::io {

class WorkerPool {
 public:
  struct Job {
    using Run = void (*)(Job& self) noexcept;
    explicit Job(Run what) : run(what) {}
    Run run;
    Job* next = nullptr;
  };
  struct Options {
    std::string name = "worker";
    int threads = 4;
    std::size_t most_queued = 1024;
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

 private:
  bool step(bool& idle);
  Job* take_batch();

  Env& env_;
  const Options options_;
  std::mutex mutex_;
  Job* first_ = nullptr;
  Job** last_ = &first_;
  bool closing_ = false;
  std::atomic<std::size_t> queued_{0};
  std::atomic<std::uint64_t> rejected_{0};
  std::atomic<std::uint32_t> signal_{0};  // goes up with each job
  std::atomic<int> idle_{0};
  std::vector<Blocking::Thread> threads_;
};

}  // namespace sofa::io
