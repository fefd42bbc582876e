// Reference: a service as its callers hold it, wherever it is.
//
//   auto accounts = context.reference<AccountService>();
//   auto result = co_await accounts->transfer(request);                         // throws what the service threw
//   auto tried = co_await sofa::as_result(accounts->transfer(request));         // Result<TransferResult>
//   co_await accounts.with({.timeout = 200ms})->transfer(request);
//   co_await accounts.oneway()->withdraw("alice", amount);                      // sent, not answered
//
// Ownership: copies share one proxy; a call under way keeps what it needs. Threads: any shard of the context; from
// plain threads through Context::wait, `as_future` or `on_result` (async.h).
#pragma once

#include <memory>
#include <utility>

#include "sofa/rpc/service.h"

namespace sofa::rpc {

template <ServiceInterface S>
class Reference {
 public:
  Reference() = default;
  explicit Reference(std::shared_ptr<const Route> route, CallOptions options = {})
      : path_(std::make_shared<const CallPath>(CallPath{std::move(route), std::move(options)})),
        proxy_(ServiceCode<S>::make_proxy(path_)) {}

  S* operator->() const { return proxy_.get(); }
  S& operator*() const { return *proxy_; }
  explicit operator bool() const { return proxy_ != nullptr; }
  /// As a plain pointer to the interface: for code that does not care that it is remote.
  const std::shared_ptr<S>& shared() const { return proxy_; }

  /// The same service, called with other options.
  Reference with(CallOptions options) const { return Reference(path_->route, std::move(options)); }
  Reference oneway() const { return with({.oneway = true}); }

 private:
  std::shared_ptr<const CallPath> path_;
  std::shared_ptr<S> proxy_;
};

}  // namespace sofa::rpc
