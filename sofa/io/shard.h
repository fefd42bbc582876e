// Shard: one event loop with its own connections, timers and state. Nothing else touches them, so nothing is locked.
//
// A turn: wait for events → reads, each with the write that it led to → mail → timers → end-of-turn jobs → one write
// for each connection that has output left. The code is the same over io/posix and io/sim; a turn blocks nowhere but in
// one Poller::wait.
//
// Threads: everything is for the shard's own thread, except `post`, `stop`, `index`, `env`. Shards talk by mail.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/mailbox.h"
#include "sofa/io/timer_wheel.h"

namespace sofa::io {

class Connection;
class Shard;
class Protocol;
struct ConnectionState;

struct ConnectionOptions {
  /// Above so much unsent output reading pauses and `writable()` is false, until it fell to `low_mark`.
  std::size_t high_mark = 1024 * 1024;
  std::size_t low_mark = 256 * 1024;
  /// More unsent output than this closes the connection: its protocol did not heed `writable()`.
  std::size_t most_unsent = 64 * 1024 * 1024;
  /// The largest input that a protocol may ask to see at once (`expect`).
  std::size_t most_unread = 64 * 1024 * 1024;
  /// A peer that takes no byte of waiting output for so long is closed.
  Duration stall = std::chrono::seconds(30);
};

struct ShardOptions {
  ConnectionOptions connection;
  std::size_t most_connections = 100'000;
  /// How long to look for events before sleeping: buys latency with a busy core. 0 sleeps at once.
  Duration spin{0};
};

/// What a shard has counted since its start. Read it on the shard's thread.
struct ShardCounters {
  std::uint64_t turns = 0, events = 0, mails = 0;
  std::uint64_t reads = 0, writes = 0, bytes_in = 0, bytes_out = 0;
  std::uint64_t accepted = 0, connected = 0, closed = 0, detached = 0, attached = 0;
  std::uint64_t accept_failed = 0;     // descriptors ran out: accepting paused
  std::uint64_t refused_at_limit = 0;  // closed at once: most_connections
  std::uint64_t stalled = 0;           // closed: the peer did not read for `stall`
  std::uint64_t overflowed = 0;        // closed: most_unsent or most_unread
  std::uint64_t back_pressured = 0;    // times that a connection went above its high mark
};

/// A job at the end of the turn under way, once; the owner's own node. Runs before connections are flushed.
struct EndOfTurn {
  using Run = void (*)(EndOfTurn& self) noexcept;
  explicit EndOfTurn(Run what) : run(what) {}
  Run run;
  EndOfTurn* next = nullptr;
  bool queued = false;
};

/// What a poller's tag points to.
class Watcher {
 public:
  virtual void on_event(const Poller::Event& event) = 0;

 protected:
  ~Watcher() = default;
};

/// What lives on a shard and is owned by nobody else, as a suspended task that owns itself. Told when the shard ends.
class Resident {
 public:
  Resident() = default;
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  /// Nothing turns the shard any more: lets go of everything, without running any of it, and leaves.
  virtual void give_up() noexcept = 0;

 protected:
  ~Resident() { leave(); }
  void leave() noexcept;

 private:
  friend class Shard;
  Resident* next_ = nullptr;
  Resident** at_ = nullptr;
};

/// Posts to a shard that may be gone: for what outlives shards, as a resolver does.
class ShardLink {
 public:
  explicit ShardLink(Shard& shard) : shard_(&shard) {}
  /// False, and the job is dropped, when the shard is gone. Any thread.
  bool post(std::function<void()> job);

 private:
  friend class Shard;
  std::mutex mutex_;
  Shard* shard_;
};

class Shard {
 public:
  Shard(Env& env, int index, const ShardOptions& options = {});
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  /// Closes its connections (IoError::kStopped) and has its residents give up. On the thread that turned it, or after
  /// that thread's end.
  ~Shard();

  /// The shard whose turn is under way on this thread, or null.
  static Shard* current();

  int index() const { return index_; }
  Env& env() const { return env_; }
  const ShardOptions& options() const { return options_; }
  /// The time at which this turn began its work.
  TimePoint now() const { return now_; }

  /// One turn; waits at most until `until`. False once it was stopped.
  bool turn(TimePoint until = kNever);
  /// Turns until stopped.
  void run() {
    while (turn()) {
    }
  }
  /// Ends `run` after the turn under way. Any thread.
  void stop();

  TimerWheel& timers() { return timers_; }
  /// Runs `mail` on this shard in a coming turn, in order of posting. Any thread.
  void post(Mail& mail);
  /// The same for a function, at the price of an allocation.
  void post(std::function<void()> job);
  const std::shared_ptr<ShardLink>& link() const { return link_; }
  /// Does nothing when `job` is queued already.
  void at_end_of_turn(EndOfTurn& job);

  /// `resident` gives up when the shard ends, unless it left before.
  void add(Resident& resident);

  /// Takes over a connection that was detached elsewhere. Shows the protocol its unread bytes in this or the next turn.
  Connection& attach(ConnectionState state, std::unique_ptr<Protocol> protocol);
  std::size_t connections() const { return connection_count_; }
  /// Visits every open connection; `visit` may close or detach the one it is shown.
  void for_each_connection(const std::function<void(Connection&)>& visit);

  /// Where connections read into: valid until the next read.
  std::span<std::uint8_t> scratch() { return {scratch_.get(), kScratch}; }
  Poller& poller() { return *poller_; }
  ShardCounters& counters() { return counters_; }

 private:
  friend class Connection;
  friend class Shards;
  static constexpr std::size_t kScratch = 64 * 1024;

  TimePoint sleep_until(TimePoint until);
  std::span<const Poller::Event> wait(TimePoint until);
  void run_mail();
  void finish_turn();
  void close_all();
  bool drain();
  bool give_up_residents();

  Env& env_;
  const int index_;
  const ShardOptions options_;
  std::unique_ptr<Poller> poller_;
  TimePoint now_;
  TimerWheel timers_;
  Mailbox mailbox_;
  const std::shared_ptr<ShardLink> link_ = std::make_shared<ShardLink>(*this);
  std::atomic<bool> asleep_{true};  // nobody looks at the mailbox before a wake
  std::atomic<bool> stopped_{false};
  std::unique_ptr<std::uint8_t[]> scratch_;
  EndOfTurn* end_jobs_ = nullptr;
  EndOfTurn** last_end_job_ = &end_jobs_;
  std::uint64_t next_connection_ = 0;
  Connection* open_ = nullptr;   // all open connections
  Connection* ready_ = nullptr;  // have something to do before this turn ends
  Connection* dying_ = nullptr;  // closed or detached in this turn; freed at its end
  std::size_t connection_count_ = 0;
  Resident* residents_ = nullptr;
  ShardCounters counters_;
};

/// A group of shards, each with a thread of its own.
class Shards {
 public:
  /// `apart`: shards beyond `count` that serve no connections, for what may hold a thread too long for those that do.
  Shards(Env& env, int count, const ShardOptions& options = {}, int apart = 0);
  ~Shards();

  /// All, and how many of them serve connections: the first ones.
  int size() const { return static_cast<int>(shards_.size()); }
  int serving() const { return serving_; }
  Shard& operator[](int index) const { return *shards_[static_cast<std::size_t>(index)]; }
  /// The current shard when it is one of these, else one that serves, by turns. Any thread.
  Shard& any();
  /// One that serves, by turns. Any thread.
  Shard& by_turns();
  Env& env() const { return env_; }

  /// Starts the threads. The first started group is the one that `sofa::wait` uses when none is named.
  void start();
  /// Stops the loops and joins the threads. Then closes what is open, and destroys the tasks that own themselves and
  /// are still suspended. Whatever these use must be there: call it first where that goes before the shards. Does
  /// nothing a second time. Not from a shard.
  void stop_and_join();
  static Shards* first_started();

 private:
  void wind_down();

  Env& env_;
  const int serving_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Blocking::Thread> threads_;
  std::atomic<std::uint32_t> next_{0};
};

}  // namespace sofa::io
