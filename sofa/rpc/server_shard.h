// ServerShard: what a BoltServer keeps on one shard: its view of the services, the calls under way, working memory.
//
// One shard's thread; counters may be read from any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sofa/base/histogram.h"
#include "sofa/base/shared_text.h"
#include "sofa/io/env.h"
#include "sofa/rpc/counter.h"
#include "sofa/rpc/frame_buffer.h"
#include "sofa/rpc/request_front.h"
#include "sofa/rpc/service_table.h"
#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/hessian/reader.h"

namespace sofa::io {
class Shard;
}
namespace sofa::observe {
class Observer;
class Telemetry;
}  // namespace sofa::observe

namespace sofa::rpc {

class BoltServerCall;
class ServerConnection;

struct BoltServerOptions {
  bolt::Limits frame = {};
  hessian::Limits content = {};
  /// Suspended calls of one connection, and of one shard; more are answered SERVER_BUSY.
  std::uint32_t max_in_flight_per_connection = 4096;
  std::uint32_t max_in_flight_per_shard = 65536;
  /// A connection without calls on which nothing moved for so long is closed, as Java's server does.
  io::Duration idle = std::chrono::seconds(90);
  /// While stopping: a connection without calls on which nothing moved for so long is taken to have no more of them.
  io::Duration quiet = std::chrono::milliseconds(200);
  /// Who is told of the calls; null: nobody. Outlives the server.
  observe::Telemetry* telemetry = nullptr;
};

/// What happened since the start; `connections` and `in_flight` go back to zero.
template <class Count>
struct BoltServerCounts {
  Count connections{};
  Count in_flight{};        // suspended calls, also of connections that are gone
  Count requests{};         // request and oneway frames
  Count answers{};          // of any kind
  Count thrown{};           // answers that carry what a service threw
  Count errors{};           // answers that say why a request was not served
  Count busy{};             // of those: SERVER_BUSY
  Count not_found{};        // of those: no such service or method
  Count late{};             // requests dropped because their time had passed before they were looked at
  Count oneways_dropped{};  // oneway requests that could not be served: nobody can be told
  Count answers_dropped{};  // the caller had left
  Count heartbeats{};
  Count bad_frames{};  // connections closed because of what they sent
  Count idle_closed{};

  /// Adds these to `sum`, whatever it counts with.
  template <class Other>
  void add_to(BoltServerCounts<Other>& sum) const {
    sum.connections += connections;
    sum.in_flight += in_flight;
    sum.requests += requests;
    sum.answers += answers;
    sum.thrown += thrown;
    sum.errors += errors;
    sum.busy += busy;
    sum.not_found += not_found;
    sum.late += late;
    sum.oneways_dropped += oneways_dropped;
    sum.answers_dropped += answers_dropped;
    sum.heartbeats += heartbeats;
    sum.bad_frames += bad_frames;
    sum.idle_closed += idle_closed;
  }
};

class ServerShard {
 public:
  ServerShard(io::Shard& on, const ServiceTable& table, const BoltServerOptions& server_options);
  ~ServerShard();
  ServerShard(const ServerShard&) = delete;
  ServerShard& operator=(const ServerShard&) = delete;

  BoltServerCall& take_call();
  void give_back(BoltServerCall& call);
  /// Calls taken and not given back.
  std::size_t calls_in_use() const { return calls_.size() - free_.size(); }

  io::Shard& shard;
  const BoltServerOptions options;
  observe::Observer* const observer;  // null: nobody is told of calls
  ShardServices services;
  BoltServerCounts<Counter> counts;
  Histogram took_ns;  // from a request's arrival to the end of its call

  // Working memory of the request that is being looked at, and of the answer that is being built.
  std::optional<hessian::Reader> reader;
  RequestFronts fronts;
  FrameBuffer frame;

  ServerConnection* connections = nullptr;  // all open ones
  SharedTexts names;                        // of callers and their zones: connections of one caller share them

 private:
  std::vector<std::unique_ptr<BoltServerCall>> calls_;
  std::vector<BoltServerCall*> free_;
};

}  // namespace sofa::rpc
