// HttpServerConnection: HTTP/1.1 on a connection that was accepted. One shard's thread.
//
// Serves one request at a time: reading pauses when the request is complete, or when its body is not read, and goes on
// with the next one when the answer is out. What was received of that meanwhile stays with the connection.
#pragma once

#include <memory>
#include <optional>

#include "sofa/net/http_inbox.h"
#include "sofa/net/http_link.h"
#include "sofa/net/http_server_shard.h"

namespace sofa::net {

class HttpServerConnection final : public io::Protocol, HttpInbox::Owner {
 public:
  explicit HttpServerConnection(std::shared_ptr<HttpServerShard> shard);
  ~HttpServerConnection() override;

  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_end(io::Connection& connection) override;
  void on_drained(io::Connection& connection) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return false; }  // handlers, and bodies that are read, belong to this shard
  std::string_view name() const override { return "http"; }

  // For stopping.
  HttpServerConnection* next() const { return next_; }
  void leave_if_quiet_since(io::TimePoint time);
  void close(Error why) { connection_->close(std::move(why)); }

 private:
  class InFlight;
  struct Answer;

  void body_wanted() override;
  void body_dropped() override;

  // Receiving.
  bool may_read() const;
  HttpRequest begin(const http::Head& head);
  void take_body(BytesView bytes);
  void end_request();
  void watch_client();
  void client_too_slow();

  // Serving.
  void start(HttpRequest request);
  static Task<void> serve(std::shared_ptr<HttpLink> link, HttpServerConnection& self, InFlight in_flight,
                          Task<HttpResponse> handler);
  /// Writes the head, and the content that is there. True: the body is to be streamed.
  bool begin_answer(Result<HttpResponse> outcome, Answer& answer);
  void write_head(http::Head head, HttpResponse& response);
  void finish_answer();
  HttpResponse answer_for(const Error& error);
  void handler_too_slow();

  // Parting.
  void refuse(int status, std::string_view why);
  void cut_off(const Error& why);
  void let_handler_go(const Error& why);
  void leave();

  const std::shared_ptr<HttpServerShard> server_pointer_;  // a connection may outlive its HttpServer
  HttpServerShard& server_;
  io::Connection* connection_ = nullptr;
  http::Parser parser_;
  std::shared_ptr<HttpLink> link_;    // of the handler at work, or of the next one
  std::shared_ptr<HttpInbox> inbox_;  // of the request that is received; null when nobody reads its body
  ContextPtr context_;                // of the handler at work
  std::size_t passed_over_ = 0;
  io::TimePoint last_activity_{};
  io::Timer client_;   // what we wait for from the client
  io::Timer handler_;  // and from the handler
  http::Version version_ = http::Version::k11;
  bool receiving_ = false;  // the request's body is not complete
  bool serving_ = false;    // its answer is not complete
  bool head_written_ = false;
  bool is_head_ = false;  // asked with HEAD
  bool keep_alive_ = true;
  bool owes_continue_ = false;  // the client waits for 100 before it sends the body
  bool in_head_ = false;        // a part of a head was seen
  bool ended_ = false;          // the client sends no more
  bool leaving_ = false;        // what the client still sends is not looked at
  HttpServerConnection* next_ = nullptr;
  HttpServerConnection** at_ = nullptr;
};

}  // namespace sofa::net
