// BlockingCall: a call of a service that blocks, on its way over the worker pool and back.
//
// It owns itself from `submit` until it has answered. Threads: `work` runs on a worker, everything else on the shard.
// A blocking service's method may be a coroutine, but must not suspend: it calls others by sofa::wait.
#pragma once

#include <memory>

#include "sofa/io/mailbox.h"
#include "sofa/io/worker_pool.h"
#include "sofa/rpc/server_call.h"

namespace sofa::io {
class Shard;
}

namespace sofa::rpc {

class BlockingCall : private io::WorkerPool::Job, private io::Mail {
 public:
  explicit BlockingCall(ServerCall& call);
  virtual ~BlockingCall() = default;

  /// Hands it to the call's pool; a full pool answers SERVER_BUSY.
  static void submit(std::unique_ptr<BlockingCall> job);

 protected:
  ServerCall& call() { return call_; }
  virtual void work() = 0;
  virtual void answer() = 0;
  void refuse_suspension();

 private:
  ServerCall& call_;
  io::Shard& home_;
};

}  // namespace sofa::rpc
