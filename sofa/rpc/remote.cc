#include "sofa/rpc/remote.h"

namespace sofa::rpc {

bool RemoteCall::start(CallContext* context, std::coroutine_handle<> caller) {
  context_ = context;
  started_ = true;
  if (remote_.observer) [[unlikely]]
    observe_start(*remote_.observer, *this);
  remote_.start(*this);
  if (!done_ && context_) context_->on_cancel(*this);
  if (done_) return false;
  caller_ = caller;
  return true;
}

void RemoteCall::abandon() noexcept {
  remote_.abandon(*this);
  if (observed) [[unlikely]]
    observe_abandoned(*this);
}

void RemoteCall::on_cancel(CancelNode& node) noexcept {
  auto& call = static_cast<RemoteCall&>(node);
  call.remote_.abandon(call);
  call.finish(cancel_error(call.context_->reason()));
}

}  // namespace sofa::rpc
