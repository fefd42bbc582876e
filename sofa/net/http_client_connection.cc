#include "sofa/net/http_client_connection.h"

#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/net/error.h"
#include "sofa/net/http_pool.h"

namespace sofa::net {
namespace {

constexpr int kMostInformed = 8;  // 1xx before an answer

}  // namespace

HttpAwaited::~HttpAwaited() {
  if (connection) connection->abandon();
}

HttpClientConnection::HttpClientConnection(HttpPool& pool)
    : client_pointer_(pool.client().shared_from_this()),
      client_(pool.client()),
      pool_(pool),
      parser_(http::Parser::Role::kResponses, client_.options.limits),
      timer_(
          [](void* owner) noexcept {
            auto& self = *static_cast<HttpClientConnection*>(owner);
            self.close(self.busy_ ? Error(io::IoError::kTimeout,
                                          fmt::format("{} did not answer in time", self.pool_.address().to_string()))
                                  : Error(io::IoError::kTimeout, "the connection was idle"));
          },
          this) {}

HttpClientConnection::~HttpClientConnection() = default;

void HttpClientConnection::on_open(io::Connection& connection) {
  connection_ = &connection;
  link_ = std::allocate_shared<HttpLink>(PoolAllocator<HttpLink>(), client_.shard, connection);
  pool_.opened(*this);
}

void HttpClientConnection::rest() {
  client_.shard.timers().arm(timer_, client_.shard.now() + client_.options.idle);
}

Result<void> HttpClientConnection::send(HttpRequest& request, HttpAwaited& awaited, const HttpCall& call,
                                        io::TimePoint deadline, bool may_send_again) {
  const std::optional<std::uint64_t> length = request.body.length();
  http::Head head{.method = request.method, .target = request.target, .fields = request.headers.fields()};
  head.body = !length ? http::Body::kChunked : *length == 0 ? http::Body::kNone : http::Body::kLength;
  head.length = length.value_or(0);
  SOFA_TRY_VOID(http::append_request(connection_->out(), head));
  busy_ = keep_alive_ = true;
  informed_ = 0;
  ++calls_;
  client_.counts.in_flight.add(1);
  awaited_ = &awaited;
  awaited.connection = this;
  if (head.method == "HEAD") parser_.expect_no_body();
  parser_.set_body_limit(call.body_bytes != 0 ? call.body_bytes : client_.options.limits.body_bytes);
  if (!SOFA_MUTANT("http-answer-without-deadline")) client_.shard.timers().arm(timer_, deadline);
  if (request.body.streamed()) {
    uploading_ = CallContext::make();
    connection_->flush();
    client_.uploads.start(upload(link_, *this, std::move(request.body), head.body, head.length), uploading_);
    return {};
  }
  if (may_send_again) {
    const Bytes content = request.body.content().to_bytes();
    connection_->out().append(content);
  } else {
    connection_->out().splice(request.body.take_content());
  }
  connection_->flush();
  return {};
}

Task<void> HttpClientConnection::upload(std::shared_ptr<HttpLink> link, HttpClientConnection& self, HttpBody body,
                                        http::Body framing, std::uint64_t length) {
  const Result<bool> sent = co_await as_result(send_body(link, body, framing, length));
  if (!link->connection) co_return;  // and `self` is gone
  if (!sent) co_return self.close(sent.error());
  self.uploading_ = {};
  if (!self.busy_) self.end_call();
}

std::size_t HttpClientConnection::on_data(io::Connection& connection, BytesView data) {
  if (!busy_) {
    client_.counts.broken_answers.add(1);
    close(Error(NetError::kConnection, "the server sent something that nobody asked for"));
    return data.size();
  }
  if (awaited_) awaited_->answered = true;
  std::size_t used = 0;
  while (busy_ && !connection.closed()) {
    if (inbox_ && inbox_->full()) {
      connection.pause_reading();
      return used;
    }
    http::Head head;
    const http::Parser::Step step = parser_.next(data.subspan(used), head);
    used += step.consumed;
    if (step.event == http::Event::kNeedMore) return used;
    if (step.event == http::Event::kError || (step.event == http::Event::kHead && !take_head(head))) {
      client_.counts.broken_answers.add(1);
      close(http::describe(step.event == http::Event::kError ? parser_.error() : http::HttpError::kUnasked));
    } else if (step.event == http::Event::kBody && inbox_) {
      inbox_->push(step.body);
    } else if (step.event == http::Event::kEnd) {
      end_answer();
    }
  }
  if (!connection.closed() && used < data.size()) {
    client_.counts.broken_answers.add(1);
    close(Error(NetError::kConnection, "the server sent more than the answer"));
  }
  return connection.closed() ? data.size() : used;
}

/// False: too many of them came before the answer.
bool HttpClientConnection::take_head(const http::Head& head) {
  informing_ = head.status < 200;
  if (informing_) return ++informed_ <= kMostInformed;
  client_.counts.answers.add(1);
  keep_alive_ = keep_alive_ && head.keep_alive;
  HttpResponse response;
  response.status = head.status;
  response.headers.assign(head.fields);
  if (head.body != http::Body::kNone && !(head.body == http::Body::kLength && head.length == 0)) {
    inbox_ = HttpInbox::make(client_.shard, *this, client_.options.window);
    std::optional<std::uint64_t> length;
    if (head.body == http::Body::kLength) length = head.length;
    response.body = HttpInbox::body(inbox_, length);
  }
  HttpAwaited& awaited = *std::exchange(awaited_, nullptr);
  awaited.connection = nullptr;
  awaited.response.emplace(std::move(response));
  awaited.wakeup.notify();
  return true;
}

void HttpClientConnection::end_answer() {
  if (std::exchange(informing_, false)) return;
  if (auto inbox = std::exchange(inbox_, nullptr)) inbox->finish();
  busy_ = false;
  client_.counts.in_flight.add(-1);
  end_call();
}

/// The answer is complete: another call may follow, if the request is, too.
void HttpClientConnection::end_call() {
  client_.shard.timers().cancel(timer_);
  if (connection_->closed()) return;
  if (!keep_alive_ || uploading_) {
    return close(Error(NetError::kConnection, "the server wants no more requests on this connection"));
  }
  pool_.idle(*this);
}

void HttpClientConnection::body_wanted() {
  if (!connection_->closed()) connection_->resume_reading();
}

void HttpClientConnection::body_dropped() {
  inbox_.reset();
  if (SOFA_MUTANT("http-unread-answer-reused")) {
    parser_ = http::Parser(http::Parser::Role::kResponses, client_.options.limits);
    return end_answer();
  }
  close(Error(io::IoError::kCancelled, "nobody reads the rest of the answer"));
}

void HttpClientConnection::abandon() {
  awaited_ = nullptr;
  close(Error(io::IoError::kCancelled, "nobody waits for the answer"));
}

void HttpClientConnection::on_end(io::Connection&) {
  if (!busy_) return close(Error(NetError::kConnection, "the server closed an idle connection"));
  switch (parser_.finish()) {
    case http::Event::kEnd:
      return end_answer();
    case http::Event::kNeedMore:
      return close(Error(io::IoError::kClosed, "the server closed without an answer"));
    default:
      return close(http::describe(parser_.error()));
  }
}

void HttpClientConnection::on_drained(io::Connection&) {
  link_->drained.notify();
}

/// What a call fails with whose connection was closed for that reason.
Error HttpClientConnection::lost(const Error& why) const {
  if (why.is(io::IoError::kTimeout) || why.part().name == "http" || why.is(NetError::kMessage)) return why;
  return Error(NetError::kConnection,
               fmt::format("the connection to {} was lost before the whole answer came", pool_.address().to_string()))
      .caused_by(why);
}

void HttpClientConnection::on_closed(io::Connection&, const Error& why) {
  client_.shard.timers().cancel(timer_);
  link_->cut();
  if (uploading_) std::exchange(uploading_, {})->cancel();
  if (std::exchange(busy_, false)) client_.counts.in_flight.add(-1);
  if (auto inbox = std::exchange(inbox_, nullptr)) inbox->fail(lost(why));
  if (HttpAwaited* awaited = std::exchange(awaited_, nullptr)) {
    awaited->connection = nullptr;
    awaited->error = lost(why);
    awaited->wakeup.notify();
  }
  pool_.closed(*this);
}

}  // namespace sofa::net
