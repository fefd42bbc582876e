#include "sofa/rpc/server_call_bolt.h"

#include <cassert>
#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/io/shard.h"
#include "sofa/observe/observer.h"
#include "sofa/rpc/call_outcome.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/server_connection.h"
#include "sofa/rpc/sofa_request.h"
#include "sofa/wire/hessian/throwable.h"

namespace sofa::rpc {

BoltServerCall::BoltServerCall(ServerShard& shard)
    : shard_(shard),
      deadline_(
          [](void* call) noexcept { static_cast<BoltServerCall*>(call)->context_->cancel(CancelReason::kDeadline); },
          this) {}

void BoltServerCall::start(Start start) {
  connection_ = &start.connection;
  method_ = &start.method;
  service_ = std::move(start.service);
  entry_ = service_.entry();
  context_ = std::move(start.context);
  head_ = start.frame.head;
  frame_ = &start.frame;
  arrival_ = start.arrival;
  kept_ = false;
  ran_ = true;
  if (shard_.observer) [[unlikely]]
    observe_start(start);
}

void BoltServerCall::keep() {
  kept_ = true;
  kept_at_ = shard_.shard.now();
  ++shard_.counts.in_flight;
  entry_->call_kept(*method_);
  connection_->add(*this);
  if (shard_.observer) [[unlikely]]
    shard_.observer->on_wait(observe::Side::kServer, entry_->observed(*method_));
  if (context_->deadline() != io::kNever) shard_.shard.timers().arm(deadline_, context_->deadline());
}

void BoltServerCall::keep_arguments() {
  auto kept = std::make_unique<Kept>();
  const BytesView content = shard_.reader->bytes();
  kept->content.assign(content.begin(), content.end());
  kept->reader.emplace(kept->content, shard_.options.content);
  SofaRequest request;
  if (!read_sofa_request(*kept->reader, request)) assert(false && "it was read before");
  content_ = std::move(kept);
}

void BoltServerCall::caller_left() {
  connection_->remove(*this);
  connection_ = nullptr;
  context_->cancel();
}

bool BoltServerCall::is_awaited() {
  if (written_down_) [[unlikely]]
    served_ = shard_.observer->end_time();
  if (head_.type == bolt::FrameType::kOneway) return false;
  if (connection_ && !connection_->is_closed()) return true;
  ++shard_.counts.answers_dropped;
  return false;
}

ResponseBaggage BoltServerCall::baggage() const {
  if (SOFA_MUTANT("response-baggage-astray") && next_) return next_->context_->response_baggage();
  return context_->response_baggage();
}

void BoltServerCall::send() {
  ++shard_.counts.answers;
  response_bytes_ = static_cast<std::int64_t>(shard_.frame.size());
  connection_->send(shard_.frame);
}

void BoltServerCall::answer(void (*encode)(hessian::Writer& to, const void* value), const void* value) {
  if (is_awaited()) {
    write_answer(shard_.frame, head_, encode, value, baggage());
    send();
  }
  end();
}

void BoltServerCall::answer_frame(const bolt::FrameView& answer) {
  if (answer.head.status != bolt::Status::kSuccess) outcome_ = observe::Outcome::kBusiness;
  if (is_awaited()) {
    shard_.frame.clear();
    shard_.frame.append(answer.bytes);
    bolt::readdress({shard_.frame.data(), shard_.frame.size()}, answer.head, head_.id);
    send();
  }
  end();
}

void BoltServerCall::answer_undecodable() {
  outcome_ = observe::Outcome::kCodec;
  error_code_ = static_cast<std::int32_t>(Code::kServerDeserialize);
  if (is_awaited()) {
    ++shard_.counts.errors;
    const Error error = arguments().error();
    write_server_exception(shard_.frame, head_, bolt::Status::kServerDeserialException,
                           server_message("com.alipay.remoting.exception.DeserializationException", error.message()));
    send();
  }
  end();
}

void BoltServerCall::answer_exception(std::exception_ptr thrown) {
  outcome_ = observe::Outcome::kBusiness;
  if (is_awaited()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const hessian::Throwable& exception) {
      answer_thrown(exception);
    } catch (const Error& error) {
      answer_error(error);
    } catch (const std::exception& exception) {
      hessian::RemoteException undeclared;
      undeclared.class_name = "java.lang.RuntimeException";
      undeclared.detail_message = exception.what();
      answer_thrown(undeclared);
    } catch (...) {
      answer_error(Error(Code::kServerUndeclared, "the service threw something that is no exception"));
    }
    send();
  }
  end();
}

void BoltServerCall::answer_thrown(const hessian::Throwable& thrown) {
  ++shard_.counts.thrown;
  write_thrown_answer(
      shard_.frame, head_,
      [](hessian::Writer& to, const void* exception) {
        hessian::write_throwable(to, *static_cast<const hessian::Throwable*>(exception));
      },
      &thrown, baggage());
}

void BoltServerCall::answer_error(const Error& error) {
  ran_ = context_->cancelled();  // how soon it failed says nothing; that it was too slow does
  ++shard_.counts.errors;
  outcome_ = outcome_of(error);
  error_code_ = code_of(error);
  // A worker pool that is full says kLimit.
  if (error.is(Code::kServerBusy) || (error.is(io::IoError::kLimit) && error.retriable())) {
    ++shard_.counts.busy;
    outcome_ = observe::Outcome::kBusy;
    return write_status(shard_.frame, head_, bolt::Status::kServerThreadPoolBusy);
  }
  // The caller's own clock may still be a moment behind: it shall see the same end of the call, whoever is first.
  if (error.is(io::IoError::kTimeout) && context_->cancelled()) {
    return write_status(shard_.frame, head_, bolt::Status::kTimeout);
  }
  write_error_answer(shard_.frame, head_, error.message());
}

void BoltServerCall::let_go() {
  if (kept_) {
    shard_.shard.timers().cancel(deadline_);
    if (connection_) connection_->remove(*this);
    entry_->call_ended(*method_, ran_ && connection_, kept_at_, shard_.shard.now());
    --shard_.counts.in_flight;
  }
  content_.reset();
  context_ = {};
  connection_ = nullptr;
  service_ = {};  // last: entry and method are its own
}

void BoltServerCall::observe_start(const Start& start) {
  outcome_ = observe::Outcome::kOk;
  written_down_ = shard_.observer->keeps(context_->trace());
  if (!written_down_) return;
  invoke_type_ =
      head_.type == bolt::FrameType::kOneway ? observe::InvokeType::kOneway : observe::invoke_type(start.invoke_type);
  error_code_ = 0;
  response_bytes_ = -1;
  started_ = shard_.observer->start_time(shard_.shard.now());
}

void BoltServerCall::observe_end() {
  observe::Observer& observer = *shard_.observer;
  const io::TimePoint now = observer.end_time();
  const observe::CallCount count{.side = observe::Side::kServer,
                                 .outcome = outcome_,
                                 .waited = kept_,
                                 .method = entry_->observed(*method_),
                                 .elapsed = now - arrival_};
  const Peer* peer = context_->peer().get();
  if (!written_down_) return observer.on_end(count, peer ? peer->app.text() : std::string_view());
  write_down(count, now);
}

void BoltServerCall::write_down(const observe::CallCount& count, io::TimePoint now) {
  const TraceContext& trace = context_->trace();
  observe::CallRecord call;
  static_cast<observe::CallCount&>(call) = count;
  call.type = invoke_type_;
  call.error_code = error_code_;
  call.sampled = observe::sampled_by(trace);
  call.service = entry_->text();
  call.name = method_->name;
  call.trace_id = trace.trace_id.view();
  call.rpc_id = trace.rpc_id.view();
  if (const Peer* peer = context_->peer().get()) {
    call.remote_host = peer->address.host;
    call.remote_port = peer->address.port;
    call.remote_app = peer->app.text();
  }
  call.request_bytes = static_cast<std::int64_t>(head_.frame_size());
  call.response_bytes = response_bytes_;
  call.started = arrival_;
  call.phases.queue = started_ - arrival_;
  call.phases.service = served_ - started_;
  if (response_bytes_ >= 0) call.phases.serialize = now - served_;
  shard_.observer->on_call(call);
}

void BoltServerCall::end() {
  // The clock of the turn: what did not suspend took none of it.
  const io::TimePoint now = shard_.shard.now();
  shard_.took_ns.record(now > arrival_ ? static_cast<std::uint64_t>((now - arrival_).count()) : 0);
  if (shard_.observer) [[unlikely]]
    observe_end();
  let_go();
  shard_.give_back(*this);
}

}  // namespace sofa::rpc
