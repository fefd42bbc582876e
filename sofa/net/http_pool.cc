#include "sofa/net/http_pool.h"

#include <algorithm>
#include <utility>

#include "sofa/net/error.h"
#include "sofa/net/http_client_connection.h"

namespace sofa::net {

/// In the frame of a call, from `take` until it has a connection or none will come.
struct HttpPool::Waiter {
  explicit Waiter(HttpPool& to) : pool(to), wakeup(to.client_.shard) {
    pool.waiting_.push_back(this);
    pool.client_.counts.waiting.add(1);
  }
  ~Waiter() {
    std::erase(pool.waiting_, this);
    pool.client_.counts.waiting.add(-1);
    if (given) pool.idle(*given);  // its call was cancelled in the moment between
  }
  bool lacks() const { return !given && !error; }

  HttpPool& pool;
  Wakeup wakeup;
  HttpClientConnection* given = nullptr;
  std::optional<Error> error;
};

HttpPool::HttpPool(HttpClientShard& client, io::Address address) : client_(client), address_(std::move(address)) {}

HttpPool::~HttpPool() = default;

Task<HttpClientConnection*> HttpPool::take() {
  while (!idle_.empty()) {
    HttpClientConnection* connection = idle_.back();
    idle_.pop_back();
    if (!connection->closed()) co_return connection;
  }
  if (waiting_.size() >= client_.options.max_waiting) {
    throw Error(NetError::kBusy,
                fmt::format("{} calls wait already for a connection to {}", waiting_.size(), address_.to_string()),
                Retriable::kYes);
  }
  Waiter waiter(*this);
  connect_if_needed();
  while (waiter.lacks()) {
    co_await waiter.wakeup.wait();
    if (waiter.given && waiter.given->closed()) waiter.given = nullptr;
  }
  if (waiter.error) waiter.error->raise();
  co_return std::exchange(waiter.given, nullptr);
}

void HttpPool::idle(HttpClientConnection& connection) {
  connection.rest();
  for (Waiter* waiter : waiting_) {
    if (!waiter->lacks()) continue;
    waiter->given = &connection;
    return waiter->wakeup.notify();
  }
  idle_.push_back(&connection);
}

void HttpPool::opened(HttpClientConnection& connection) {
  --connecting_;
  all_.push_back(&connection);
  client_.counts.connections.add(1);
  idle(connection);
}

void HttpPool::closed(HttpClientConnection& connection) {
  if (std::erase(all_, &connection) == 0) return;
  std::erase(idle_, &connection);
  for (Waiter* waiter : waiting_) {
    if (waiter->given == &connection) waiter->given = nullptr;
  }
  client_.counts.connections.add(-1);
  connect_if_needed();
}

void HttpPool::connect_if_needed() {
  const auto lacking = std::count_if(waiting_.begin(), waiting_.end(), [](Waiter* waiter) { return waiter->lacks(); });
  while (connecting_ < static_cast<std::size_t>(lacking) &&
         all_.size() + connecting_ < client_.options.max_connections) {
    ++connecting_;
    idle_connector().start(address_, client_.shard.now() + client_.options.connect_timeout,
                           std::make_unique<HttpClientConnection>(*this), [this](Result<io::Connection*> opened) {
                             if (!opened) connect_failed(opened.error());
                           });
  }
}

io::Connector& HttpPool::idle_connector() {
  for (const auto& connector : connectors_) {
    if (!connector->busy()) return *connector;
  }
  return *connectors_.emplace_back(std::make_unique<io::Connector>(client_.shard));
}

void HttpPool::connect_failed(const Error& why) {
  --connecting_;
  client_.counts.connect_failures.add(1);
  if (!all_.empty() || connecting_ > 0) return;
  fail_waiting(
      Error(NetError::kConnection,
            fmt::format("cannot connect to {}: is the server up, and is this its address?", address_.to_string()),
            Retriable::kYes)
          .caused_by(why));
}

void HttpPool::fail_waiting(const Error& why) {
  for (Waiter* waiter : waiting_) {
    if (!waiter->lacks()) continue;
    waiter->error = why;
    waiter->wakeup.notify();
  }
}

void HttpPool::close_idle() {
  for (HttpClientConnection* connection : std::exchange(idle_, {})) {
    connection->close(Error(NetError::kConnection, "may be stale"));
  }
}

void HttpPool::stop_connecting() {
  connectors_.clear();
  connecting_ = 0;
}

void HttpPool::close(const Error& why) {
  for (const auto& connector : connectors_) connector->cancel();
  connecting_ = 0;
  for (HttpClientConnection* connection : all_) connection->close(why);
  fail_waiting(why);
}

}  // namespace sofa::net
