#include "sofa/rpc/client_observer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sofa/io/shard.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/call_outcome.h"
#include "sofa/rpc/remote.h"

namespace sofa::rpc {

observe::MethodRange observed_methods(observe::Telemetry& telemetry, observe::Side side, std::string_view service,
                                      const Interface& interface) {
  std::vector<std::string_view> names;
  for (const Method& method : interface.methods) names.push_back(method.name);
  if (names.empty()) names.emplace_back("other");
  return telemetry.methods().add(side, service, names);
}

ClientObserver::ClientObserver(observe::Telemetry& telemetry, const Interface& interface, std::string service,
                               std::string route)
    : telemetry_(telemetry),
      service_(std::move(service)),
      route_(std::move(route)),
      methods_(observed_methods(telemetry, observe::Side::kClient, service_, interface)) {}

void observe_start(const ClientObserver& observer, RemoteCall& call) {
  io::Shard* shard = io::Shard::current();
  observe::Observer* of_shard = shard ? observer.telemetry_.find(*shard) : nullptr;
  if (of_shard) call.observed = new ObservedCall(observer, *of_shard, *shard, call);
}

void observe_end(RemoteCall& call, const Error* error) {
  const std::unique_ptr<ObservedCall> observed(std::exchange(call.observed, nullptr));
  observed->end(call, error ? outcome_of(*error) : observe::Outcome::kOk, error ? code_of(*error) : 0);
}

void observe_abandoned(RemoteCall& call) {
  const Error error = cancel_error(CancelReason::kCancelled);
  observe_end(call, &error);
}

ObservedCall::ObservedCall(const ClientObserver& from, observe::Observer& observer, io::Shard& shard,
                           const RemoteCall& call)
    : from_(from), observer_(observer), shard_(shard), started_(observer.start_time(shard.now())) {
  observer_.on_wait(observe::Side::kClient, from_.methods_[std::max(call.method().index, 0)]);
}

void ObservedCall::decide() {
  observer_.decide(span);
}

void ObservedCall::sending() {
  written_down_ = observer_.keeps(span);
  if (written_down_) sending_ = observer_.start_time(shard_.now());
}

void ObservedCall::sent(const io::Address& to, std::size_t bytes) {
  if (!written_down_) return;
  sent_ = observer_.end_time();
  remote_host_.assign(to.host);
  remote_port_ = to.port;
  request_bytes_ = static_cast<std::int64_t>(bytes);
}

void ObservedCall::answered(std::size_t bytes) {
  if (!written_down_) return;
  answered_ = observer_.start_time(shard_.now());
  response_bytes_ = static_cast<std::int64_t>(bytes);
}

void ObservedCall::end(const RemoteCall& call, observe::Outcome outcome, std::int32_t error_code) {
  if (io::Shard::current() != &shard_) return;
  const io::TimePoint now = observer_.end_time();
  const CallOptions& options = call.options();
  const observe::CallCount count{.side = observe::Side::kClient,
                                 .outcome = outcome,
                                 .waited = true,
                                 .method = from_.methods_[std::max(call.method().index, 0)],
                                 .elapsed = now - started_};
  if (!written_down_ && !observer_.keeps(span)) return observer_.on_end(count, {});
  observe::CallRecord record;
  static_cast<observe::CallCount&>(record) = count;
  record.type = options.oneway ? observe::InvokeType::kOneway : observe::InvokeType::kSync;
  record.error_code = error_code;
  record.sampled = observe::sampled_by(span);
  record.service = from_.service_;
  record.name = call.method().name;
  record.trace_id = span.trace_id.view();
  record.rpc_id = span.rpc_id.view();
  record.remote_host = remote_host_.view();
  record.remote_port = remote_port_;
  record.route = from_.route_;
  record.request_bytes = request_bytes_;
  record.response_bytes = response_bytes_;
  record.started = started_;
  if (request_bytes_ >= 0) {
    record.phases.connect = sending_ - started_;
    record.phases.serialize = sent_ - sending_;
  }
  if (response_bytes_ >= 0) record.phases.deserialize = now - answered_;
  observer_.on_call(record);
}

}  // namespace sofa::rpc
