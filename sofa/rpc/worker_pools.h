// WorkerPools: the pools of threads that one context, or a part of it, has for its blocking services, by name.
//
//   WorkerPools pools(env, telemetry, "worker", {.threads = 8}, {{"reports", {.threads = 2}}});
//   io::WorkerPool& pool = pools.of("reports");          // made when it is first asked for; "" is the common one
//   pools.close();                                       // runs what is queued, ends the threads
//
// Ownership: what is submitted ends before they go. Threads: any; close by the owner. Errors: `of` throws for a name
// that is not configured.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "sofa/io/worker_pool.h"
#include "sofa/rpc/context.h"

namespace sofa::rpc {

class WorkerPools {
 public:
  /// `common` is the name of the common one in figures and threads. Null telemetry: nobody sees them.
  WorkerPools(io::Env& env, observe::Telemetry* telemetry, std::string common, const PoolOptions& options,
              std::map<std::string, PoolOptions> named)
      : env_(env), telemetry_(telemetry), common_(std::move(common)), options_(options), named_(std::move(named)) {}
  WorkerPools(const WorkerPools&) = delete;
  WorkerPools& operator=(const WorkerPools&) = delete;
  ~WorkerPools() { close(); }

  io::WorkerPool& of(const std::string& name = {});
  void close();

 private:
  io::WorkerPool::Options options_of(const std::string& name) const;

  io::Env& env_;
  observe::Telemetry* const telemetry_;
  const std::string common_;
  const PoolOptions options_;
  const std::map<std::string, PoolOptions> named_;
  std::mutex mutex_;
  std::map<std::string, io::WorkerPool> pools_;
};

}  // namespace sofa::rpc
