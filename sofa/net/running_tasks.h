// RunningTasks: tasks that a server or client runs on a shard on its own account.
//
// Each gets a context that its starter may cancel. They end by themselves; what has not ended when this object goes is
// destroyed where it waits, which is right only when the shard no longer turns. (A Gate is for owners that can wait.)
// Threads: one shard's.
#pragma once

#include <cstddef>

#include "sofa/io/task.h"

namespace sofa::net {

class RunningTasks {
 public:
  RunningTasks() = default;
  RunningTasks(const RunningTasks&) = delete;
  RunningTasks& operator=(const RunningTasks&) = delete;
  ~RunningTasks() { clear(); }

  /// The task must not throw: nobody would hear it.
  void start(Task<void> task, ContextPtr context);
  std::size_t size() const { return size_; }
  /// Destroys them where they wait.
  void clear();

 private:
  struct Node;
  Node* first_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sofa::net
