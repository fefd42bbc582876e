// SpanExporter: sends the shards' sampled calls to a collector, in batches, and gives up rather than hold anybody up.
//
//   SpanExporter exporter(shard, {.app = "bank"}, observers, std::make_unique<HttpSink>(shards, url));
//   exporter.start();                                  // on the shard
//   co_await exporter.stop(deadline);                  // sends what there is, each batch once
//
// A batch that fails is sent again after a pause that doubles, and dropped and counted after `most_tries`, or at once
// where the collector will never take it; meanwhile the rings fill and drop, so memory stays what it was.
// Threads: one shard's; the counts from any. The observers outlive it. Destroy it stopped, or when the shard no longer
// turns. Errors: none, they are counted and logged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sofa/base/log.h"
#include "sofa/io/async.h"
#include "sofa/net/running_tasks.h"
#include "sofa/net/wakeup.h"
#include "sofa/observe/observer.h"

namespace sofa::observe {

/// Where spans go. It heeds its context's deadline. What it throws is a failure, to be tried again but for
/// ObserveError::kCollector that is not retriable.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  /// `body` is an ExportTraceServiceRequest as JSON.
  virtual Task<void> send(std::string body) = 0;
};

class SpanExporter {
 public:
  struct Options {
    std::string app = "sofa";
    std::string version = {};
    std::size_t batch = 512;
    io::Duration interval = std::chrono::seconds(2);
    io::Duration timeout = std::chrono::seconds(5);  // of one sending
    io::Duration first_pause = std::chrono::seconds(1);
    io::Duration longest_pause = std::chrono::seconds(30);
    unsigned most_tries = 5;
  };

  SpanExporter(io::Shard& shard, Options options, std::vector<Observer*> observers, std::unique_ptr<SpanSink> sink);

  void start();
  /// Ends the loop and sends what is left until `deadline`.
  Task<void> stop(io::TimePoint deadline);

  std::uint64_t sent() const { return sent_.value(); }
  /// Of batches that were given up; what the rings dropped they count themselves.
  std::uint64_t dropped() const { return dropped_.value(); }

 private:
  Task<void> run();
  Task<void> end_of_loop();
  Task<void> send_all();
  /// False: the batch is still there, to be sent again.
  Task<bool> send_batch(io::TimePoint deadline);
  void take_batch();
  void give_up();

  io::Shard& shard_;
  const Options options_;
  const std::vector<Observer*> observers_;
  const std::unique_ptr<SpanSink> sink_;
  std::vector<FinishedCall> batch_;
  std::size_t next_observer_ = 0;
  SingleWriter sent_;
  SingleWriter dropped_;
  log::Throttle throttle_{std::chrono::seconds(60)};
  ContextPtr context_;  // of the loop; null while there is none
  net::Wakeup ended_;
  net::RunningTasks tasks_;
};

}  // namespace sofa::observe
