// Env: the only way from the product to the outside world.
//
// Everything that the kernel, the clock, the dice, the network or the disk would answer comes in through these
// interfaces. io/posix implements them with system calls, io/sim in virtual time on one thread from a seed. Code that
// keeps to Env runs unchanged in both; a test over undefined symbols holds the other parts to it.
//
// Threads: `Clock`, `Random`, `Resolver`, `Disk` and `Blocking` may be used from any thread. A `Net` handle and a
// `Poller` belong to one shard at a time; only `Poller::wake` may be called from elsewhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/base/chain.h"
#include "sofa/base/chrono.h"
#include "sofa/base/error.h"
#include "sofa/io/address.h"

namespace sofa::io {

using Duration = std::chrono::nanoseconds;

/// A clock that never goes back. It has no now(): time is read from `Clock`, or once a turn from the shard.
struct Monotonic {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Monotonic, Duration>;
  static constexpr bool is_steady = true;
};
using TimePoint = Monotonic::time_point;
inline constexpr TimePoint kNever = TimePoint::max();

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() = 0;
  /// Wall time for people and for the wire; never for logic. It may step in both directions.
  virtual std::chrono::sys_time<std::chrono::milliseconds> wall() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

/// An open stream, listener or file as the environment knows it: a file descriptor in io/posix, an index in io/sim.
enum class Handle : int { kNone = -1 };

/// What a read or write did: bytes moved, or why none were.
struct Transfer {
  enum class Status : std::uint8_t { kOk, kWouldBlock, kEnd, kFailed };
  Status status;
  std::size_t bytes = 0;
  int error = 0;  // errno's meaning, with kFailed
};

/// One piece of a gathering write.
using Slice = Chain::Slice;

struct ListenOptions {
  int backlog = 1024;
  bool share_port = false;  // SO_REUSEPORT: every shard listens for itself
};

struct Accepted {
  Handle handle;
  Address peer;
};

class Poller;

/// Streams over TCP and unix sockets. No call blocks.
class Net {
 public:
  virtual ~Net() = default;
  virtual Result<Handle> listen(const Address& address, const ListenOptions& options) = 0;
  /// The next waiting connection; IoError::kWouldBlock when none waits, kNoHandles when descriptors ran out.
  virtual Result<Accepted> accept(Handle listener) = 0;
  /// Starts to connect: the handle becomes writable when that ended; then ask `connect_result`.
  virtual Result<Handle> connect(const Address& address) = 0;
  virtual Result<void> connect_result(Handle handle) = 0;
  virtual Transfer read(Handle handle, std::span<std::uint8_t> into) = 0;
  virtual Transfer write(Handle handle, std::span<const Slice> pieces) = 0;
  virtual void shutdown_write(Handle handle) = 0;
  virtual void close(Handle handle) = 0;
  virtual Address local_address(Handle handle) = 0;
  /// The address by which other machines reach this one: its first IPv4 address that is no loopback, else 127.0.0.1.
  virtual std::string own_host() = 0;
  virtual std::unique_ptr<Poller> make_poller() = 0;
};

struct Interest {
  bool read = false;
  bool write = false;
};

/// Readiness, level-triggered. One a shard.
class Poller {
 public:
  struct Event {
    void* tag;
    bool readable;
    bool writable;
    bool closed;  // error or hang-up: reading or writing tells which
  };
  virtual ~Poller() = default;
  virtual void add(Handle handle, Interest interest, void* tag) = 0;
  virtual void modify(Handle handle, Interest interest, void* tag) = 0;
  virtual void remove(Handle handle) = 0;
  /// Waits for events, a wake or `until`, whichever is first. The span is valid until the next call.
  virtual std::span<const Event> wait(TimePoint until) = 0;
  /// Ends a `wait` under way or the next one. Any thread.
  virtual void wake() noexcept = 0;
};

/// Host names to numeric addresses. `done` runs on the calling shard's thread, never inside `resolve`.
class Resolver {
 public:
  virtual ~Resolver() = default;
  using Done = std::function<void(Result<std::vector<Address>>)>;
  virtual void resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Done done) = 0;
};

/// Files, for logs that must survive: everything written is lost at a power cut until `sync` returned.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<Handle> open(const std::string& path, bool create) = 0;
  virtual Result<std::size_t> read_at(Handle file, std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  virtual Result<void> write_at(Handle file, std::uint64_t offset, BytesView bytes) = 0;
  virtual Result<void> sync(Handle file) = 0;
  virtual Result<std::uint64_t> size(Handle file) = 0;
  virtual void close(Handle file) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;  // durable once sync_directory ran
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
};

/// Threads, for what blocks: shards' own loops, worker pools, and plain threads that wait for a shard.
class Blocking {
 public:
  virtual ~Blocking() = default;
  /// Starts a named thread that calls `step` again and again until it gives false. `join` waits for that end. A loop is
  /// handed over one step at a time so that io/sim can run every loop of every process on one thread: a step blocks
  /// nowhere but in one `Poller::wait` or one `wait`, which in io/sim return at once, as if woken for nothing, and let
  /// the world call the step again when there is an event, a wake, or the time is reached.
  using Thread = std::uint64_t;
  virtual Thread start(std::string_view name, std::function<bool()> step) = 0;
  virtual void join(Thread thread) = 0;
  /// Blocks the calling thread while `word` equals `old`, at most until `deadline`; may also return for nothing. False
  /// when time ran out.
  virtual bool wait(std::atomic<std::uint32_t>& word, std::uint32_t old, TimePoint deadline) = 0;
  /// Wakes the threads that wait on `word`: one, or all.
  virtual void wake(std::atomic<std::uint32_t>& word, bool all) noexcept = 0;
};

/// Shared objects, loaded while the process runs. Its members may block: not for a shard that serves. Any thread.
class Code {
 public:
  virtual ~Code() = default;
  /// Addresses from `begin` up to `end`.
  struct Range {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    bool has(std::uintptr_t address) const { return address >= begin && address < end; }
  };
  /// A copy of `path` under a name of its own, which nobody replaces and no other load shares: its path.
  virtual Result<std::string> keep(const std::string& path, const std::string& name) = 0;
  /// Maps it and runs its initialisers. What it refers to must be there; its own symbols are nobody else's.
  virtual Result<void*> load(const std::string& kept) = 0;
  /// Null: there is none of that name.
  virtual void* symbol(void* library, const char* name) = 0;
  virtual void unload(void* library) = 0;
  /// Removes the copy.
  virtual void drop(const std::string& kept) = 0;
  /// Where it is in memory; empty: nowhere.
  virtual std::vector<Range> mapped(const std::string& kept) = 0;
  /// Names of the threads of this process, other than this one, that are about to return into one of `ranges`.
  virtual std::vector<std::string> threads_in(std::span<const Range> ranges) = 0;
};
/// Loads nothing: where all code is linked in, as in io/sim.
Code& no_code();

/// Programs that this process starts and looks after. Its members may block for a moment: not for a shard that serves.
/// Any thread.
class Processes {
 public:
  virtual ~Processes() = default;
  enum class Id : int { kNone = -1 };
  /// What a program may use; 0: no limit.
  struct Limits {
    std::uint64_t memory_bytes = 0;
    /// Of one processor.
    std::uint32_t cpu_percent = 0;
  };
  struct Started {
    Id id;
    /// Which limits this machine does not let this process set, and why; empty: all are set.
    std::string unlimited;
  };
  /// `command`: the program's path first. It reads nothing, what it prints goes nowhere, and its errors where this
  /// process writes its own. It is killed when the thread ends that started it.
  virtual Result<Started> start(const std::vector<std::string>& command, const Limits& limits) = 0;
  /// How it ended, in words; nothing while it runs. Once told, the id is gone.
  virtual std::optional<std::string> ended(Id id) = 0;
  /// Asks it to end.
  virtual void terminate(Id id) = 0;
  /// It has ended when this returns.
  virtual void kill(Id id) = 0;
};
/// Starts nothing, as in io/sim.
Processes& no_processes();

/// The environment of one process. The references outlive everything that was made from them.
struct Env {
  Clock& clock;
  Random& random;
  Net& net;
  Resolver& resolver;
  Disk& disk;
  Blocking& blocking;
  Code& code = no_code();
  Processes& processes = no_processes();
};

enum class IoError {
  kWouldBlock = 1,
  kNoHandles,
  kRefused,
  kClosed,
  kTimeout,
  kCancelled,
  kAddress,
  kSystem,
  kLimit,
  kStopped,
  kThrown
};
const ErrorPart& error_part(IoError);

}  // namespace sofa::io
