// ZookeeperSession: one session with a ZooKeeper, as the source of addresses sees it; the real one is libzookeeper's.
//
//   auto session = open_zookeeper_session(home, workers, url, {.state = …, .changed = …});
//   session->create("/bank/sofa-rpc/x.Y/providers/…", "\1", true, [](ZookeeperAnswer answer) { … });
//
// It begins without a connection and finds another when it loses one; when it has ended it stays so, and its nodes are
// gone: then one opens another. Questions are for the time between kConnected and the next kLost or kEnded.
// Threads: its members, and what they call, are the home shard's. A question is answered once, later, also when the
// session goes; events come no more then. Errors: codes, with a text for the operator.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sofa/io/shard.h"
#include "sofa/io/worker_pool.h"
#include "sofa/registry/zookeeper_layout.h"

namespace sofa::registry {

enum class ZookeeperCode : std::uint8_t {
  kOk,
  kNoNode,
  kExists,
  kLost,  // the connection or the session: whether it was done is not known
  kFailed
};

struct ZookeeperAnswer {
  ZookeeperCode code = ZookeeperCode::kLost;
  std::string text = {};                   // what went wrong
  std::vector<std::string> children = {};  // of children()
  bool own = false;                        // of exists(): the node goes when this session ends
};

class ZookeeperSession {
 public:
  enum class State : std::uint8_t { kConnected, kLost, kEnded };
  struct Events {
    std::function<void(State state, const std::string& why)> state;
    /// Something about a node that was asked for with a watch; the watch is over.
    std::function<void(const std::string& path)> changed;
  };
  using Answered = std::function<void(ZookeeperAnswer answer)>;

  /// Ends the session, on this thread, at once.
  virtual ~ZookeeperSession() = default;
  virtual void create(const std::string& path, const std::string& data, bool ephemeral, Answered answered) = 0;
  virtual void remove(const std::string& path, Answered answered) = 0;
  /// With a watch when the node is there.
  virtual void children(const std::string& path, Answered answered) = 0;
  virtual void exists(const std::string& path, bool watch, Answered answered) = 0;
  /// Ends the session without waiting for it. Nothing may be asked any more.
  virtual void end() = 0;
};

std::unique_ptr<ZookeeperSession> open_zookeeper_session(io::Shard& home, io::WorkerPool& workers,
                                                         const ZookeeperUrl& url, ZookeeperSession::Events events);

}  // namespace sofa::registry
