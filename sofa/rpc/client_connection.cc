#include "sofa/rpc/client_connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sofa/io/shard.h"
#include "sofa/rpc/client_observer.h"
#include "sofa/rpc/client_pool.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/sofa_response.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/throwable.h"

namespace sofa::rpc {
namespace {

// What a status means to the caller: the table of SOFARPC's BoltClientTransport.
Code code_of(bolt::Status status) {
  switch (status) {
    case bolt::Status::kServerThreadPoolBusy:
      return Code::kServerBusy;
    case bolt::Status::kServerException:
      return Code::kServerUndeclared;
    case bolt::Status::kServerSerialException:
      return Code::kServerSerialize;
    case bolt::Status::kServerDeserialException:
      return Code::kServerDeserialize;
    case bolt::Status::kTimeout:
      return Code::kClientTimeout;
    case bolt::Status::kClientSendError:
    case bolt::Status::kConnectionClosed:
      return Code::kClientNetwork;
    default:
      return Code::kClientUndeclared;
  }
}

std::exception_ptr exception_of(const hessian::Throwable& thrown) {
  try {
    thrown.raise();
  } catch (...) {
    return std::current_exception();
  }
}

std::string text_of(const hessian::Throwable& thrown) {
  return fmt::format("{}: {}", thrown.java_class_name(), thrown.message());
}

// The content as an exception, or null: how servers tell what went wrong below SOFARPC.
std::shared_ptr<hessian::Throwable> thrown_in(const bolt::FrameView& frame, const hessian::Limits& limits,
                                              const hessian::Registry* exceptions) {
  if (frame.content.empty() || frame.head.codec != bolt::Codec::kHessian2) return nullptr;
  hessian::Reader in(frame.content, limits, exceptions);
  if (in.peek() != hessian::Kind::kObject || in.peek_class() == bolt::kResponseClass) return nullptr;
  return hessian::read_throwable(in);
}

Error error_of(const bolt::FrameView& frame, const hessian::Limits& limits, const hessian::Registry* exceptions) {
  const Code code = code_of(frame.head.status);
  const Retriable retriable = code == Code::kServerBusy ? Retriable::kYes : Retriable::kNo;
  if (const auto thrown = thrown_in(frame, limits, exceptions)) return Error(code, text_of(*thrown), retriable);
  const std::string_view status = bolt::name(frame.head.status);
  return Error(code,
               fmt::format("the server answered with status {:#04x} ({})", static_cast<int>(frame.head.status),
                           status.empty() ? "unknown" : status),
               retriable);
}

bool says_error(BytesView header) {
  std::string_view value;
  return !header.empty() && bolt::find_header(header, bolt::kResponseError, value) == bolt::HeaderFind::kFound &&
         value == "true";
}

void take_baggage(BytesView header, CallContext* caller) {
  if (!caller) return;
  bolt::HeaderReader reader(header);
  for (bolt::HeaderEntry entry; reader.next(entry);) {
    if (!entry.key.starts_with(bolt::kResponseBaggagePrefix)) continue;
    caller->set_response_baggage(entry.key.substr(bolt::kResponseBaggagePrefix.size()), entry.value);
  }
}

}  // namespace

ClientConnection::ClientConnection(ClientPool& pool)
    : CallHolder(pool.shard()),
      pool_(pool),
      heartbeat_([](void* self) noexcept { static_cast<ClientConnection*>(self)->beat(); }, this) {}

ClientConnection::~ClientConnection() = default;

void ClientConnection::on_open(io::Connection& connection) {
  connection_ = &connection;
  client_pointer_ = client_.shared_from_this();
  last_read_ = client_.shard.now();
  client_.shard.timers().arm(heartbeat_, last_read_ + client_.options.heartbeat);
  pool_.opened(*this);
}

bool ClientConnection::has_room() const {
  return !connection_->closed() && connection_->writable() && pending_.size() < client_.options.max_in_flight;
}

void ClientConnection::send(Pending pending, const RequestTemplate& request, const RequestExtras& extras,
                            io::TimePoint deadline) {
  RemoteCall& call = *pending.call;
  const bool oneway = call.options().oneway;
  const std::uint32_t id = oneway ? pending_.next_id() : pending_.add(pending);
  const std::int32_t timeout = oneway ? -1 : time_left(deadline);
  if (call.observed) [[unlikely]]
    call.observed->sending();
  const bool fits = request.write(
      client_.frame, id, timeout,
      [](hessian::Writer& to, const void* sent) { static_cast<const RemoteCall*>(sent)->encode_arguments(to); }, &call,
      extras);
  if (!fits) {
    if (!oneway) pending_.take(id);
    return call.fail(Error(Code::kClientSerialize, "headers and baggage of a call must fit into 32767 bytes"));
  }
  send(call, id, deadline);
}

void ClientConnection::pass_on(RemoteCall& call, io::TimePoint deadline) {
  const auto& request = *static_cast<const bolt::FrameView*>(call.arguments());
  const bool oneway = request.head.type == bolt::FrameType::kOneway;
  const std::uint32_t id = oneway ? pending_.next_id() : pending_.add({&call});
  client_.frame.clear();
  client_.frame.append(request.bytes);
  bolt::readdress({client_.frame.data(), client_.frame.size()}, request.head, id, oneway ? -1 : time_left(deadline));
  send(call, id, deadline);
}

std::int32_t ClientConnection::time_left(io::TimePoint deadline) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - client_.shard.now()).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(left, 1, INT32_MAX));
}

void ClientConnection::send(RemoteCall& call, std::uint32_t id, io::TimePoint deadline) {
  connection_->out().append(client_.frame.bytes());
  connection_->flush();
  call.sent = true;
  if (call.observed) [[unlikely]]
    call.observed->sent(pool_.address(), client_.frame.size());
  if (call.options().oneway) return call.succeed();
  call.slot = id;
  ++client_.counts.in_flight;
  client_.hold(call, *this, deadline);
}

void ClientConnection::forget(RemoteCall& call) {
  client_.shard.timers().cancel(call.timer);
  pending_.take(call.slot);
  --client_.counts.in_flight;
}

std::size_t ClientConnection::on_data(io::Connection& connection, BytesView data) {
  last_read_ = client_.shard.now();
  unanswered_heartbeats_ = 0;
  std::size_t used = 0;
  bolt::FrameView frame;
  while (used < data.size() && !connection.closed()) {
    const BytesView rest = data.subspan(used);
    const bolt::Decoded decoded = bolt::decode(rest, client_.options.frame, frame);
    if (decoded.outcome == bolt::Outcome::kNeedMore) {
      connection.expect(decoded.size);
      break;
    }
    if (decoded.outcome == bolt::Outcome::kError) {
      ++client_.counts.bad_frames;
      connection.close(bolt::describe(decoded, rest, frame, client_.options.frame));
      break;
    }
    used += decoded.size;
    take(frame);
  }
  if (!connection.closed()) pool_.send_waiting();
  return used;
}

void ClientConnection::take(const bolt::FrameView& frame) {
  if (frame.head.command == bolt::Command::kHeartbeat) {
    if (frame.head.type != bolt::FrameType::kRequest) return;
    connection_->out().append(bolt::heartbeat_ack(frame.head).view());
    return connection_->flush();
  }
  if (frame.head.command != bolt::Command::kResponse) return;  // nothing is served here
  const Pending pending = pending_.take(frame.head.id);
  if (!pending.call) {
    ++client_.counts.late_answers;
    return;
  }
  client_.shard.timers().cancel(pending.call->timer);
  --client_.counts.in_flight;
  ++client_.counts.answers;
  pool_.prefer(this);
  deliver(pending, frame);
  pool_.prefer(nullptr);
}

void ClientConnection::deliver(Pending pending, const bolt::FrameView& frame) {
  RemoteCall& call = *pending.call;
  if (call.observed) [[unlikely]]
    call.observed->answered(frame.head.frame_size());
  if (call.method().is_relayed) {
    *static_cast<const bolt::FrameView**>(call.result()) = &frame;
    return call.succeed();
  }
  if (frame.head.status != bolt::Status::kSuccess) {
    return call.fail(error_of(frame, client_.options.content, pending.exceptions));
  }
  if (frame.head.codec != bolt::Codec::kHessian2) {
    return call.fail(Error(Code::kClientDeserialize,
                           fmt::format("the answer came in codec {}", static_cast<int>(frame.head.codec))));
  }
  deliver_response(pending, frame);
}

void ClientConnection::deliver_response(Pending pending, const bolt::FrameView& frame) {
  RemoteCall& call = *pending.call;
  if (!frame.header.empty()) take_baggage(frame.header, call.context());
  const hessian::Limits& limits = client_.options.content;
  hessian::Reader& in = client_.reader.emplace(frame.content, limits, pending.exceptions);
  SofaResponse response;
  if (!read_sofa_response(in, response)) {
    // sofa-rpc-node answers with a bare RpcServerException in a frame that says SofaResponse.
    if (const auto thrown = thrown_in(frame, limits, pending.exceptions))
      return call.fail(Error(Code::kServerUndeclared, text_of(*thrown)));
    return call.fail(Error(Code::kClientDeserialize, "the answer is no SofaResponse").caused_by(in.error()));
  }
  if (response.is_error) return call.fail(Error(Code::kServerUndeclared, std::move(response.error_message)));
  // A caller that asked for generic objects gets the exception as one, as in Java.
  if (says_error(frame.header) && call.options().generic_type != 2) {
    const auto thrown = hessian::read_throwable(in);
    if (thrown) return call.fail(Error(Code::kBusiness, text_of(*thrown)).carrying(exception_of(*thrown)));
    return call.fail(Error(Code::kClientDeserialize, "what the service threw cannot be read").caused_by(in.error()));
  }
  if (call.decode_result(in)) return call.succeed();
  call.fail(Error(Code::kClientDeserialize, fmt::format("the answer does not fit {}", call.method().name))
                .caused_by(in.error()));
}

void ClientConnection::beat() {
  const io::TimePoint due = last_read_ + client_.options.heartbeat;
  const io::TimePoint now = client_.shard.now();
  if (now < due) return client_.shard.timers().arm(heartbeat_, due);
  if (unanswered_heartbeats_ >= client_.options.heartbeat_misses) {
    ++client_.counts.heartbeat_losses;
    return connection_->close(
        Error(Code::kClientNetwork,
              fmt::format("{} answered none of {} heartbeats", pool_.address().to_string(), unanswered_heartbeats_)));
  }
  ++unanswered_heartbeats_;
  ++client_.counts.heartbeats;
  connection_->out().append(bolt::heartbeat(bolt::kFormV1, pending_.next_id()).view());
  connection_->flush();
  client_.shard.timers().arm(heartbeat_, now + client_.options.heartbeat);
}

void ClientConnection::on_end(io::Connection& connection) {
  connection.close(Error(io::IoError::kClosed, "the server closed the connection"));
}

void ClientConnection::on_drained(io::Connection&) {
  pool_.send_waiting();
}

void ClientConnection::on_closed(io::Connection&, const Error& why) {
  client_.shard.timers().cancel(heartbeat_);
  pool_.closed(*this);
  while (RemoteCall* call = pending_.take_any().call) {
    client_.shard.timers().cancel(call->timer);
    if (!SOFA_MUTANT("inflight-leak")) --client_.counts.in_flight;
    ++client_.counts.disconnected_calls;
    call->fail(Error(Code::kClientNetwork,
                     fmt::format("the connection to {} was lost while the call was under way: it may have been served",
                                 pool_.address().to_string()),
                     Retriable::kYes)
                   .caused_by(why));
  }
}

}  // namespace sofa::rpc
