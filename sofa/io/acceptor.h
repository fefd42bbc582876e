// Acceptor: listens, and makes a Connection with its Protocol of each stream that comes in.
//
// With TCP each shard has an acceptor of its own on the same port (`share_port`) and the kernel deals out; where ports
// cannot be shared (unix sockets) one acceptor deals out by turns (`deal_to`).
//
// At its limits: when descriptors run out accepting pauses, the rest is served on, `accept_failed` counts; a connection
// above ShardOptions::most_connections is closed at once, `refused_at_limit` counts.
// Ownership: destroy it on its shard, or while the shard does not turn; the connections stay. Threads: its shard's.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/connection.h"

namespace sofa::io {

class Acceptor final : private Watcher {
 public:
  struct Options {
    ListenOptions listen{};
    /// Shards that get the connections by turns; its own when empty.
    std::vector<Shard*> deal_to{};
    Duration pause = std::chrono::milliseconds(100);
  };

  /// Listens. On the shard, or before it turns. `factory` is called on the shard that the connection goes to.
  static Result<std::unique_ptr<Acceptor>> listen(Shard& shard, const Address& address, ProtocolFactory factory,
                                                  const Options& options);
  ~Acceptor();

  /// Where it listens: with the port that was given when 0 was asked for.
  Address address() const;

 private:
  Acceptor(Shard& shard, Handle listener, ProtocolFactory factory, const Options& options);
  void on_event(const Poller::Event& event) override;
  void place(Accepted accepted);
  void pause();

  Shard& shard_;
  const Handle listener_;
  const std::shared_ptr<const ProtocolFactory> factory_;
  const Options options_;
  Timer resume_;
  std::size_t next_ = 0;
};

}  // namespace sofa::io
