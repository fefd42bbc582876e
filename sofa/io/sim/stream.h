// Stream: one connection between two simulated processes, with both kernels' halves of it.
#pragma once

#include <memory>
#include <string>

#include "sofa/io/sim/byte_queue.h"
#include "sofa/io/sim/network.h"
#include "sofa/io/sim/process.h"

namespace sofa::io::sim {

inline constexpr Duration kFirstRetry = 200ms;

/// One half of a stream: what one kernel knows.
struct End final : Pollable {
  Poller::Event readiness(Interest interest) const override;
  void on_close(bool orderly) override;
  std::size_t unacknowledged() const { return sending.size() + delivered; }
  /// The connection is over for this end: nothing is sent or received any more.
  void fail_with(int errno_value);
  void drop_output();

  Stream* stream = nullptr;
  int side = 0;
  Process* process = nullptr;
  Address local;
  Address remote;
  bool connecting = false;
  bool gone = false;    // closed by its process, or the process died
  bool silent = false;  // its machine died: no word to the peer
  int error = 0;
  ByteQueue received;
  bool end_received = false;

  ByteQueue sending;  // written and not delivered; the first `in_flight` bytes are on their way
  std::size_t in_flight = 0;
  std::size_t delivered = 0;  // delivered, and the acknowledgement is on its way
  bool end_wanted = false;
  bool end_in_flight = false;
  bool end_delivered = false;
  std::uint64_t attempt = 0;  // packets of an earlier attempt are void
  Duration retry = kFirstRetry;
  Time retry_at{};
  Time line_free{};     // when the last packet has left
  Time last_arrival{};  // packets do not overtake each other
  Time progress_at{};
  bool watched = false;           // a give-up check is scheduled
  bool update_scheduled = false;  // a window update is on its way
};

struct Stream : std::enable_shared_from_this<Stream> {
  Stream(Network& owner, std::uint64_t id) : network(owner), number(id) {}

  std::shared_ptr<End> share(int side) { return {shared_from_this(), &ends[side]}; }
  End& other(int side) { return ends[1 - side]; }

  /// The first packet, again and again until somebody answers or `deadline` is over.
  void send_syn(Address target, Time deadline, Duration retry);
  /// Sends what the windows allow.
  void transmit(int side);
  void send_reset(int from);
  /// `side` has read: the window may have opened for the other.
  void on_read(int side);

  Network& network;
  const std::uint64_t number;
  End ends[2];             // the client's and the server's
  bool forgotten = false;  // something on the way dropped its state: nothing passes any more

 private:
  World& world() { return network.world_; }
  bool lost(int from);
  void on_syn(const Address& target, Time deadline, Duration retry);
  void answer(int error);
  void fail_connect(int error);
  void arrive(int from, std::size_t size, std::uint64_t attempt);
  void acknowledge(int from, std::size_t size);
  bool undeliverable(int from);
  void watch(int side);
  void on_watch(int side);
  Time arrival(int from, std::size_t size);
};

struct Listener final : Pollable {
  Poller::Event readiness(Interest interest) const override;
  void on_close(bool orderly) override;

  Process* process = nullptr;
  std::string key;
  Address local;
  ListenOptions options;
  std::deque<std::shared_ptr<End>> waiting;
};

}  // namespace sofa::io::sim
