#include "sofa/net/http_server_connection.h"

#include <algorithm>
#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/net/error.h"

namespace sofa::net {

/// Counts a request until its handler is done or destroyed.
class HttpServerConnection::InFlight {
 public:
  explicit InFlight(HttpServerShard& server) : server_(&server) { server.counts.in_flight.add(1); }
  InFlight(InFlight&& other) noexcept : server_(std::exchange(other.server_, nullptr)) {}
  InFlight& operator=(InFlight&&) = delete;
  ~InFlight() {
    if (server_) server_->counts.in_flight.add(-1);
  }

 private:
  HttpServerShard* server_;
};

/// An answer whose body is streamed.
struct HttpServerConnection::Answer {
  HttpBody body;
  http::Body framing = http::Body::kNone;
  std::uint64_t length = 0;
};

HttpServerConnection::HttpServerConnection(std::shared_ptr<HttpServerShard> shard)
    : server_pointer_(std::move(shard)),
      server_(*server_pointer_),
      parser_(http::Parser::Role::kRequests, server_.options.limits),
      client_([](void* self) noexcept { static_cast<HttpServerConnection*>(self)->client_too_slow(); }, this),
      handler_([](void* self) noexcept { static_cast<HttpServerConnection*>(self)->handler_too_slow(); }, this) {
  next_ = server_.connections;
  at_ = &server_.connections;
  if (next_) next_->at_ = &next_;
  *at_ = this;
  server_.counts.connections.add(1);
}

HttpServerConnection::~HttpServerConnection() {
  *at_ = next_;
  if (next_) next_->at_ = at_;
  server_.counts.connections.add(-1);
}

void HttpServerConnection::on_open(io::Connection& connection) {
  connection_ = &connection;
  link_ = std::allocate_shared<HttpLink>(PoolAllocator<HttpLink>(), server_.shard, connection);
  last_activity_ = server_.shard.now();
  if (server_.counts.connections.value() > static_cast<std::int64_t>(server_.options.max_connections)) {
    server_.counts.busy.add(1);
    return refuse(503, "too many connections\n");
  }
  watch_client();
}

// --- receiving

/// Not while an answer is under way whose request is complete: what comes then is the next request's.
bool HttpServerConnection::may_read() const {
  if (connection_->closed() || leaving_) return false;
  if (!serving_) return connection_->writable();
  return receiving_ && !(inbox_ && inbox_->full());
}

std::size_t HttpServerConnection::on_data(io::Connection& connection, BytesView data) {
  if (leaving_) return data.size();
  last_activity_ = server_.shard.now();
  std::optional<HttpRequest> request;  // starts when what is here of its body is in its inbox
  std::size_t used = 0;
  for (bool more = true; more && may_read();) {
    http::Head head;
    const http::Parser::Step step = parser_.next(data.subspan(used), head);
    used += step.consumed;
    switch (step.event) {
      case http::Event::kNeedMore:
        more = false;
        break;
      case http::Event::kHead:
        request.emplace(begin(head));
        break;
      case http::Event::kBody:
        take_body(step.body);
        break;
      case http::Event::kEnd:
        end_request();
        if (request) start(*std::exchange(request, std::nullopt));
        break;
      case http::Event::kError:
        server_.counts.refused.add(1);
        refuse(http::status_for(parser_.error()), http::describe(parser_.error()).message());
        break;
    }
  }
  if (request && !leaving_) start(*std::move(request));
  if (connection.closed() || leaving_) return data.size();
  if (serving_ && !may_read()) connection.pause_reading();
  watch_client();
  return used;
}

HttpRequest HttpServerConnection::begin(const http::Head& head) {
  server_.counts.requests.add(1);
  in_head_ = false;
  version_ = head.version;
  is_head_ = head.method == "HEAD";
  keep_alive_ = head.keep_alive;
  owes_continue_ = head.expects_continue && head.body != http::Body::kNone;
  receiving_ = serving_ = true;
  head_written_ = false;
  passed_over_ = 0;
  HttpRequest request;
  request.method = head.method;
  request.target = head.target;
  request.headers.assign(head.fields);
  if (head.body != http::Body::kNone && !(head.body == http::Body::kLength && head.length == 0)) {
    inbox_ = HttpInbox::make(server_.shard, *this, server_.options.window);
    std::optional<std::uint64_t> length;
    if (head.body == http::Body::kLength) length = head.length;
    request.body = HttpInbox::body(inbox_, length);
  }
  return request;
}

void HttpServerConnection::take_body(BytesView bytes) {
  owes_continue_ = false;
  if (inbox_) return inbox_->push(bytes);
  passed_over_ += bytes.size();
  if (passed_over_ <= server_.options.most_passed_over) return;
  keep_alive_ = false;
  if (!serving_) leave();
}

void HttpServerConnection::end_request() {
  receiving_ = false;
  owes_continue_ = false;
  if (auto inbox = std::exchange(inbox_, nullptr)) inbox->finish();
}

void HttpServerConnection::body_wanted() {
  if (connection_->closed() || leaving_) return;
  if (std::exchange(owes_continue_, false) && !head_written_) {
    (void)http::append_response(connection_->out(), {.status = 100});
    connection_->flush();
  }
  connection_->resume_reading();
  watch_client();
}

void HttpServerConnection::body_dropped() {
  inbox_.reset();
  if (connection_->closed() || leaving_) return;
  connection_->resume_reading();
}

/// Arms what ends a connection whose client does not do its part.
void HttpServerConnection::watch_client() {
  io::TimerWheel& timers = server_.shard.timers();
  const io::TimePoint now = server_.shard.now();
  const HttpServerOptions& options = server_.options;
  if (leaving_) return;
  if (receiving_) {
    if (serving_ && (!may_read() || owes_continue_)) return timers.cancel(client_);
    return timers.arm(client_, now + options.body_timeout);
  }
  if (serving_) return timers.cancel(client_);
  if (parser_.idle()) {
    in_head_ = false;
    return timers.arm(client_, now + options.idle);
  }
  // Once for a head: bytes that trickle in do not give it more time.
  if (!in_head_ || SOFA_MUTANT("http-trickle-resets-timeout")) timers.arm(client_, now + options.head_timeout);
  in_head_ = true;
}

void HttpServerConnection::client_too_slow() {
  if (leaving_) return connection_->close(Error(io::IoError::kClosed, "the client was told to go"));
  if (!receiving_ && !in_head_) {
    server_.counts.idle_closed.add(1);
    return connection_->close(Error(io::IoError::kTimeout, "the connection was idle"));
  }
  server_.counts.slow_clients.add(1);
  refuse(408, "the request took too long to come\n");
}

// --- serving

void HttpServerConnection::start(HttpRequest request) {
  if (server_.counts.in_flight.value() >= static_cast<std::int64_t>(server_.options.max_in_flight)) {
    server_.counts.busy.add(1);
    return refuse(503, "too many requests at once\n");
  }
  InFlight in_flight(server_);
  context_ = CallContext::make();
  context_->set_peer(connection_->peer());
  context_->set_deadline(server_.shard.now() + server_.options.handler_timeout);
  Task<HttpResponse> answer = Task<HttpResponse>::failed(Error(NetError::kMessage, "no answer"));
  try {
    answer = (*server_.handler)(std::move(request));
  } catch (...) {
    answer = Task<HttpResponse>::failed(detail::error_of(std::current_exception()));
  }
  if (answer.is_ready()) {
    Result<HttpResponse> outcome = std::move(answer).take_result();
    if (!outcome || !outcome->body.streamed()) {
      Answer nothing;
      begin_answer(std::move(outcome), nothing);
      return finish_answer();
    }
    answer = *std::move(outcome);
  }
  server_.shard.timers().arm(handler_, context_->deadline());
  server_.tasks.start(serve(link_, *this, std::move(in_flight), std::move(answer)), context_);
}

Task<void> HttpServerConnection::serve(std::shared_ptr<HttpLink> link, HttpServerConnection& self, InFlight in_flight,
                                       Task<HttpResponse> handler) {
  const InFlight counted = std::move(in_flight);
  Result<HttpResponse> outcome = co_await as_result(std::move(handler));
  if (!link->connection) co_return;  // and `self` is gone
  Answer answer;
  if (self.begin_answer(std::move(outcome), answer)) {
    const Result<bool> sent = co_await as_result(send_body(link, answer.body, answer.framing, answer.length));
    if (!link->connection) co_return;
    if (!sent) co_return self.cut_off(sent.error());
  }
  self.finish_answer();
}

HttpResponse HttpServerConnection::answer_for(const Error& error) {
  if (error.is(NetError::kTooLarge)) {
    server_.counts.refused.add(1);
    return HttpResponse::text(413, "the body is too large\n");
  }
  if (error.is(io::IoError::kTimeout)) {
    server_.counts.slow_handlers.add(1);
    return HttpResponse::text(503, "this takes too long now\n");
  }
  server_.counts.failed_handlers.add(1);
  return HttpResponse::text(500, "the server failed to answer this\n");
}

bool HttpServerConnection::begin_answer(Result<HttpResponse> outcome, Answer& answer) {
  server_.shard.timers().cancel(handler_);
  HttpResponse response = outcome ? *std::move(outcome) : answer_for(outcome.error());
  if (!response.headers.sendable() || response.status < 200 || response.status > 599) {
    response = answer_for(Error(NetError::kMessage, "a response that may not be sent"));
  }
  const bool streamed = response.body.streamed();
  const std::optional<std::uint64_t> length = response.body.length();
  http::Head head{.version = version_, .status = response.status};
  head.body = length                           ? http::Body::kLength
              : version_ == http::Version::k11 ? http::Body::kChunked
                                               : http::Body::kUntilClose;
  head.length = length.value_or(0);
  if (http::is_bodiless(response.status)) head.body = http::Body::kNone, head.length = 0;
  const bool sends_body = !is_head_ && head.body != http::Body::kNone;
  if (head.body == http::Body::kUntilClose && sends_body) keep_alive_ = false;
  // A client that still waits for 100 may send the body or not: what comes next could be either.
  if (owes_continue_ || server_.stopping || ended_) keep_alive_ = false;
  head.keep_alive = keep_alive_;
  write_head(head, response);
  if (!sends_body) return false;
  if (!streamed) {
    connection_->out().splice(response.body.take_content());
    return false;
  }
  connection_->flush();
  answer = {std::move(response.body), head.body, head.length};
  return true;
}

void HttpServerConnection::write_head(http::Head head, HttpResponse& response) {
  if (!response.headers.find("Date")) {
    response.headers.add("Date", server_.date.text(server_.shard.env().clock.wall()));
  }
  head.fields = response.headers.fields();
  head_written_ = true;
  server_.counts.answers.add(1);
  [[maybe_unused]] const Result<void> written = http::append_response(connection_->out(), head);
  assert(written);  // its parts were checked
}

void HttpServerConnection::finish_answer() {
  serving_ = is_head_ = false;
  context_ = {};
  if (receiving_ && SOFA_MUTANT("http-unread-body-is-a-request")) {
    parser_ = http::Parser(http::Parser::Role::kRequests, server_.options.limits);
    receiving_ = false;
  }
  last_activity_ = server_.shard.now();
  connection_->flush();
  if (!keep_alive_ || ended_) return leave();
  connection_->resume_reading();
  watch_client();
}

void HttpServerConnection::handler_too_slow() {
  server_.counts.slow_handlers.add(1);
  context_->cancel(CancelReason::kDeadline);
  refuse(503, "this takes too long now\n");
}

// --- parting

/// Answers in place of a handler, which is let go, and leaves; where an answer has begun there is nothing more to say.
void HttpServerConnection::refuse(int status, std::string_view why) {
  if (serving_ && head_written_) return cut_off(Error(NetError::kConnection, std::string(why)));
  let_handler_go(Error(NetError::kConnection, std::string(why)));
  HttpResponse response = HttpResponse::text(status, why);
  keep_alive_ = false;
  write_head({.version = version_,
              .status = status,
              .body = http::Body::kLength,
              .length = response.body.content().size(),
              .keep_alive = false},
             response);
  if (!is_head_) connection_->out().splice(response.body.take_content());
  leave();
}

/// Ends an answer that has begun; what is missing of it tells the client that it is not complete.
void HttpServerConnection::cut_off(const Error& why) {
  server_.counts.cut_off_answers.add(1);
  let_handler_go(why);
  leaving_ = true;
  server_.shard.timers().cancel(client_);
  connection_->close_after_flush();
}

void HttpServerConnection::let_handler_go(const Error& why) {
  server_.shard.timers().cancel(handler_);
  link_->cut();
  if (auto inbox = std::exchange(inbox_, nullptr)) inbox->fail(why);
  if (context_) std::exchange(context_, {})->cancel();
}

/// Ends sending and waits a while for the client to close: closing at once could reset the connection under the answer,
/// where bytes of the client are still on their way.
void HttpServerConnection::leave() {
  leaving_ = true;
  connection_->half_close();
  connection_->resume_reading();
  server_.shard.timers().arm(client_, server_.shard.now() + server_.options.farewell);
  if (ended_) connection_->close_after_flush();
}

void HttpServerConnection::leave_if_quiet_since(io::TimePoint time) {
  if (connection_->closed() || leaving_ || serving_ || last_activity_ > time) return;
  leave();
}

void HttpServerConnection::on_end(io::Connection& connection) {
  ended_ = true;
  if (leaving_ || !serving_) return connection.close_after_flush();
  // The body will not be complete; the handler may still answer.
  if (auto inbox = std::exchange(inbox_, nullptr)) inbox->fail(http::describe(http::HttpError::kTruncated));
  receiving_ = false;
  server_.shard.timers().cancel(client_);
}

void HttpServerConnection::on_drained(io::Connection&) {
  link_->drained.notify();
}

void HttpServerConnection::on_closed(io::Connection&, const Error& why) {
  server_.shard.timers().cancel(client_);
  if (serving_ && context_) server_.counts.clients_left.add(1);
  let_handler_go(why);
}

}  // namespace sofa::net
