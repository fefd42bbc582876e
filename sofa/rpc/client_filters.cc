#include "sofa/rpc/filter.h"
#include "sofa/rpc/relay.h"
#include "sofa/rpc/service.h"

namespace sofa::rpc {
namespace {

struct Sending {
  Remote& remote;
  const void* arguments;
  void* result;
  bool reached = false;

  static Task<void> reach(void* self, Invocation& call) {
    auto& sending = *static_cast<Sending*>(self);
    if (sending.reached) return fail(Code::kClientFilter, "a filter called next twice");
    sending.reached = true;
    return sending.send(call.method, *call.options);
  }
  Task<void> send(const Method& method, const CallOptions& options) const {
    RemoteCall call(remote, method, options, arguments, result);
    co_await call;
  }
};

Task<void> call_filtered(const Route& route, Sending& sending, const Method& method, CallOptions& options) {
  CallContext& context = co_await sofa::context();
  Invocation call{
      .side = Side::kConsumer, .service = route.service, .method = method, .context = context, .options = &options};
  co_await route.filters->run(call, &Sending::reach, &sending);
  if (!sending.reached) Error(Code::kClientFilter, "a filter ended the call without an answer").raise();
}

}  // namespace

Task<void> call_by_way(const Route& route, const Slot::Pin& relay, const Method& method, CallOptions options,
                       const void* arguments, void* result) {
  const auto* leads = relay ? static_cast<const Relay*>(relay.service()) : nullptr;
  const std::shared_ptr<Remote> remote = leads ? route.relayed->of(*leads) : route.remote;
  try {
    if (route.filters) {
      Sending sending{*remote, arguments, result};
      co_await call_filtered(route, sending, method, options);
    } else {
      RemoteCall call(*remote, method, options, arguments, result);
      co_await call;
    }
  } catch (const Error& error) {
    if (leads) leads->explain(error).raise();
    throw;
  }
}

}  // namespace sofa::rpc
