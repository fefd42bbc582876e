#include "sofa/io/async.h"
#include "sofa/io/shard.h"
#include "sofa/rpc/filter.h"
#include "sofa/rpc/relay.h"
#include "sofa/rpc/service.h"

namespace sofa::rpc {
namespace {

/// The service, once it is in its slot; empty where that took longer than the route waits.
Task<Slot::Pin> service_there(std::shared_ptr<const Route> route) {
  constexpr io::Duration kLookAgain = std::chrono::milliseconds(1);
  const io::TimePoint until = io::Shard::current()->now() + route->wait;
  Slot::Pin pin = route->slot->acquire(route->caller);
  while (!pin && io::Shard::current()->now() < until) {
    co_await sleep(kLookAgain);
    pin = route->slot->acquire(route->caller);
  }
  co_return pin;
}

struct Sending {
  Remote* remote;  // null: to `here`
  void* here;
  void* arguments;
  void* result;
  bool reached = false;

  static Task<void> reach(void* self, Invocation& call) {
    auto& sending = *static_cast<Sending*>(self);
    if (sending.reached) return fail(Code::kClientFilter, "a filter called next twice");
    sending.reached = true;
    return sending.send(call.method, *call.options);
  }
  Task<void> send(const Method& method, const CallOptions& options) const {
    if (!remote) co_return co_await method.call_here(here, arguments, result);
    RemoteCall call(*remote, method, options, arguments, result);
    co_await call;
  }
};

Task<void> call_filtered(const Route& route, Sending& sending, const Method& method, CallOptions options) {
  CallContext& context = co_await sofa::context();
  Invocation call{
      .side = Side::kConsumer, .service = route.service, .method = method, .context = context, .options = &options};
  co_await route.filters->run(call, &Sending::reach, &sending);
  if (!sending.reached) Error(Code::kClientFilter, "a filter ended the call without an answer").raise();
}

}  // namespace

CallElsewhere::~CallElsewhere() = default;

std::coroutine_handle<> CallElsewhere::start(CallContext* context, std::coroutine_handle<> caller) {
  const Route& route = *path_.route;
  if (pin_ || !route.remote || route.filters) {
    return going_.emplace<sofa::detail::TaskAwaiter<void>>(go_by_way(), nullptr).begin(context, caller);
  }
  RemoteCall& call = going_.emplace<RemoteCall>(*route.remote, method_, path_.options, arguments_, result_);
  return call.start(context, caller) ? std::noop_coroutine() : caller;
}

void CallElsewhere::await_resume() {
  if (auto* call = std::get_if<RemoteCall>(&going_)) return call->await_resume();
  std::get<sofa::detail::TaskAwaiter<void>>(going_).await_resume();
}

Task<void> CallElsewhere::go_by_way() {
  const Route& route = *path_.route;
  if (!pin_ && !route.remote) pin_ = co_await service_there(path_.route);
  if (!pin_ && !route.remote) throw no_provider(route);
  const auto* relay = pin_ && pin_.is_relay() ? static_cast<const Relay*>(pin_.service()) : nullptr;
  const std::shared_ptr<Remote> remote = relay ? route.relayed->of(*relay) : pin_ ? nullptr : route.remote;
  Sending sending{remote.get(), pin_ ? pin_.service() : nullptr, arguments_, result_};
  const bool is_filtered = route.filters && (remote || route.filters_here);
  try {
    co_await (is_filtered ? call_filtered(route, sending, method_, path_.options)
                          : sending.send(method_, path_.options));
  } catch (const Error& error) {
    if (relay) relay->explain(error).raise();
    throw;
  }
}

}  // namespace sofa::rpc
