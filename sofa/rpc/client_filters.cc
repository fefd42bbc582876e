#include "sofa/rpc/filter.h"
#include "sofa/rpc/service.h"

namespace sofa::rpc {
namespace {

struct Sending {
  const Route& route;
  const void* arguments;
  void* result;
  bool reached = false;

  static Task<void> reach(void* self, Invocation& call) {
    auto& sending = *static_cast<Sending*>(self);
    if (sending.reached) return fail(Code::kClientFilter, "a filter called next twice");
    sending.reached = true;
    return sending.send(call);
  }
  Task<void> send(Invocation& call) const {
    RemoteCall remote_call(*route.remote, call.method, *call.options, arguments, result);
    co_await remote_call;
  }
};

}  // namespace

Task<void> call_filtered(const Route& route, const Method& method, CallOptions options, const void* arguments,
                         void* result) {
  Sending sending{route, arguments, result};
  CallContext& context = co_await sofa::context();
  Invocation call{
      .side = Side::kConsumer, .service = route.service, .method = method, .context = context, .options = &options};
  co_await route.filters->run(call, &Sending::reach, &sending);
  if (!sending.reached) Error(Code::kClientFilter, "a filter ended the call without an answer").raise();
}

}  // namespace sofa::rpc
