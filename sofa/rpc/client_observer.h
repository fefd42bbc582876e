// ClientObserver: whom a reference tells of the calls that its users make: once each, however many attempts a cluster
// made of it. ObservedCall: what is noted of such a call between its start and its end.
//
//   remote->observer = std::make_shared<ClientObserver>(telemetry, interface, service, "DIRECT");
//
// RemoteCall tests the pointer and calls observe_start and observe_end (remote.h); a binding tests RemoteCall::observed
// and notes what it sends and reads. Memory of a call comes from the block pool.
// Ownership: the remote's; the telemetry outlives the calls. Threads: any shard of the telemetry. Errors: none.
#pragma once

#include <memory>
#include <string>

#include "sofa/io/block_pool.h"
#include "sofa/io/call_context.h"
#include "sofa/observe/call_record.h"

namespace sofa::io {
class Shard;
}

namespace sofa::observe {
class Observer;
class Telemetry;
}  // namespace sofa::observe

namespace sofa::rpc {

class RemoteCall;
struct Interface;

/// The numbers under which a service's methods are counted. One that is called without knowing them has one: `other`.
observe::MethodRange observed_methods(observe::Telemetry& telemetry, observe::Side side, std::string_view service,
                                      const Interface& interface);

class ClientObserver {
 public:
  /// `route` says how its providers are found: `DIRECT`, `REGISTRY`.
  ClientObserver(observe::Telemetry& telemetry, const Interface& interface, std::string service, std::string route);

 private:
  friend class ObservedCall;
  friend void observe_start(const ClientObserver& observer, RemoteCall& call);

  observe::Telemetry& telemetry_;
  const std::string service_;
  const std::string route_;
  const observe::MethodRange methods_;
};

class ObservedCall : public io::Pooled {
 public:
  ObservedCall(const ClientObserver& from, observe::Observer& observer, io::Shard& shard, const RemoteCall& call);

  /// The span of the call, the same for all its attempts; empty until the first is sent.
  TraceContext span = {};
  /// Of a trace that starts with this call: whether it is recorded.
  void decide();
  /// An attempt is about to be sent, as a part of `span`; and was.
  void sending();
  void sent(const io::Address& to, std::size_t bytes);
  void answered(std::size_t bytes);
  /// Reports it, unless its shard has ended.
  void end(const RemoteCall& call, observe::Outcome outcome, std::int32_t error_code);

 private:
  const ClientObserver& from_;
  observe::Observer& observer_;
  io::Shard& shard_;
  const io::TimePoint started_;
  io::TimePoint sending_{};
  io::TimePoint sent_{};
  io::TimePoint answered_{};
  FixedText<47> remote_host_ = {};
  std::uint16_t remote_port_ = 0;
  bool written_down_ = false;  // known when it is sent
  std::int64_t request_bytes_ = -1;
  std::int64_t response_bytes_ = -1;
};

}  // namespace sofa::rpc
