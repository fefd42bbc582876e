// HttpClientConnection: HTTP/1.1 on a connection that an HttpClient made. One call at a time. One shard's thread.
#pragma once

#include <memory>
#include <optional>

#include "sofa/net/http_client_shard.h"
#include "sofa/net/http_inbox.h"
#include "sofa/net/http_link.h"

namespace sofa::net {

class HttpClientConnection;
class HttpPool;

/// A call that waits for the head of its answer, in the frame of the task that sent it.
struct HttpAwaited {
  explicit HttpAwaited(io::Shard& shard) : wakeup(shard) {}
  /// Gives the connection up when the call ends without an answer.
  ~HttpAwaited();

  Wakeup wakeup;
  HttpClientConnection* connection = nullptr;  // while it is to be told
  std::optional<HttpResponse> response;
  std::optional<Error> error;
  bool answered = false;  // a byte of the answer came
};

class HttpClientConnection final : public io::Protocol, HttpInbox::Owner {
 public:
  explicit HttpClientConnection(HttpPool& pool);
  ~HttpClientConnection() override;

  /// Sends the request and tells `awaited`. The request's content stays when it may be sent again. Error: the request
  /// cannot be sent, and the connection is idle still.
  Result<void> send(HttpRequest& request, HttpAwaited& awaited, const HttpCall& call, io::TimePoint deadline,
                    bool may_send_again);
  /// It carried a call before.
  bool used() const { return calls_ > 1; }
  /// Idle from now on.
  void rest();
  void close(Error why) { connection_->close(std::move(why)); }
  bool closed() const { return connection_->closed(); }
  /// The awaited answer is not wanted any more.
  void abandon();

  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_end(io::Connection& connection) override;
  void on_drained(io::Connection& connection) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return false; }

 private:
  void body_wanted() override;
  void body_dropped() override;

  static Task<void> upload(std::shared_ptr<HttpLink> link, HttpClientConnection& self, HttpBody body,
                           http::Body framing, std::uint64_t length);
  bool take_head(const http::Head& head);
  void end_answer();
  void end_call();
  Error lost(const Error& why) const;

  const std::shared_ptr<HttpClientShard> client_pointer_;  // a connection may outlive its HttpClient
  HttpClientShard& client_;
  HttpPool& pool_;
  io::Connection* connection_ = nullptr;
  http::Parser parser_;
  std::shared_ptr<HttpLink> link_;
  HttpAwaited* awaited_ = nullptr;
  std::shared_ptr<HttpInbox> inbox_;  // of the answer that is received
  ContextPtr uploading_;              // of the task that sends the request's body
  std::uint64_t calls_ = 0;
  int informed_ = 0;  // answers before the answer
  bool busy_ = false;
  bool informing_ = false;
  bool keep_alive_ = true;
  io::Timer timer_;  // the call's deadline, or how long it may be idle
};

}  // namespace sofa::net
