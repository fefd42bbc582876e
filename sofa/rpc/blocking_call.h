// BlockingCall: a call of a service that blocks, on its way over the worker pool and back. One that waited there for
// too long, or that nobody waits for any more, is answered without running.
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

  /// Hands it to the call's pool; a full pool, or too long a wait there, answers SERVER_BUSY.
  static void submit(std::unique_ptr<BlockingCall> job);

 protected:
  ServerCall& call() { return call_; }
  virtual void work() = 0;
  virtual void answer() = 0;
  void refuse_suspension();

 private:
  enum class Fate : std::uint8_t { kRan, kShed, kCancelled };
  void finish(Fate fate);
  void answer_not_run();

  ServerCall& call_;
  Fate fate_ = Fate::kRan;
  io::Shard& home_;
};

}  // namespace sofa::rpc
