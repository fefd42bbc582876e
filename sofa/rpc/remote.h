// Remote: where the calls of a reference go when the service is not in this process, and RemoteCall, one such call.
//
// A RemoteCall lives in the caller's coroutine frame and is awaited there:
//   RemoteCall call(remote, method, options, context, &arguments, &result);
//   co_await call;                        // throws Error, or what the service threw
// Ownership: the frame owns it; a Remote holds a pointer from `start` until it completes or cancels it. Thread: the
// shard that started it.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
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
  /// 0: the reference's own (3 s unless configured). An earlier deadline of the calling context wins. Retries included.
  io::Duration timeout{0};
  /// Sent, never answered: completes when the request is in the connection's output.
  bool oneway = false;
  /// The family's generic marker (sofa_head_generic_type): -1 none, 0 plain values, 2 generic objects.
  int generic_type = -1;
  /// Further entries of the request's header map.
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// To be served twice does no harm, whatever the method says of itself: it may be retried and hedged.
  bool idempotent = false;
  /// host:port of the one provider that shall serve it, among those that are known.
  std::string target = {};
};

class ClientObserver;
class ObservedCall;
class RemoteCall;

/// Tell `observer` that a call begins and, where that noted it, that it ended (`error` is null where it succeeded) or
/// that nobody waits for it any more.
void observe_start(const ClientObserver& observer, RemoteCall& call);
void observe_end(RemoteCall& call, const Error* error);
void observe_abandoned(RemoteCall& call);

/// What stands between a caller and a binding, and learns first how each attempt ended: a cluster.
class CallObserver {
 public:
  /// True when the call is no more to be touched: the observer ends it, or has ended it.
  virtual bool answered(RemoteCall& call) = 0;
  /// True when the call goes on: the observer started it again, or will end it itself.
  virtual bool failed(RemoteCall& call, Error& error) = 0;

 protected:
  ~CallObserver() = default;
};

/// Implemented by bindings (bolt_client.h) and, over several providers, by clusters.
class Remote {
 public:
  virtual ~Remote() = default;
  /// Sends `call`, now or once a connection stands; completes it exactly once, possibly before returning.
  virtual void start(RemoteCall& call) = 0;
  /// The caller's frame goes away: forget the call. A late answer is dropped.
  virtual void abandon(RemoteCall& call) = 0;

  // For clusters, on the shard that the question is about.
  /// Whether a call that is started now would find a connection.
  enum class Readiness : std::uint8_t { kReady, kConnecting, kIdle, kUnreachable };
  virtual Readiness readiness() { return Readiness::kReady; }
  /// Connects ahead of calls, where there is no connection yet and it is time to try (again).
  virtual void prepare() {}
  /// This shard starts no more calls.
  virtual void release() {}

  /// Who is told of the calls that users make; null: nobody. Set before the first of them.
  std::shared_ptr<const ClientObserver> observer = nullptr;
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
  /// Asks the same at the same time, into the same result: nobody awaits it, its observer ends it.
  struct Again {};
  RemoteCall(const RemoteCall& other, Again)
      : CancelNode(&on_cancel),
        remote_(other.remote_),
        method_(other.method_),
        options_(other.options_),
        arguments_(other.arguments_),
        result_(other.result_),
        context_(other.context_) {
    child = other.child;
    observed = other.observed;
  }
  RemoteCall(const RemoteCall&) = delete;
  RemoteCall& operator=(const RemoteCall&) = delete;
  ~RemoteCall() {
    if (started_ && !done_) abandon();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    return start(caller.promise().context(), caller);
  }
  /// The same of a caller with that context. False when it has ended already.
  bool start(CallContext* context, std::coroutine_handle<> caller);
  void await_resume() const {
    if (error_) error_->raise();
  }

  // For the Remote.
  const Method& method() const { return method_; }
  const CallOptions& options() const { return options_; }
  /// The caller's context, or null where there is none.
  CallContext* context() const { return context_; }
  void encode_arguments(hessian::Writer& to) const { method_.encode_arguments(to, arguments_); }
  // Of a relayed method: see there.
  const void* arguments() const { return arguments_; }
  void* result() const { return result_; }
  /// What consistent hashing goes by; nothing: the call may go anywhere.
  std::optional<std::string> hash_key() const { return method_.hash_key ? method_.hash_key(arguments_) : std::nullopt; }
  /// The answer's appResponse: decoded into the caller's result. False when it does not fit.
  bool decode_result(hessian::Reader& from) { return method_.decode_result(from, result_); }
  /// Ends the attempt, and the call unless its observer has it go on: resumes the caller. The call may be gone when
  /// this returns.
  void succeed() {
    if (attempt.observer && attempt.observer->answered(*this)) return;
    finish();
  }
  void fail(Error error) {
    if (attempt.observer && attempt.observer->failed(*this, error)) return;
    finish(std::move(error));
  }
  /// Ends the call, whatever its observer says.
  void finish() {
    done_ = true;
    if (observed) [[unlikely]]
      observe_end(*this, error_ ? &*error_ : nullptr);
    unlink();
    if (caller_) caller_.resume();
  }
  void finish(Error error) {
    error_ = std::move(error);
    finish();
  }

  /// The Remote's own: its timer and where it keeps the call.
  io::Timer timer;
  void* holder = nullptr;
  std::uint32_t slot = 0;
  /// When the attempt under way ends unanswered. A cluster sets it; a binding does where nobody has.
  io::TimePoint deadline = io::kNever;
  /// The request, or a part of it, may have reached the peer.
  bool sent = false;
  /// Its number among its caller's calls, the same for all attempts; 0 until the first is sent.
  std::uint32_t child = 0;
  /// What is noted of it for whoever observes calls; null: nobody does.
  ObservedCall* observed = nullptr;

  /// The cluster's own: the attempt under way.
  struct Attempt {
    static constexpr std::size_t kMost = 4;
    CallObserver* observer = nullptr;
    void* target = nullptr;  // the provider's state; null while no attempt is under way
    void* hedge = nullptr;
    io::TimePoint started{};
    io::TimePoint call_deadline{};  // of all attempts together: a retry gets no new time
    std::uint32_t tried[kMost];     // the providers' ids
    std::uint8_t count = 0;
  };
  Attempt attempt;

 private:
  void abandon() noexcept;
  /// The call that this one is part of was given up: nobody waits for the answer any more.
  static void on_cancel(CancelNode& node) noexcept;

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

/// When a call ends unanswered that is started at `now`: its own timeout or `timeout`, or its context's deadline.
inline io::TimePoint deadline_of(const RemoteCall& call, io::Duration timeout, io::TimePoint now) {
  if (call.options().timeout.count() > 0) timeout = call.options().timeout;
  return call.context() ? std::min(now + timeout, call.context()->deadline()) : now + timeout;
}

}  // namespace sofa::rpc
