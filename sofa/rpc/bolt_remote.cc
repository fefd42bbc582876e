#include "sofa/rpc/bolt_remote.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "sofa/io/shard.h"
#include "sofa/io/trace.h"
#include "sofa/rpc/client_connection.h"
#include "sofa/rpc/client_observer.h"
#include "sofa/rpc/client_pool.h"
#include "sofa/rpc/error.h"

namespace sofa::rpc {

BoltRequests::BoltRequests(CallIdentity identity, const Interface& interface, io::Duration timeout, TraceIds* trace_ids)
    : identity_(std::move(identity)), interface_(interface), timeout_(timeout), trace_ids_(trace_ids) {
  templates_.reserve(interface_.methods.size());
  for (const Method& method : interface_.methods) {
    templates_.push_back(
        {RequestTemplate(identity_, method, {}), RequestTemplate(identity_, method, {.oneway = true})});
  }
}

BoltRemote::BoltRemote(std::vector<std::shared_ptr<ClientShard>> shards, io::Address address,
                       std::shared_ptr<const BoltRequests> requests)
    : shards_(std::move(shards)),
      pools_(shards_.size()),
      address_(std::move(address)),
      requests_(std::move(requests)) {}

ClientPool* BoltRemote::pool() {
  const io::Shard* shard = io::Shard::current();
  const auto index = static_cast<std::size_t>(shard ? shard->index() : -1);
  if (index >= shards_.size() || &shards_[index]->shard != shard) return nullptr;
  if (!pools_[index]) {
    pools_[index] = &shards_[index]->pool(address_);
    pools_[index]->retain();
  }
  return pools_[index];
}

void BoltRemote::start(RemoteCall& call) {
  ClientPool* own_pool = this->pool();
  if (!own_pool) {
    return call.fail(
        Error(Code::kClientCallType,
              "called outside the shards of the reference's own context: use its wait, as_future or on_result"));
  }
  ClientPool& pool = *own_pool;
  ++pool.shard().counts.calls;
  const io::TimePoint now = pool.shard().shard.now();
  if (call.deadline == io::kNever) call.deadline = deadline_of(call, requests_->timeout(), now);
  if (call.deadline <= now) {
    ++pool.shard().counts.timeouts;
    return call.fail(Error(Code::kClientTimeout, "the deadline has passed before the call was sent"));
  }
  pool.start(call, *requests_, call.deadline);
}

Remote::Readiness BoltRemote::readiness() {
  ClientPool* own_pool = pool();
  return own_pool ? own_pool->readiness() : Readiness::kUnreachable;
}

void BoltRemote::prepare() {
  if (ClientPool* own_pool = pool()) own_pool->prepare();
}

void BoltRemote::release() {
  const io::Shard* shard = io::Shard::current();
  const auto index = static_cast<std::size_t>(shard ? shard->index() : -1);
  if (index >= pools_.size() || !pools_[index]) return;
  std::exchange(pools_[index], nullptr)->let_go();
}

void BoltRemote::abandon(RemoteCall& call) {
  static_cast<CallHolder*>(call.holder)->forget(call);
}

bool BoltRequests::make_span(RemoteCall& call, TraceContext& span) const {
  CallContext* context = call.context();
  if (context && !context->trace().trace_id.empty()) {
    if (call.child == 0) call.child = context->next_child();
    span = child_of(context->trace(), call.child);
    return true;
  }
  if (!trace_ids_) return false;
  span = trace_ids_->start();
  if (call.observed) call.observed->decide();
  return true;
}

void BoltRequests::add_context(RemoteCall& call, io::TimePoint deadline, TraceContext& own,
                               RequestExtras& extras) const {
  TraceContext& span = call.observed ? call.observed->span : own;
  if (!span.trace_id.empty() || make_span(call, span)) extras.trace = &span;
  CallContext* context = call.context();
  if (!context) return;
  if (context->has_more()) {
    extras.context = context;
    extras.baggage = context->baggage();
  }
  // As Java 5.14: who serves a call passes on what is left of its time, who begins one leaves it to the frame's
  // timeout.
  if (context->deadline() != io::kNever && context->peer()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - io::Shard::current()->now());
    extras.remain_ms = static_cast<std::int32_t>(std::clamp<std::int64_t>(left.count(), 1, INT32_MAX));
  }
}

void BoltRequests::send(RemoteCall& call, ClientConnection& connection, io::TimePoint deadline) const {
  if (call.method().is_relayed) return connection.pass_on(call, deadline);
  RequestExtras extras{.headers = call.options().headers};
  TraceContext own_span;
  add_context(call, deadline, own_span, extras);
  const Method& method = call.method();
  const CallOptions& options = call.options();
  const auto index = static_cast<std::size_t>(method.index);
  const Pending pending{&call, interface_.exceptions ? &interface_.exceptions() : nullptr};
  const bool is_prebuilt =
      options.generic_type < 0 && index < templates_.size() && &interface_.methods[index] == &method;
  if (is_prebuilt) {
    const Templates& templates = templates_[index];
    return connection.send(pending, options.oneway ? templates.oneway : templates.request, extras, deadline);
  }
  const RequestTemplate once(identity_, method, {.oneway = options.oneway, .generic_type = options.generic_type});
  connection.send(pending, once, extras, deadline);
}

}  // namespace sofa::rpc
