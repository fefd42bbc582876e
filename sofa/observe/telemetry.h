// Telemetry: all that makes a process visible, in one object: an Observer for each shard, the methods that have
// figures, health, SOFATracer's logs, and the sending of spans.
//
//   observe::Telemetry telemetry(shards, config, "bank");
//   telemetry.methods().add(Side::kServer, service, names);      // rpc, when a service is published
//   telemetry.of(shard).on_call(record);                         // rpc, for each call
//   co_await telemetry.start();                                  // the admin endpoint, logs, spans: what config says
//   …
//   co_await telemetry.stop(deadline);                           // the last spans
//   telemetry.close();                                           // the last lines, when the shards have ended
//
// Ownership: the shards outlive it, and it outlives what calls its observers. Destroy it when the shards no longer
// turn. Threads: make it before the shards turn; start, stop and metrics on any shard; close by the owner; methods,
// health and watch from any thread. Errors: start throws what kept the admin endpoint from listening (io::IoError).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sofa/io/shard.h"
#include "sofa/io/task.h"
#include "sofa/observe/config.h"
#include "sofa/observe/health.h"
#include "sofa/observe/method_table.h"
#include "sofa/observe/observer.h"
#include "sofa/observe/shard_figures.h"

namespace sofa::io {
class WorkerPool;
}

namespace sofa::net {
class AdminServer;
}

namespace sofa::observe {

class LogWriter;
class SpanExporter;

class Telemetry {
 public:
  Telemetry(io::Shards& shards, const Config& config, std::string app);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  const Config& config() const { return config_; }
  Observer& of(const io::Shard& shard) { return *observers_[static_cast<std::size_t>(shard.index())]; }
  /// Null for a shard of another group.
  Observer* find(const io::Shard& shard) {
    const auto index = static_cast<std::size_t>(shard.index());
    return index < observers_.size() && &shards_[shard.index()] == &shard ? observers_[index].get() : nullptr;
  }
  MethodTable& methods() { return methods_; }
  Health& health() { return health_; }
  const Health& health() const { return health_; }
  /// Asked on the first shard before figures are collected: puts what it knows into `counters`. Before the shards turn.
  using Source = std::function<void(Counters& counters)>;
  void add_source(Source source) { sources_.push_back(std::move(source)); }
  /// Threads, queue and rejections of a pool that is there until `forget`, or outlives this. Any thread; a pool is
  /// watched once.
  void watch(std::string name, const io::WorkerPool& pool);
  void forget(const io::WorkerPool& pool);

  Task<void> start();
  /// Where the admin endpoint listens, with its real port; nothing where there is none. After start.
  const std::optional<io::Address>& admin() const { return admin_address_; }
  /// All figures in Prometheus' text format, as they are now.
  Task<std::string> metrics();
  Task<void> stop(io::TimePoint deadline);
  void close();

 private:
  struct Watched {
    std::string name;
    const io::WorkerPool* pool;
  };
  Task<void> open_admin();
  void start_exporter();
  Task<void> refresh();
  void refresh_process();
  std::vector<Observer*> observers() const;

  io::Shards& shards_;
  const Config config_;
  const std::string app_;
  LogSignal signal_;
  MethodTable methods_;
  Health health_;
  std::vector<std::unique_ptr<Observer>> observers_;
  std::vector<std::unique_ptr<ShardFigures>> figures_;
  Counters process_;  // written on the first shard
  std::vector<Source> sources_;
  std::mutex mutex_;  // pools_
  std::vector<Watched> pools_;
  std::unique_ptr<LogWriter> writer_;
  std::unique_ptr<SpanExporter> exporter_;
  std::unique_ptr<net::AdminServer> server_;
  std::optional<io::Address> admin_address_;
};

}  // namespace sofa::observe
