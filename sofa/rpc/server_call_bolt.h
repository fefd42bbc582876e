// BoltServerCall: one request that came over Bolt, on its way through its service.
//
// Pooled by the ServerShard: taken when a method was found, given back by the answer. One shard's thread.
#pragma once

#include "sofa/io/call_context.h"
#include "sofa/io/timer_wheel.h"
#include "sofa/observe/call_record.h"
#include "sofa/rpc/server_call.h"
#include "sofa/rpc/server_shard.h"
#include "sofa/rpc/sofa_response.h"
#include "sofa/wire/bolt/frame.h"

namespace sofa::hessian {
class Throwable;
}

namespace sofa::rpc {

class BoltServerCall final : public ServerCall {
 public:
  explicit BoltServerCall(ServerShard& shard);

  struct Start {
    ServerConnection& connection;
    const bolt::FrameView& frame;
    Slot::Pin service;
    ContextPtr context;
    const Method& method;
    io::TimePoint arrival;
    std::string_view invoke_type;  // as the caller names it
  };
  void start(Start start);
  /// The connection is gone: the answer will be dropped, and the service is told by its context.
  void caller_left();

  hessian::Reader& arguments() override { return content_ ? *content_->reader : *shard_.reader; }
  const bolt::FrameView& frame() override { return *frame_; }
  CallContext& context() override { return *context_; }
  io::WorkerPool* pool() override { return entry_->pool(); }
  void keep_arguments() override;
  void keep() override;
  void answer(void (*encode)(hessian::Writer& to, const void* value), const void* value) override;
  void answer_exception(std::exception_ptr thrown) override;
  void answer_frame(const bolt::FrameView& answer) override;
  void answer_undecodable() override;

 private:
  friend class ServerConnection;
  friend class ServerShard;

  /// A request's content that had to outlive its frame.
  struct Kept {
    Bytes content;
    std::optional<hessian::Reader> reader;
  };
  /// Tells the observer, if there is one, that the call is under way, and how it ended.
  void observe_start(const Start& start);
  void observe_end();
  void write_down(const observe::CallCount& count, io::TimePoint now);
  /// Whether somebody waits for an answer; counts where nobody does.
  bool is_awaited();
  /// What the service set for its caller.
  ResponseBaggage baggage() const;
  void send();
  void answer_error(const Error& error);
  void answer_thrown(const hessian::Throwable& thrown);
  /// Lets go of everything that `start` and `keep` took.
  void let_go();
  /// The call is free after it.
  void end();

  ServerShard& shard_;
  ServerConnection* connection_ = nullptr;  // null once it is gone
  const ServiceEntry* entry_ = nullptr;
  const Method* method_ = nullptr;
  Slot::Pin service_;
  ContextPtr context_;
  bolt::Head head_;
  const bolt::FrameView* frame_ = nullptr;  // until the service has started
  bool kept_ = false;
  bool ran_ = false;  // what it took is what such calls take
  io::TimePoint arrival_{};
  io::TimePoint kept_at_{};
  std::unique_ptr<Kept> content_;
  // For the observer.
  observe::InvokeType invoke_type_ = observe::InvokeType::kSync;
  observe::Outcome outcome_ = observe::Outcome::kOk;
  std::int32_t error_code_ = 0;
  std::int64_t response_bytes_ = -1;
  io::TimePoint started_{};
  io::TimePoint served_{};  // when the service had answered; only where the call is written down
  bool written_down_ = false;
  io::Timer deadline_;  // armed while kept
  // Among the kept calls of the connection.
  BoltServerCall* next_ = nullptr;
  BoltServerCall** at_ = nullptr;
};

}  // namespace sofa::rpc
