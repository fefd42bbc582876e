// ClientShard: what a BoltClient keeps on one shard: pools by address, working memory, counts. One shard's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sofa/io/address.h"
#include "sofa/io/env.h"
#include "sofa/rpc/counter.h"
#include "sofa/rpc/frame_buffer.h"
#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/hessian/reader.h"

namespace sofa::io {
class Shard;
}

namespace sofa {
class TraceIds;
}

namespace sofa::rpc {

class CallHolder;
class ClientPool;
class RemoteCall;

struct BoltClientOptions {
  bolt::Limits frame = {};
  hessian::Limits content = {};
  /// Connections that each shard opens to an address.
  std::size_t connections = 1;
  /// Calls of one connection that may wait for answers.
  std::size_t max_in_flight = 16384;
  /// Calls of one shard to one address that may wait for a connection.
  std::size_t max_waiting = 1024;
  io::Duration timeout = std::chrono::seconds(3);
  io::Duration connect_timeout = std::chrono::seconds(1);
  /// After a failed attempt to connect calls fail at once for so long; doubled with each failure, up to the second.
  io::Duration first_back_off = std::chrono::milliseconds(50);
  io::Duration last_back_off = std::chrono::seconds(2);
  /// How long the connections to an address that no reference uses any more stay.
  io::Duration unused = std::chrono::seconds(10);
  /// A heartbeat is sent when nothing was read for so long; so many without an answer close the connection.
  io::Duration heartbeat = std::chrono::seconds(15);
  int heartbeat_misses = 3;
  /// Calls that have no trace get one from here. Null: they go without.
  std::shared_ptr<TraceIds> trace_ids = {};
};

/// What happened since the start; `connections`, `in_flight` and `waiting` go back to zero.
template <class Count>
struct BoltClientCounts {
  Count connections{};
  Count in_flight{};
  Count waiting{};
  Count calls{};
  Count answers{};             // matched to a call
  Count timeouts{};            // calls that ended at their deadline
  Count late_answers{};        // nobody waited for them any more
  Count disconnected_calls{};  // failed because their connection was lost
  Count connect_failures{};
  Count heartbeats{};
  Count heartbeat_losses{};  // connections closed for unanswered heartbeats
  Count bad_frames{};        // connections closed because of what they sent

  /// Adds these to `sum`, whatever it counts with.
  template <class Other>
  void add_to(BoltClientCounts<Other>& sum) const {
    sum.connections += connections;
    sum.in_flight += in_flight;
    sum.waiting += waiting;
    sum.calls += calls;
    sum.answers += answers;
    sum.timeouts += timeouts;
    sum.late_answers += late_answers;
    sum.disconnected_calls += disconnected_calls;
    sum.connect_failures += connect_failures;
    sum.heartbeats += heartbeats;
    sum.heartbeat_losses += heartbeat_losses;
    sum.bad_frames += bad_frames;
  }
};

class ClientShard : public std::enable_shared_from_this<ClientShard> {
 public:
  ClientShard(io::Shard& on, const BoltClientOptions& client_options);
  ~ClientShard();
  ClientShard(const ClientShard&) = delete;
  ClientShard& operator=(const ClientShard&) = delete;

  ClientPool& pool(const io::Address& address);
  /// Destroys it: it is used no more.
  void drop(ClientPool& pool);
  /// Closes all connections; calls fail.
  void close(const Error& why);

  /// `holder` keeps the call from now on: it fails at its deadline unless it was forgotten before.
  void hold(RemoteCall& call, CallHolder& holder, io::TimePoint deadline);

  io::Shard& shard;
  const BoltClientOptions options;
  BoltClientCounts<Counter> counts;

  // Working memory of the frame that is being built or looked at.
  FrameBuffer frame;
  std::optional<hessian::Reader> reader;

 private:
  std::map<std::string, std::unique_ptr<ClientPool>> pools_;
};

/// Who keeps a started call: a connection, or the queue before one.
class CallHolder {
 public:
  explicit CallHolder(ClientShard& client) : client_(client) {}
  /// Drops the call without completing it.
  virtual void forget(RemoteCall& call) = 0;
  /// Its deadline has come.
  void expire(RemoteCall& call);

 protected:
  ~CallHolder() = default;
  ClientShard& client_;
};

}  // namespace sofa::rpc
