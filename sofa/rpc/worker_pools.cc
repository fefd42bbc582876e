#include "sofa/rpc/worker_pools.h"

#include <vector>

#include <fmt/format.h>

#include "sofa/observe/telemetry.h"
#include "sofa/rpc/error.h"

namespace sofa::rpc {

io::WorkerPool& WorkerPools::of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = pools_.find(name);
  if (found != pools_.end()) return found->second;
  const io::WorkerPool::Options options = options_of(name);
  io::WorkerPool& made = pools_.try_emplace(name, env_, options).first->second;
  if (telemetry_) telemetry_->watch(options.name, made);
  return made;
}

io::WorkerPool::Options WorkerPools::options_of(const std::string& name) const {
  PoolOptions options = options_;
  if (!name.empty()) {
    const auto own = named_.find(name);
    if (own == named_.end()) {
      std::vector<std::string_view> names;
      for (const auto& [known, unused] : named_) names.push_back(known);
      throw Error(Code::kServerUndeclared,
                  fmt::format("there is no worker pool '{}': `pools` of the configuration has {}", name,
                              fmt::join(names, ", ")));
    }
    options = own->second;
  }
  return {.name = name.empty() ? common_ : name,
          .threads = static_cast<int>(options.threads),
          .most_queued = options.queue,
          .queue_time = options.queue_time};
}

void WorkerPools::close() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, pool] : pools_) {
    if (telemetry_) telemetry_->forget(pool);
    pool.close();
  }
}

}  // namespace sofa::rpc
