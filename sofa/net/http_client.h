// HttpClient: asks HTTP servers, from every shard of a group.
//
//   HttpClient client(shards);
//   HttpUrl url = *HttpUrl::parse("http://127.0.0.1:2379/v3/kv/range");
//   HttpResponse answer = co_await client.send(url.address, HttpRequest::post(url.target, "application/json", body));
//   if (answer.status == 200) use(co_await answer.body.read_text(1 << 20));
//
// Each shard keeps connections to an address and uses them again. The deadline (the option, or the context's where that
// is earlier) holds until the last byte of the answer's body. The body of an answer is a stream: who wants the
// connection used again reads it to its end. Redirections are answers like any other.
//
// A request is sent once. One exception: a connection that was used before may have been closed by the server when the
// request came; if not a byte was answered, a method that is idempotent (RFC 9110, 9.2.2) with a body that is no stream
// is sent a second time on another connection.
// Errors: NetError::kConnection (retriable when the request was not sent), kBusy, kMessage; io::IoError::kTimeout,
// kCancelled; http::HttpError when the answer is not sound.
// Ownership: destroy it when the shards no longer turn. Threads: send on a shard of the group; counts and close from
// any.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/address.h"
#include "sofa/io/shard.h"
#include "sofa/io/task.h"
#include "sofa/net/http_message.h"
#include "sofa/wire/http/parser.h"

namespace sofa::net {

struct HttpClientOptions {
  /// Of answers. `body_bytes` may be set for each call.
  http::Limits limits = {.body_bytes = 64 << 20, .chunk_bytes = 64 << 20};
  /// Connections that each shard keeps to an address.
  std::size_t max_connections = 8;
  /// Calls of one shard to one address that may wait for a connection.
  std::size_t max_waiting = 1024;
  /// A connection without a call for so long is closed: earlier than a server would.
  io::Duration idle = std::chrono::seconds(30);
  io::Duration connect_timeout = std::chrono::seconds(1);
  io::Duration timeout = std::chrono::seconds(10);
  /// What is received of an answer before it is read.
  std::size_t window = 64 << 10;
};

/// What may differ from the client's options for one call; 0 takes theirs.
struct HttpCall {
  /// HttpCall::kEndless for an answer that never ends, as a watch's.
  static constexpr io::Duration kEndless = io::Duration::max();
  io::Duration timeout{0};
  std::uint64_t body_bytes = 0;
};

/// What happened since the start; `connections`, `in_flight` and `waiting` go back to zero.
template <class Count>
struct HttpClientCounts {
  Count connections{};
  Count in_flight{};  // calls on a connection, to the end of the answer's body
  Count waiting{};    // calls that wait for a connection
  Count calls{};
  Count answers{};  // heads of answers
  Count reused{};   // calls on a connection that was used before
  Count retries{};
  Count connect_failures{};
  Count broken_answers{};  // connections closed because of what they sent

  /// Adds these to `sum`.
  template <class Sum>
  void add_to(HttpClientCounts<Sum>& sum) const {
    const auto add = [](Sum& to, const Count& from) { to += static_cast<Sum>(from.value()); };
    add(sum.connections, connections);
    add(sum.in_flight, in_flight);
    add(sum.waiting, waiting);
    add(sum.calls, calls);
    add(sum.answers, answers);
    add(sum.reused, reused);
    add(sum.retries, retries);
    add(sum.connect_failures, connect_failures);
    add(sum.broken_answers, broken_answers);
  }
};

class HttpClientShard;

class HttpClient {
 public:
  explicit HttpClient(io::Shards& shards, HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The answer, when its head is there. Host is added where the request has none.
  Task<HttpResponse> send(io::Address address, HttpRequest request, HttpCall call = {});

  /// Closes all connections, in a coming turn of each shard; calls under way fail.
  void close();

  /// All shards together.
  HttpClientCounts<std::uint64_t> counts() const;

 private:
  [[maybe_unused]] io::Shards& shards_;  // what an assertion compares with
  std::vector<std::shared_ptr<HttpClientShard>> clients_;
};

}  // namespace sofa::net
