#include "sofa/net/http_client.h"

#include <algorithm>
#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/io/async.h"
#include "sofa/net/error.h"
#include "sofa/net/http_client_connection.h"
#include "sofa/net/http_pool.h"
#include "sofa/wire/http/head.h"

namespace sofa::net {
namespace {

/// Sends on one connection or, where that is allowed, on a second one, and waits for the head of the answer.
Task<HttpResponse> exchange(HttpPool& pool, HttpRequest request, HttpCall call, io::TimePoint deadline) {
  const bool may_send_again =
      (http::is_idempotent(request.method) || SOFA_MUTANT("http-retries-post")) && !request.body.streamed();
  for (bool again = false;; again = true) {
    HttpClientConnection& connection = *co_await pool.take();
    HttpAwaited awaited(pool.client().shard);
    if (Result<void> sent = connection.send(request, awaited, call, deadline, may_send_again && !again); !sent) {
      pool.idle(connection);
      sent.error().raise();
    }
    const bool reused = connection.used();
    if (reused) pool.client().counts.reused.add(1);
    while (!awaited.response && !awaited.error) co_await awaited.wakeup.wait();
    if (awaited.response) co_return *std::move(awaited.response);
    const bool closed_unanswered = reused && !awaited.answered && awaited.error->is(NetError::kConnection);
    if (!may_send_again || again || !closed_unanswered) awaited.error->raise();
    pool.client().counts.retries.add(1);
    pool.close_idle();
  }
}

}  // namespace

HttpClientShard::HttpClientShard(io::Shard& on, const HttpClientOptions& client_options)
    : shard(on), options(client_options) {}

HttpClientShard::~HttpClientShard() = default;

HttpPool& HttpClientShard::pool(const io::Address& address) {
  std::unique_ptr<HttpPool>& pool = pools_[address.to_string()];
  if (!pool) pool = std::make_unique<HttpPool>(*this, address);
  return *pool;
}

void HttpClientShard::close(const Error& why) {
  for (const auto& [address, pool] : pools_) pool->close(why);
}

void HttpClientShard::stop() {
  uploads.clear();
  for (const auto& [address, pool] : pools_) pool->stop_connecting();
}

HttpClient::HttpClient(io::Shards& shards, HttpClientOptions options) : shards_(shards) {
  for (int i = 0; i < shards.size(); ++i) clients_.push_back(std::make_shared<HttpClientShard>(shards[i], options));
}

HttpClient::~HttpClient() {
  for (const auto& client : clients_) client->stop();
}

Task<HttpResponse> HttpClient::send(io::Address address, HttpRequest request, HttpCall call) {
  const io::Shard* shard = io::Shard::current();
  assert(shard && shard == &shards_[shard->index()] && "send on a shard of the client's group");
  const std::shared_ptr<HttpClientShard> client = clients_[static_cast<std::size_t>(shard->index())];
  const io::Duration timeout = call.timeout.count() != 0 ? call.timeout : client->options.timeout;
  const io::TimePoint own = timeout == HttpCall::kEndless ? io::kNever : shard->now() + timeout;
  const io::TimePoint deadline = std::min(own, (co_await context()).deadline());
  if (!request.headers.find("Host")) request.headers.add("Host", address.is_unix ? "localhost" : address.to_string());
  if (!request.headers.sendable() || request.method == "CONNECT") {
    throw Error(NetError::kMessage, "a header of the request has a character that may not be sent, or it is a CONNECT");
  }
  client->counts.calls.add(1);
  co_return co_await with_deadline(deadline, exchange(client->pool(address), std::move(request), call, deadline));
}

void HttpClient::close() {
  for (const auto& client : clients_) {
    client->shard.post([client] { client->close(Error(io::IoError::kStopped, "the client was closed")); });
  }
}

HttpClientCounts<std::uint64_t> HttpClient::counts() const {
  HttpClientCounts<std::uint64_t> sum;
  for (const auto& client : clients_) client->counts.add_to(sum);
  return sum;
}

}  // namespace sofa::net
