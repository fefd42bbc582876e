// Remote: where the calls of a reference go when the service is not in this process, and RemoteCall, one such call.
//
// A RemoteCall lives in the caller's coroutine frame and is awaited there:
//   RemoteCall call(remote, method, options, context, &arguments, &result);
//   co_await call;                        // throws Error, or what the service threw
// Ownership: the frame owns it; a Remote holds a pointer from `start` until it completes or cancels it. Thread: the
// shard that started it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sofa/base/error.h"
#include "sofa/io/call_context.h"
#include "sofa/io/timer_wheel.h"
#include "sofa/rpc/method.h"

namespace sofa::rpc {

/// What one call, or all calls of a reference, may ask for beyond the arguments.
struct CallOptions {
  /// 0: the reference's own (3 s unless configured). An earlier deadline of the calling context wins.
  io::Duration timeout{0};
  /// Sent, never answered: completes when the request is in the connection's output.
  bool oneway = false;
  /// The family's generic marker (sofa_head_generic_type): -1 none, 0 plain values, 2 generic objects.
  int generic_type = -1;
  /// Further entries of the request's header map.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class RemoteCall;

/// Implemented by bindings (bolt_client.h) and, over several providers, by clusters.
class Remote {
 public:
  virtual ~Remote() = default;
  /// Sends `call`, now or once a connection stands; completes it exactly once, possibly before returning.
  virtual void start(RemoteCall& call) = 0;
  /// The caller's frame goes away: forget the call. A late answer is dropped.
  virtual void abandon(RemoteCall& call) = 0;
};

class RemoteCall : private CancelNode {
 public:
  RemoteCall(Remote& remote, const Method& method, const CallOptions& options, const void* arguments, void* result)
      : CancelNode(&on_cancel),
        remote_(remote),
        method_(method),
        options_(options),
        arguments_(arguments),
        result_(result) {}
  RemoteCall(const RemoteCall&) = delete;
  RemoteCall& operator=(const RemoteCall&) = delete;
  ~RemoteCall() {
    if (started_ && !done_) remote_.abandon(*this);
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    context_ = caller.promise().context();
    started_ = true;
    remote_.start(*this);
    if (!done_ && context_) context_->on_cancel(*this);
    if (done_) return false;
    caller_ = caller;
    return true;
  }
  void await_resume() const {
    if (error_) error_->raise();
  }

  // For the Remote.
  const Method& method() const { return method_; }
  const CallOptions& options() const { return options_; }
  /// The caller's context, or null where there is none.
  const CallContext* context() const { return context_; }
  void encode_arguments(hessian::Writer& to) const { method_.encode_arguments(to, arguments_); }
  /// The answer's appResponse: decoded into the caller's result. False when it does not fit.
  bool decode_result(hessian::Reader& from) { return method_.decode_result(from, result_); }
  /// Resumes the caller. The call may be gone when this returns.
  void succeed() { finish(); }
  void fail(Error error) {
    error_ = std::move(error);
    finish();
  }

  /// The Remote's own: its timer and where it keeps the call.
  io::Timer timer;
  void* holder = nullptr;
  std::uint32_t slot = 0;

 private:
  /// The call that this one is part of was given up: nobody waits for the answer any more.
  static void on_cancel(CancelNode& node) noexcept {
    auto& call = static_cast<RemoteCall&>(node);
    call.remote_.abandon(call);
    call.fail(cancel_error(call.context_->reason()));
  }

  void finish() {
    done_ = true;
    unlink();
    if (caller_) caller_.resume();
  }

  Remote& remote_;
  const Method& method_;
  const CallOptions& options_;
  const void* arguments_;
  void* result_;
  CallContext* context_ = nullptr;
  std::coroutine_handle<> caller_;
  std::optional<Error> error_;
  bool started_ = false;
  bool done_ = false;
};

}  // namespace sofa::rpc
