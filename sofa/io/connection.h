// Connection and Protocol: a byte stream on a shard, and the state machine that speaks over it.
//
//   class Echo final : public Protocol {
//     std::size_t on_data(Connection& connection, BytesView data) override {
//       connection.out().append(data);
//       connection.flush();
//       return data.size();
//     }
//     void on_closed(Connection&, const Error&) override {}
//     bool quiescent() const override { return true; }
//   };
//
// Data flows: one read into the shard's scratch a turn → on_data, in place; what it leaves is kept and shown again in
// front of more. Output collects in `out()` and leaves in one gathering write: right after the on_data that made it, so
// that the peer works on it while the next connection is read, else at the end of the turn; the rest when the peer
// takes it. No buffer is held while idle.
//
// Ownership: the shard owns the connection, the connection its protocol. After on_closed, or detach, the pointer is
// dead at the end of the turn. Threads: the shard's only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sofa/base/chain.h"
#include "sofa/io/call_context.h"
#include "sofa/io/shard.h"

namespace sofa::io {

class Protocol {
 public:
  virtual ~Protocol() = default;
  /// Right after the connection came to be on this shard: accepted, connected or attached.
  virtual void on_open(Connection&) {}
  /// Gives how many bytes were consumed. The rest is shown again with more behind it, as one view; see `expect`.
  virtual std::size_t on_data(Connection& connection, BytesView data) = 0;
  /// The peer ended its sending; it may still read. Without an answer under way there is nothing to wait for.
  virtual void on_end(Connection& connection);
  /// Output fell to the low mark after having been above the high mark.
  virtual void on_drained(Connection&) {}
  /// The last call, exactly once, unless the connection was detached. Output that was not sent is lost.
  virtual void on_closed(Connection& connection, const Error& why) = 0;
  /// May be detached now: no call is in flight that is to be answered here.
  virtual bool quiescent() const = 0;
  /// What a successor needs besides the unread and unsent bytes.
  virtual Bytes save_state() { return {}; }
  /// Names the factory that makes the successor. Empty: none can, the connection stays where it is.
  virtual std::string_view name() const { return {}; }
};

/// A connection between two shards or two processes. Owns the handle: closes it when it is dropped.
struct ConnectionState {
  ConnectionState() = default;
  ConnectionState(ConnectionState&& other) noexcept;
  ConnectionState& operator=(ConnectionState&& other) noexcept;
  ~ConnectionState();
  /// Gives the handle away.
  Handle release() { return std::exchange(handle, Handle::kNone); }

  Net* net = nullptr;
  Handle handle = Handle::kNone;
  std::shared_ptr<const Peer> peer;
  std::string protocol;
  Bytes saved;   // Protocol::save_state
  Bytes unread;  // received, not consumed
  Bytes unsent;  // written by the protocol, not taken by the peer
  bool read_ended = false;
  bool closing = false;       // close once `unsent` went out
  bool half_closing = false;  // end sending once `unsent` went out, or ended already
  bool keep_reading = false;
};

/// Makes the protocol of a connection: a new one (null), or one that moved here. On the shard that will own it.
using ProtocolFactory = std::function<std::unique_ptr<Protocol>(Shard&, const ConnectionState* moved)>;

class Connection final : private Watcher {
 public:
  /// A new connection of `shard` over an open handle. `peer` is shared with every call that comes over it.
  static Connection& open(Shard& shard, Handle handle, std::shared_ptr<const Peer> peer,
                          std::unique_ptr<Protocol> protocol);

  /// What goes out next. Append to it, then `flush`.
  Chain& out() { return out_; }
  /// Has the output written after the on_data under way, or at the end of the turn.
  void flush();
  /// False above the high mark: produce no more until `on_drained`.
  bool writable() const { return (flags_ & kAboveMark) == 0; }

  /// How many bytes from the first unconsumed one on_data needs to get on: spares it the shorter views. Above
  /// ConnectionOptions::most_unread the connection is closed.
  void expect(std::size_t total) { expected_ = total; }
  /// Reading goes on while output is above the high mark. For the side that asks (a Connector sets it): if both sides
  /// stopped reading because the other did not take their output, neither would go on.
  void keep_reading() { flags_ |= kKeepReading; }
  void pause_reading();
  /// What was left unread is shown again, in this or the next turn.
  void resume_reading();

  /// Sends what is in `out()`, then closes; reads no more.
  void close_after_flush();
  /// Closes; `why` goes to on_closed, before the turn ends.
  void close(Error why);
  /// Ends sending once `out()` went out; reading goes on.
  void half_close();
  bool closed() const { return (flags_ & (kClosed | kDetached)) != 0; }

  /// Takes the connection off its shard. Only when it is open, its protocol quiescent, and not from within on_data.
  ConnectionState detach();

  Shard& shard() const { return shard_; }
  Protocol& protocol() const { return *protocol_; }
  const std::shared_ptr<const Peer>& peer() const { return peer_; }
  /// What became known of the peer since the connection was made; calls under way keep what they have.
  void set_peer(std::shared_ptr<const Peer> peer) { peer_ = std::move(peer); }
  Handle handle() const { return handle_; }
  std::uint64_t id() const { return id_; }
  /// Bytes in and out plus a constant for each read and write: what the balancer weighs.
  std::uint64_t load() const { return load_; }

 private:
  friend class Shard;
  static constexpr std::uint32_t kClosed = 1, kDetached = 2, kAboveMark = 4, kPaused = 8, kReadEnded = 16,
                                 kCloseAfterFlush = 32, kHalfClose = 64, kWaitsWritable = 128, kFlush = 256,
                                 kShowAgain = 512, kQueued = 1024, kReading = 2048, kWriteEnded = 4096,
                                 kKeepReading = 8192;

  Connection(Shard& shard, Handle handle, std::shared_ptr<const Peer> peer, std::unique_ptr<Protocol> protocol);
  ~Connection();
  static void* operator new(std::size_t size);
  static void operator delete(void* memory, std::size_t size) noexcept;

  void on_event(const Poller::Event& event) override;
  void read();
  void show(const std::uint8_t* data, std::size_t size);
  void keep_tail(const std::uint8_t* data, std::size_t size);
  void grow_tail(std::size_t least, std::size_t wanted);
  void drop_tail();
  void end_of_turn();
  void write();
  void after_write();
  void update_interest();
  void queue();
  void leave_shard();
  bool reads() const {
    return (flags_ & (kPaused | kReadEnded | kCloseAfterFlush | kClosed)) == 0 &&
           (flags_ & (kAboveMark | kKeepReading)) != kAboveMark;
  }

  Shard& shard_;
  std::unique_ptr<Protocol> protocol_;
  std::shared_ptr<const Peer> peer_;
  std::unique_ptr<Error> why_;
  Chain out_;
  std::uint8_t* tail_ = nullptr;  // unconsumed input
  std::uint32_t tail_size_ = 0;
  std::uint32_t tail_capacity_ = 0;
  std::size_t expected_ = 0;
  Timer stall_;
  std::uint64_t id_;
  std::uint64_t load_ = 0;
  Connection* next_ = nullptr;  // in the shard's list of open connections
  Connection* previous_ = nullptr;
  Connection* next_ready_ = nullptr;  // in the list of those with something to do, or dying
  Handle handle_;
  std::uint32_t flags_ = 0;
  Interest interest_;
};

}  // namespace sofa::io
