// ClientPool: a shard's connections to one address, and the calls that wait for one.
//
// Connects when the first call comes, or ahead of it (`prepare`). When connecting fails, the calls that wait fail, and
// for a while (the back-off) further ones fail at once instead of piling up. A pool that no reference uses any more
// closes its connections after a while, and goes. One shard's thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sofa/io/connector.h"
#include "sofa/rpc/client_shard.h"
#include "sofa/rpc/remote.h"

namespace sofa::rpc {

class BoltRequests;
class ClientConnection;

class ClientPool final : public CallHolder {
 public:
  ClientPool(ClientShard& shard, io::Address address);
  ~ClientPool();

  ClientShard& shard() const { return client_; }
  const io::Address& address() const { return address_; }

  void start(RemoteCall& call, const BoltRequests& requests, io::TimePoint deadline);
  void forget(RemoteCall& call) override;
  Remote::Readiness readiness() const;
  /// Opens the connections that it may have, unless it is too soon after a failure.
  void prepare();

  // Counted by the references that use it.
  void retain() { ++users_; }
  void let_go();

  // From its connections.
  void opened(ClientConnection& connection);
  void closed(ClientConnection& connection);
  /// `connection` delivers an answer: a call that follows from it goes there too, unless the next in turn carries
  /// fewer. So calls that follow from the answers of one read leave in one write. Null: no longer.
  void prefer(ClientConnection* connection) { preferred_ = connection; }
  /// A connection that could not take calls can again.
  void send_waiting();
  /// Closes its connections and fails what waits for one.
  void close(const Error& why);

 private:
  struct Waiting {
    RemoteCall* call;
    const BoltRequests* requests;
    io::TimePoint deadline;
  };

  ClientConnection* choose();
  void connect_if_needed();
  io::Connector& idle_connector();
  void connect_failed(const Error& why);
  void fail_waiting(const Error& why);
  void close_unused();

  const io::Address address_;
  std::size_t users_ = 0;
  io::Timer unused_;
  std::vector<ClientConnection*> open_;
  std::size_t next_ = 0;
  ClientConnection* preferred_ = nullptr;  // for one call
  std::vector<std::unique_ptr<io::Connector>> connectors_;
  std::size_t connecting_ = 0;
  std::vector<Waiting> waiting_;  // oldest first
  io::TimePoint retry_at_{};      // no attempt to connect before
  io::Duration back_off_{0};
  std::optional<Error> last_failure_;
};

}  // namespace sofa::rpc
