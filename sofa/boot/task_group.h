// TaskGroup: the tasks that a module has spawned, on whichever shards; none of them outlives it.
//
//   TaskGroup tasks(shards);
//   tasks.spawn(refresh());
//   std::size_t left = co_await tasks.close(deadline);     // cancels them; how many heeded it not
//
// Ownership: destroyed when `close` left none. Threads: spawn from any; close and running on a shard. Errors: a task
// that is not started, because the group is closed or full, is logged, and so is what the first one threw that failed.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sofa/io/gate.h"
#include "sofa/io/shard.h"
#include "sofa/io/task.h"

namespace sofa::boot {

class TaskGroup {
 public:
  explicit TaskGroup(io::Shards& shards);

  /// On the current shard, or from a plain thread on one by turns. A shard apart gives it to one that serves.
  void spawn(Task<void> task);
  Task<std::size_t> close(io::TimePoint deadline);
  Task<std::size_t> running();

 private:
  io::Shards& shards_;
  std::vector<std::shared_ptr<Gate>> gates_;  // by shard
};

}  // namespace sofa::boot
