// ClientPool: a shard's connections to one address, and the calls that wait for one.
//
// Connects when the first call comes. When connecting fails, the calls that wait fail, and for a while (the back-off)
// further ones fail at once instead of piling up. One shard's thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sofa/io/connector.h"
#include "sofa/rpc/client_shard.h"
#include "sofa/rpc/remote.h"

namespace sofa::rpc {

class BoltRemote;
class ClientConnection;

class ClientPool final : public CallHolder {
 public:
  ClientPool(ClientShard& shard, io::Address address);
  ~ClientPool();

  ClientShard& shard() const { return client_; }
  const io::Address& address() const { return address_; }

  void start(RemoteCall& call, const BoltRemote& remote, io::TimePoint deadline);
  void forget(RemoteCall& call) override;

  // From its connections.
  void opened(ClientConnection& connection);
  void closed(ClientConnection& connection);
  /// A connection that could not take calls can again.
  void send_waiting();
  /// Closes its connections and fails what waits for one.
  void close(const Error& why);

 private:
  struct Waiting {
    RemoteCall* call;
    const BoltRemote* remote;
    io::TimePoint deadline;
  };

  ClientConnection* choose();
  void connect_if_needed();
  io::Connector& idle_connector();
  void connect_failed(const Error& why);
  void fail_waiting(const Error& why);

  const io::Address address_;
  std::vector<ClientConnection*> open_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<io::Connector>> connectors_;
  std::size_t connecting_ = 0;
  std::vector<Waiting> waiting_;  // oldest first
  io::TimePoint retry_at_{};      // no attempt to connect before
  io::Duration back_off_{0};
  std::optional<Error> last_failure_;
};

}  // namespace sofa::rpc
