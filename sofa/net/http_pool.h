// HttpPool: a shard's connections to one address, and the calls that wait for one. One shard's thread.
//
// A call takes the connection that was used last, or has one made while there are fewer than the limit, or waits. When
// no connection can be made and there is none, those that wait fail.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/connector.h"
#include "sofa/net/http_client_shard.h"
#include "sofa/net/wakeup.h"

namespace sofa::net {

class HttpClientConnection;

class HttpPool {
 public:
  HttpPool(HttpClientShard& client, io::Address address);
  ~HttpPool();

  HttpClientShard& client() const { return client_; }
  const io::Address& address() const { return address_; }

  /// A connection that carries no call. Who takes it begins a call on it at once.
  Task<HttpClientConnection*> take();
  /// What is idle may be as stale as one that just was.
  void close_idle();
  void close(const Error& why);
  /// For the end, when the shard no longer turns.
  void stop_connecting();

  // From its connections.
  void opened(HttpClientConnection& connection);
  /// It can take another call.
  void idle(HttpClientConnection& connection);
  void closed(HttpClientConnection& connection);

 private:
  struct Waiter;

  void connect_if_needed();
  io::Connector& idle_connector();
  void connect_failed(const Error& why);
  void fail_waiting(const Error& why);

  HttpClientShard& client_;
  const io::Address address_;
  std::vector<HttpClientConnection*> all_;
  std::vector<HttpClientConnection*> idle_;  // used last: last
  std::vector<Waiter*> waiting_;             // oldest first
  std::vector<std::unique_ptr<io::Connector>> connectors_;
  std::size_t connecting_ = 0;
};

}  // namespace sofa::net
