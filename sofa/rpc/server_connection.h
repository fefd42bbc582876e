// ServerConnection: Bolt on a connection that a BoltServer accepted.
//
// Frames are decoded where they lie, requests routed by their header map, served, and answered in the form they came
// in. One shard's thread.
#pragma once

#include <memory>

#include "sofa/io/connection.h"
#include "sofa/observe/call_record.h"
#include "sofa/rpc/request_header.h"
#include "sofa/rpc/server_shard.h"

namespace sofa::rpc {

class ServerConnection final : public io::Protocol {
 public:
  /// `moved`: what is known of a connection that comes from another shard; null for a new one.
  ServerConnection(std::shared_ptr<ServerShard> shard, const io::ConnectionState* moved);
  ~ServerConnection() override;

  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_end(io::Connection& connection) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return in_flight_ == 0 && to_skip_ == 0 && !leaving_; }
  Bytes save_state() override;
  std::string_view name() const override { return "bolt"; }

  // For calls under way.
  void add(BoltServerCall& call);
  void remove(BoltServerCall& call);
  void send(const FrameBuffer& frame);
  bool is_closed() const { return connection_->closed(); }

  // For stopping.
  ServerConnection* next() const { return next_; }
  bool is_quiet_since(io::TimePoint time) const { return in_flight_ == 0 && last_activity_ <= time; }
  io::Connection& connection() const { return *connection_; }

 private:
  /// Bytes to pass over, where the stream goes on behind a frame that cannot be served; else the connection closes.
  std::size_t refuse(const bolt::Decoded& decoded, BytesView data, const bolt::FrameView& frame);
  void say_farewell();
  void take(const bolt::FrameView& frame, io::TimePoint arrival, io::TimePoint now);
  void serve(const bolt::FrameView& frame, io::TimePoint arrival, io::TimePoint now);
  /// Reads all before the arguments the general way. False: it was answered why it cannot be.
  bool read(const bolt::FrameView& frame, RequestFront& front);
  /// Sets `front.route` and holds the service there. Empty: it was answered that there is no such service or method.
  Slot::Pin find_service(const bolt::Head& request, RequestFront& front);
  /// Makes the connection's peer what the header says, where it says something new.
  void learn_peer(const RequestHeader& header);
  ContextPtr make_context(const bolt::FrameView& frame, const RequestHeader& header, io::TimePoint arrival);
  bool is_busy() const;
  void answer_server_exception(const bolt::Head& request, bolt::Status status, std::string_view message);
  void answer_not_found(const bolt::Head& request, const RequestFront& front, const std::string& message);
  /// False for oneway requests, which are counted as dropped.
  bool may_answer(const bolt::Head& request);
  /// Tells the observer, if there is one, of a request that was not served. `front` and `method` where they are known.
  void observe_refused(observe::Outcome outcome, const bolt::Head& request, const RequestFront* front = nullptr,
                       observe::MethodId method = observe::kOtherMethod);
  void watch_idle();

  const std::shared_ptr<ServerShard> server_pointer_;  // a connection may outlive its BoltServer
  ServerShard& server_;
  io::Connection* connection_ = nullptr;
  BoltServerCall* calls_ = nullptr;  // kept ones
  std::uint32_t in_flight_ = 0;
  bool ended_ = false;       // the peer sends no more
  bool leaving_ = false;     // told the peer why; what it still sends is not looked at
  std::size_t to_skip_ = 0;  // of a frame that was refused
  io::TimePoint last_activity_{};
  io::TimePoint unread_since_ = io::kNever;  // when the oldest request that waits for output to drain came
  io::Timer idle_;
  ServerConnection* next_ = nullptr;
  ServerConnection** at_ = nullptr;
};

}  // namespace sofa::rpc
