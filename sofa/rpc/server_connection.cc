#include "sofa/rpc/server_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sofa/base/fault.h"
#include "sofa/observe/observer.h"
#include "sofa/rpc/request_extras.h"
#include "sofa/rpc/server_call_bolt.h"
#include "sofa/rpc/server_filters.h"
#include "sofa/rpc/sofa_response.h"
#include "sofa/wire/bolt/names.h"

namespace sofa::rpc {
namespace {

// A frame beyond the limits but not beyond this is passed over, so that the connection's other calls go on.
constexpr std::size_t kMostSkipped = 64 << 20;
// How long a peer that was told that it is cut off may take to read so. Closing at once could reset the connection
// under the answer, where bytes of the peer are still on their way.
constexpr io::Duration kFarewell = std::chrono::seconds(2);
// How many requests of one read are served before the clock is looked at again.
constexpr unsigned kRequestsPerClock = 16;

/// What a connection takes along to another shard.
struct Times {
  io::TimePoint last_activity;
  io::TimePoint unread_since;

  static Times load(BytesView saved) {
    Times times;
    assert(saved.size() == sizeof(times));
    std::memcpy(static_cast<void*>(&times), saved.data(), sizeof(times));
    return times;
  }
  Bytes save() const {
    Bytes bytes(sizeof(*this));
    std::memcpy(bytes.data(), this, sizeof(*this));
    return bytes;
  }
};

std::string_view or_null(std::string_view text) {
  return text.empty() ? "null" : text;
}

std::string_view caller_of(const RequestHeader& header) {
  return header.app.empty() ? header.caller_app : header.app;
}

// Java's text where the request could not be deserialized.
std::string undecodable(std::string_view message, const RequestHeader& header) {
  return server_message(
      "com.alipay.remoting.exception.DeserializationException",
      fmt::format("{}, traceId={}, rpcId={}", message, or_null(header.trace_id), or_null(header.rpc_id)));
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<ServerShard> shard, const io::ConnectionState* moved)
    : server_pointer_(std::move(shard)),
      server_(*server_pointer_),
      idle_([](void* self) noexcept { static_cast<ServerConnection*>(self)->watch_idle(); }, this) {
  next_ = server_.connections;
  at_ = &server_.connections;
  if (next_) next_->at_ = &next_;
  *at_ = this;
  ++server_.counts.connections;
  if (moved) {
    const Times times = Times::load(moved->saved);
    last_activity_ = times.last_activity;
    unread_since_ = times.unread_since;
  }
}

// Moving is no sign of life of the peer, nor does what it asked become younger by it.
Bytes ServerConnection::save_state() {
  return Times{last_activity_, unread_since_}.save();
}

ServerConnection::~ServerConnection() {
  server_.shard.timers().cancel(idle_);
  *at_ = next_;
  if (next_) next_->at_ = at_;
  --server_.counts.connections;
}

void ServerConnection::on_open(io::Connection& connection) {
  connection_ = &connection;
  if (last_activity_ == io::TimePoint{}) last_activity_ = server_.shard.now();
  server_.shard.timers().arm(idle_, last_activity_ + server_.options.idle);
}

void ServerConnection::watch_idle() {
  if (leaving_) return connection_->close(Error(io::IoError::kClosed, "what came is no Bolt that can be served"));
  const io::TimePoint due = last_activity_ + server_.options.idle;
  if (in_flight_ == 0 && due <= server_.shard.now()) {
    ++server_.counts.idle_closed;
    return connection_->close(Error(io::IoError::kTimeout, "the connection was idle"));
  }
  server_.shard.timers().arm(idle_, std::max(due, server_.shard.now() + std::chrono::seconds(1)));
}

std::size_t ServerConnection::on_data(io::Connection& connection, BytesView data) {
  io::TimePoint now = server_.shard.now();
  last_activity_ = now;
  const io::TimePoint waited_since = std::exchange(unread_since_, io::kNever);
  const io::TimePoint arrival = std::min(waited_since, now);
  std::size_t used = std::min(to_skip_, data.size());
  to_skip_ -= used;
  if (leaving_) return data.size();
  bolt::FrameView frame;
  for (unsigned served = 0; used < data.size() && !connection.closed();) {
    if (!connection.writable()) {
      unread_since_ = arrival;  // shown again when the output has drained
      break;
    }
    const bolt::Decoded decoded = bolt::decode(data.subspan(used), server_.options.frame, frame);
    if (decoded.outcome == bolt::Outcome::kNeedMore) {
      connection.expect(decoded.size);
      break;
    }
    if (decoded.outcome == bolt::Outcome::kError) [[unlikely]] {
      const std::size_t skip = refuse(decoded, data.subspan(used), frame);
      const std::size_t here = std::min(skip, data.size() - used);
      to_skip_ = skip - here;
      used += here;
      if (leaving_) break;
      continue;
    }
    used += decoded.size;
    if (++served % kRequestsPerClock == 0) now = server_.shard.env().clock.now();
    take(frame, arrival, now);
  }
  return connection.closed() ? data.size() : used;
}

std::size_t ServerConnection::refuse(const bolt::Decoded& decoded, BytesView data, const bolt::FrameView& frame) {
  const Error error = bolt::describe(decoded, data, frame, server_.options.frame);
  const bool can_go_on = decoded.error == bolt::BoltError::kTooLarge && decoded.size <= kMostSkipped;
  if (decoded.head_known && frame.head.command == bolt::Command::kRequest) {
    const bool is_crc = decoded.error == bolt::BoltError::kBadCrc;
    answer_server_exception(frame.head, is_crc ? bolt::Status::kCodecException : bolt::Status::kServerDeserialException,
                            server_message("com.alipay.remoting.exception.CodecException", error.message()));
  }
  if (can_go_on) return decoded.size;
  ++server_.counts.bad_frames;
  if (decoded.head_known) {
    say_farewell();
  } else {
    connection_->close(error);
  }
  return data.size();
}

void ServerConnection::say_farewell() {
  leaving_ = true;
  connection_->half_close();
  server_.shard.timers().arm(idle_, server_.shard.now() + kFarewell);
}

void ServerConnection::take(const bolt::FrameView& frame, io::TimePoint arrival, io::TimePoint now) {
  switch (frame.head.command) {
    case bolt::Command::kRequest:
      ++server_.counts.requests;
      // As Java: whoever sent it has given up, so the work would be for nobody.
      if (frame.head.timeout_ms > 0 && now - arrival > std::chrono::milliseconds(frame.head.timeout_ms)) {
        ++server_.counts.late;
        return observe_refused(observe::Outcome::kTimeout, frame.head);
      }
      return serve(frame, arrival, now);
    case bolt::Command::kHeartbeat:
      if (frame.head.type != bolt::FrameType::kRequest) return;
      ++server_.counts.heartbeats;
      connection_->out().append(bolt::heartbeat_ack(frame.head).view());
      return connection_->flush();
    case bolt::Command::kResponse:
    case bolt::Command::kGoAway:
      return;  // nothing was asked here, and a client that goes away closes
  }
}

void ServerConnection::serve(const bolt::FrameView& frame, io::TimePoint arrival, io::TimePoint now) {
  RequestFront& front = server_.fronts.of(frame.header);
  server_.reader.emplace(frame.content, server_.options.content);
  const bool is_plain = frame.class_name == bolt::kRequestClass && frame.head.codec == bolt::Codec::kHessian2;
  if (!is_plain || SOFA_FAULT("request-front-unknown") || !front.recognise(frame, *server_.reader)) {
    if (!read(frame, front)) return;
  }
  const std::int32_t remain_ms = front.header().remain_ms;
  if (remain_ms >= 0 && now - arrival >= std::chrono::milliseconds(remain_ms)) {
    ++server_.counts.late;
    return observe_refused(observe::Outcome::kTimeout, frame.head, &front);
  }
  Slot::Pin service = find_service(frame.head, front);
  if (!service) return;
  const ServiceEntry& entry = *service.entry();
  ContextPtr context = make_context(frame, front.header(), arrival);
  if (is_busy() || !entry.admit(*front.route.method, *context) || SOFA_FAULT("server-busy")) {
    observe_refused(observe::Outcome::kBusy, frame.head, &front, entry.observed(*front.route.method));
    if (!may_answer(frame.head)) return;
    ++server_.counts.busy;
    write_status(server_.frame, frame.head, bolt::Status::kServerThreadPoolBusy);
    return send(server_.frame);
  }
  void* object = service.service();
  BoltServerCall& call = server_.take_call();
  call.start(
      {*this, frame, std::move(service), std::move(context), *front.route.method, arrival, front.header().invoke_type});
  if (const FilterChain* filters = entry.filters()) [[unlikely]]
    return serve_filtered(*filters, *front.route.method, entry.text(), object, call);
  front.route.method->serve(object, call);
}

bool ServerConnection::read(const bolt::FrameView& frame, RequestFront& front) {
  const auto refuse = [&](bolt::Status status, std::string_view message) {
    answer_server_exception(frame.head, status, message);
    return false;
  };
  if (!front.read_header(frame.header, server_.options.frame.header_entries)) {
    return refuse(bolt::Status::kServerDeserialException,
                  undecodable("the header map is damaged or has too many entries", {}));
  }
  if (frame.class_name != bolt::kRequestClass) {
    return refuse(bolt::Status::kServerException,
                  fmt::format("No user processor found for request: {}", frame.class_name));
  }
  if (frame.head.codec != bolt::Codec::kHessian2) {
    const auto codec = static_cast<int>(frame.head.codec);
    return refuse(bolt::Status::kServerDeserialException,
                  undecodable(fmt::format("RPC-020050008: Serializer Not Found,type:[{}]. ", codec), front.header()));
  }
  if (frame.content.empty()) {
    return refuse(bolt::Status::kServerDeserialException, undecodable("Content of request is null", front.header()));
  }
  if (!front.read_content(*server_.reader)) {
    return refuse(bolt::Status::kServerDeserialException,
                  undecodable(server_.reader->error().message(), front.header()));
  }
  front.keep(frame, *server_.reader);
  return true;
}

Slot::Pin ServerConnection::find_service(const bolt::Head& request, RequestFront& front) {
  RequestFront::Route& route = front.route;
  if (!route.slot || SOFA_FAULT("request-route-unknown")) route = {.slot = server_.services.find(front.service())};
  Slot::Pin service;
  if (route.slot)
    service = route.slot->has_trial() ? route.slot->acquire(caller_of(front.header())) : route.slot->acquire();
  if (!service || !service.entry()) {
    answer_not_found(request, front, no_such_service(front.service()));
    return {};
  }
  if (service.number() == route.number) [[likely]]
    return service;
  route.number = 0;
  route.method = service.entry()->find(front.method(), front.signatures());
  if (!route.method) {
    answer_not_found(request, front, no_such_method(front.method(), front.service()));
    return {};
  }
  route.number = service.number();
  return service;
}

void ServerConnection::learn_peer(const RequestHeader& header) {
  const std::string_view app = caller_of(header);
  const Peer& known = *connection_->peer();
  const bool is_new_zone = !header.caller_zone.empty() && header.caller_zone != known.zone.text();
  if ((app.empty() || app == known.app.text()) && !is_new_zone) return;
  auto peer = std::make_shared<Peer>(known);
  if (!app.empty()) peer->app = server_.names.of(app);
  if (is_new_zone) peer->zone = server_.names.of(header.caller_zone);
  connection_->set_peer(std::move(peer));
}

ContextPtr ServerConnection::make_context(const bolt::FrameView& frame, const RequestHeader& header,
                                          io::TimePoint arrival) {
  ContextPtr context = CallContext::make();
  std::int32_t limit_ms = std::max(frame.head.timeout_ms, 0);
  if (header.remain_ms >= 0 && (limit_ms == 0 || header.remain_ms < limit_ms)) limit_ms = header.remain_ms;
  if (limit_ms > 0) context->set_deadline(arrival + std::chrono::milliseconds(limit_ms));
  learn_peer(header);
  context->set_peer(connection_->peer());
  receive_extras(frame.header, header, *context);
  return context;
}

bool ServerConnection::is_busy() const {
  return in_flight_ >= server_.options.max_in_flight_per_connection ||
         server_.counts.in_flight >= server_.options.max_in_flight_per_shard;
}

bool ServerConnection::may_answer(const bolt::Head& request) {
  if (request.type != bolt::FrameType::kOneway) return true;
  ++server_.counts.oneways_dropped;
  return false;
}

void ServerConnection::answer_server_exception(const bolt::Head& request, bolt::Status status,
                                               std::string_view message) {
  observe_refused(observe::Outcome::kCodec, request);
  if (!may_answer(request)) return;
  ++server_.counts.errors;
  write_server_exception(server_.frame, request, status, message);
  send(server_.frame);
}

void ServerConnection::answer_not_found(const bolt::Head& request, const RequestFront& front,
                                        const std::string& message) {
  observe_refused(observe::Outcome::kNotFound, request, &front);
  if (!may_answer(request)) return;
  ++server_.counts.errors;
  ++server_.counts.not_found;
  write_error_answer(server_.frame, request, message);
  send(server_.frame);
}

void ServerConnection::observe_refused(observe::Outcome outcome, const bolt::Head& request, const RequestFront* front,
                                       observe::MethodId method) {
  if (!server_.observer) [[likely]]
    return;
  const Peer& peer = *connection_->peer();
  observe::CallRecord call;
  call.type = request.type == bolt::FrameType::kOneway ? observe::InvokeType::kOneway : observe::InvokeType::kSync;
  call.outcome = outcome;
  call.method = method;
  if (front) {
    call.service = front->service();
    call.name = front->method();
    call.trace_id = front->header().trace_id;
    call.rpc_id = front->header().rpc_id;
  }
  call.remote_host = peer.address.host;
  call.remote_port = peer.address.port;
  call.remote_app = peer.app.text();
  call.request_bytes = static_cast<std::int64_t>(request.frame_size());
  call.started = server_.shard.now();
  call.elapsed = server_.observer->end_time() - call.started;
  server_.observer->on_call(call);
}

void ServerConnection::send(const FrameBuffer& frame) {
  last_activity_ = server_.shard.now();
  connection_->out().append(frame.bytes());
  connection_->flush();
}

void ServerConnection::add(BoltServerCall& call) {
  call.next_ = calls_;
  call.at_ = &calls_;
  if (calls_) calls_->at_ = &call.next_;
  calls_ = &call;
  ++in_flight_;
}

void ServerConnection::remove(BoltServerCall& call) {
  *call.at_ = call.next_;
  if (call.next_) call.next_->at_ = call.at_;
  if (--in_flight_ == 0 && ended_) connection_->close_after_flush();
}

void ServerConnection::on_end(io::Connection& connection) {
  ended_ = true;
  if (in_flight_ == 0) connection.close_after_flush();
}

void ServerConnection::on_closed(io::Connection&, const Error&) {
  ended_ = false;
  while (calls_) calls_->caller_left();
  server_.shard.timers().cancel(idle_);
}

}  // namespace sofa::rpc
