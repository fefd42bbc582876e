// ClientConnection: Bolt on a connection that a BoltClient made. Sends requests, matches answers to the calls that
// wait.
//
// One shard's thread. The pool that made it is told when it opens, drains and closes.
#pragma once

#include <cstdint>

#include "sofa/io/connection.h"
#include "sofa/rpc/client_shard.h"
#include "sofa/rpc/pending_calls.h"
#include "sofa/rpc/remote.h"
#include "sofa/rpc/request_template.h"

namespace sofa::rpc {

class ClientPool;

class ClientConnection final : public io::Protocol, public CallHolder {
 public:
  explicit ClientConnection(ClientPool& pool);
  ~ClientConnection() override;

  /// Sends the call, or fails it. It completes now when it is oneway, else when its answer or its deadline comes.
  void send(Pending pending, const RequestTemplate& request, const RequestExtras& extras, io::TimePoint deadline);
  /// The same for a relayed call, which is a frame.
  void pass_on(RemoteCall& call, io::TimePoint deadline);
  /// Whether another call may be sent now.
  bool has_room() const;
  /// Calls that wait here for their answers.
  std::size_t in_flight() const { return pending_.size(); }
  void close(Error why) { connection_->close(std::move(why)); }

  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_end(io::Connection& connection) override;
  void on_drained(io::Connection& connection) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return pending_.empty(); }

  void forget(RemoteCall& call) override;

 private:
  std::int32_t time_left(io::TimePoint deadline) const;
  /// The frame, which is built, goes out.
  void send(RemoteCall& call, std::uint32_t id, io::TimePoint deadline);
  void take(const bolt::FrameView& frame);
  void deliver(Pending pending, const bolt::FrameView& frame);
  void deliver_response(Pending pending, const bolt::FrameView& frame);
  void beat();

  std::shared_ptr<ClientShard> client_pointer_;  // once open: a connection may outlive its BoltClient
  ClientPool& pool_;
  io::Connection* connection_ = nullptr;
  PendingCalls pending_;
  io::TimePoint last_read_{};
  io::Timer heartbeat_;
  int unanswered_heartbeats_ = 0;
};

}  // namespace sofa::rpc
