// Connector: resolves a name, connects to the first of its addresses that answers, and opens a Connection.
//
//   connector_.start(address, shard.now() + 1s, std::make_unique<Echo>(), [this](Result<Connection*> opened) { … });
//
// One attempt at a time. `done` runs once, never from within start, unless it is cancelled first. Errors: kRefused,
// kTimeout, kAddress (no such name), kNoHandles, kSystem. Ownership: destroying it cancels. Threads: its shard's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sofa/io/connection.h"

namespace sofa::io {

class Connector final : private Watcher {
 public:
  using Done = std::function<void(Result<Connection*>)>;

  explicit Connector(Shard& shard);
  ~Connector() { cancel(); }

  void start(const Address& address, TimePoint deadline, std::unique_ptr<Protocol> protocol, Done done);
  void cancel();
  bool busy() const { return done_ != nullptr; }

 private:
  void on_event(const Poller::Event& event) override;
  void try_next();
  void drop_handle();
  void finish(Result<Connection*> result);
  void fail_later(Error error);
  void on_timer();

  Shard& shard_;
  Timer timer_;
  TimePoint deadline_;
  Address wanted_;
  std::vector<Address> addresses_;
  std::size_t tried_ = 0;
  Handle handle_ = Handle::kNone;
  std::unique_ptr<Protocol> protocol_;
  Done done_;
  std::optional<Error> error_;  // the last address's, or what finishes it at the next tick
  bool failed_ = false;
  std::shared_ptr<Connector*> self_;  // what a resolver's late answer finds empty
};

}  // namespace sofa::io
