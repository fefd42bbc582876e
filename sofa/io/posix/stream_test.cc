// Streams: what Connection, Acceptor and Connector promise over real sockets on loopback.
#include <random>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sofa/base/mutant.h"
#include "sofa/io/acceptor.h"
#include "sofa/io/connector.h"
#include "sofa/io/posix/env.h"

namespace sofa::io {
namespace {

using namespace std::chrono_literals;
constexpr auto kLong = 20s;

Env& env() {
  return posix::env();
}

/// Turns one shard on the test's own thread until something is true.
bool turn_until(Shard& shard, const std::function<bool()>& done, Duration most = kLong) {
  const TimePoint until = env().clock.now() + most;
  while (!done()) {
    if (env().clock.now() >= until) return false;
    shard.turn(until);
  }
  return true;
}

struct EchoCounters {
  int opened = 0, closed = 0, drained = 0;
  std::optional<Error> why;
};

/// Gives back whole frames of `frame` bytes, so that tails occur.
class Echo : public Protocol {
 public:
  explicit Echo(EchoCounters& counters, std::size_t frame = 1) : counters_(counters), frame_(frame) {}
  void on_open(Connection&) override { ++counters_.opened; }
  std::size_t on_data(Connection& connection, BytesView data) override {
    const std::size_t whole = data.size() / frame_ * frame_;
    if (!connection.writable()) return 0;
    connection.out().append(data.first(whole));
    connection.flush();
    if (whole == 0) connection.expect(frame_);
    return whole;
  }
  void on_drained(Connection&) override { ++counters_.drained; }
  void on_closed(Connection&, const Error& why) override {
    ++counters_.closed;
    counters_.why = why;
  }
  bool quiescent() const override { return true; }
  std::string_view name() const override { return "echo"; }

 private:
  EchoCounters& counters_;
  const std::size_t frame_;
};

/// Keeps what comes in.
class Sink final : public Protocol {
 public:
  struct Seen {
    Bytes bytes;
    bool ended = false, closed = false;
    std::optional<Error> why;
  };
  explicit Sink(Seen& seen) : seen_(seen) {}
  std::size_t on_data(Connection&, BytesView data) override {
    seen_.bytes.insert(seen_.bytes.end(), data.begin(), data.end());
    return data.size();
  }
  void on_end(Connection& connection) override {
    seen_.ended = true;
    connection.close_after_flush();
  }
  void on_closed(Connection&, const Error& why) override {
    seen_.closed = true;
    seen_.why = why;
  }
  bool quiescent() const override { return true; }

 private:
  Seen& seen_;
};

/// Starts to connect from within the shard, as code of a shard does.
void start(Connector& connector, Shard& shard, const Address& to, Sink::Seen& seen, Connector::Done done) {
  shard.post([&connector, to, &seen, done = std::move(done)] {
    connector.start(to, env().clock.now() + kLong, std::make_unique<Sink>(seen), done);
    EXPECT_TRUE(connector.busy()) << "done must not run within start";
  });
}

Bytes pattern(std::size_t size, unsigned seed = 1) {
  std::minstd_rand dice(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(dice() >> 8);
  return bytes;
}

struct Pair {
  explicit Pair(const Address& address = {"127.0.0.1", 0, false}, std::size_t frame = 1, ShardOptions options = {})
      : shard(env(), 0, options) {
    auto listening = Acceptor::listen(
        shard, address, [this, frame](Shard&, const ConnectionState*) { return std::make_unique<Echo>(echo, frame); },
        {});
    EXPECT_TRUE(listening) << listening.error().what();
    acceptor = std::move(*listening);
  }
  Connection& connect() {
    Connection* made = nullptr;
    start(connector, shard, acceptor->address(), seen, [&](Result<Connection*> opened) {
      EXPECT_TRUE(opened) << opened.error().what();
      made = opened.value();
    });
    EXPECT_TRUE(turn_until(shard, [&] { return made != nullptr && echo.opened != 0; }));
    return *made;
  }
  void send(Connection& connection, BytesView bytes) {
    connection.out().append(bytes);
    connection.flush();
  }
  EchoCounters echo;
  Sink::Seen seen;
  Shard shard;
  std::unique_ptr<Acceptor> acceptor;
  Connector connector{shard};
};

class EveryStream : public testing::TestWithParam<bool> {
 protected:
  Address address() {
    if (!GetParam()) return {"127.0.0.1", 0, false};
    char folder[] = "/tmp/sofa_io_XXXXXX";
    folder_ = mkdtemp(folder);
    return {folder_ + "/socket", 0, true};
  }
  void TearDown() override {
    if (folder_.empty()) return;
    unlink((folder_ + "/socket").c_str());
    rmdir(folder_.c_str());
  }
  std::string folder_;
};
INSTANTIATE_TEST_SUITE_P(TcpAndUnix, EveryStream, testing::Bool());

TEST_P(EveryStream, EchoesEveryByteInFramesOfEverySize) {
  for (const std::size_t frame : {1u, 7u, 1000u, 20'000u, 300'000u}) {
    TearDown();
    Pair pair(address(), frame);
    Connection& connection = pair.connect();
    const Bytes sent = pattern(600'000 / frame * frame);
    pair.send(connection, sent);
    ASSERT_TRUE(turn_until(pair.shard, [&] { return pair.seen.bytes.size() >= sent.size(); })) << frame;
    EXPECT_EQ(pair.seen.bytes, sent);
  }
}

TEST_P(EveryStream, HalfCloseIsAnsweredBeforeTheEnd) {
  Pair pair(address());
  Connection& connection = pair.connect();
  const Bytes sent = pattern(100'000);
  pair.send(connection, sent);
  connection.half_close();
  ASSERT_TRUE(turn_until(pair.shard, [&] { return pair.seen.closed && pair.echo.closed == 1; }));
  EXPECT_TRUE(pair.seen.ended);
  EXPECT_EQ(pair.seen.bytes, sent);
  EXPECT_EQ(pair.shard.connections(), 0u);
}

TEST_P(EveryStream, ARefusedConnectionSaysSo) {
  Pair pair(address());
  const Address gone = pair.acceptor->address();
  pair.acceptor.reset();
  std::optional<Error> refused;
  start(pair.connector, pair.shard, gone, pair.seen, [&](Result<Connection*> opened) { refused = opened.error(); });
  ASSERT_TRUE(turn_until(pair.shard, [&] { return refused.has_value(); }));
  EXPECT_TRUE(refused->is(IoError::kRefused)) << refused->what();
  EXPECT_FALSE(pair.connector.busy());
}

TEST(Stream, AStaleUnixSocketFileIsTakenOverALiveOneIsNot) {
  char folder[] = "/tmp/sofa_io_XXXXXX";
  const Address address{std::string(mkdtemp(folder)) + "/socket", 0, true};
  Net& net = env().net;
  const Handle first = net.listen(address, {}).value();
  const auto second = net.listen(address, {});
  EXPECT_FALSE(second);
  net.close(first);
  const auto third = net.listen(address, {});
  ASSERT_TRUE(third) << third.error().what();
  net.close(*third);
  unlink(address.host.c_str());
  rmdir(folder);
}

TEST(Stream, OneReadAndOneWriteATurn) {
  Pair pair;
  Connection& connection = pair.connect();
  const ShardCounters before = pair.shard.counters();
  for (int i = 0; i < 100; ++i) {
    for (int part = 0; part < 10; ++part) pair.send(connection, pattern(10));
    const std::size_t wanted = pair.seen.bytes.size() + 100;
    ASSERT_TRUE(turn_until(pair.shard, [&] { return pair.seen.bytes.size() == wanted; }));
  }
  // A client's write, the server's read and write, the client's read.
  EXPECT_LE(pair.shard.counters().writes - before.writes, 200u);
  EXPECT_LE(pair.shard.counters().reads - before.reads, 200u);
}

// The client floods and never reads: the server holds at most its marks, then closes.
TEST(Stream, APeerThatNeverReadsIsHeldAtTheMarkAndThenClosed) {
  ShardOptions options;
  options.connection.high_mark = 128 * 1024;
  options.connection.low_mark = 32 * 1024;
  options.connection.stall = 300ms;
  Pair pair({"127.0.0.1", 0, false}, 1, options);
  Sink::Seen seen;
  Shard outside(env(), 1);  // the client's, with other limits
  Connector connector(outside);
  Connection* client = nullptr;
  start(connector, outside, pair.acceptor->address(), seen,
        [&](Result<Connection*> opened) { client = opened.value(); });
  ASSERT_TRUE(turn_until(outside, [&] { return client != nullptr; }));
  client->pause_reading();
  client->out().append(pattern(30'000'000));
  client->flush();
  std::size_t most = 0;
  const TimePoint until = env().clock.now() + kLong;
  while (pair.echo.closed == 0 && env().clock.now() < until) {
    outside.turn(TimePoint{});
    pair.shard.turn(env().clock.now() + 1ms);
    pair.shard.for_each_connection([&](Connection& c) { most = std::max(most, c.out().size()); });
  }
  EXPECT_EQ(pair.echo.closed, 1);
  EXPECT_TRUE(pair.echo.why->is(IoError::kTimeout)) << pair.echo.why->what();
  EXPECT_EQ(pair.shard.counters().stalled, 1u);
  EXPECT_GE(pair.shard.counters().back_pressured, 1u);
  EXPECT_LE(most, options.connection.high_mark + 64 * 1024);
  EXPECT_EQ(pair.shard.connections(), 0u);
}

/// What comes back when the reader is slow and every buffer on the way is full at times.
struct Slow {
  Bytes sent, received;
  int drained;
};
Slow echo_to_a_slow_reader() {
  ShardOptions options;
  options.connection.high_mark = 64 * 1024;
  options.connection.low_mark = 16 * 1024;
  Pair pair({"127.0.0.1", 0, false}, 1, options);
  Connection& connection = pair.connect();
  const Bytes sent = pattern(20'000'000);
  connection.pause_reading();
  std::size_t given = 0;
  bool reading = false;
  int stuck = 0;
  std::uint64_t moved = 0;
  const auto feed = [&] {
    while (given < sent.size() && connection.writable()) {
      const std::size_t part = std::min<std::size_t>(50'000, sent.size() - given);
      pair.send(connection, BytesView(sent).subspan(given, part));
      given += part;
    }
    const std::uint64_t before = std::exchange(moved, pair.shard.counters().bytes_in);
    stuck = before == moved ? stuck + 1 : 0;
    if (!reading && stuck == 20) {  // the client's socket, the server, and the server's socket are full
      reading = true;
      connection.resume_reading();
    }
    return pair.seen.bytes.size() >= sent.size();
  };
  const TimePoint until = env().clock.now() + kLong;
  while (!feed() && env().clock.now() < until) pair.shard.turn(env().clock.now() + 1ms);
  return {sent, pair.seen.bytes, pair.echo.drained};
}

TEST(Stream, ASlowReaderGetsEverythingAndIsTold) {
  const Slow slow = echo_to_a_slow_reader();
  EXPECT_TRUE(slow.received == slow.sent);
  EXPECT_GE(slow.drained, 1);
}

#ifdef SOFA_MUTANTS
TEST(Stream, ThatFindsAPartialWriteResent) {
  activate_mutant("partial-write-resent");
  const Slow slow = echo_to_a_slow_reader();
  activate_mutant(nullptr);
  EXPECT_FALSE(slow.received == slow.sent);
}
#endif

TEST(Stream, OutputBeyondEveryLimitCloses) {
  ShardOptions options;
  options.connection.most_unsent = 1024;
  Pair pair({"127.0.0.1", 0, false}, 1, options);
  Connection& connection = pair.connect();
  pair.send(connection, pattern(2000));
  ASSERT_TRUE(turn_until(pair.shard, [&] { return pair.seen.closed; }));
  EXPECT_TRUE(pair.seen.why->is(IoError::kLimit));
  EXPECT_EQ(pair.shard.counters().overflowed, 1u);
}

TEST(Stream, InputBeyondEveryLimitCloses) {
  ShardOptions options;
  options.connection.most_unread = 100'000;
  Pair pair({"127.0.0.1", 0, false}, 1'000'000, options);
  Connection& connection = pair.connect();
  pair.send(connection, pattern(10));
  ASSERT_TRUE(turn_until(pair.shard, [&] { return pair.echo.closed == 1; }));
  EXPECT_TRUE(pair.echo.why->is(IoError::kLimit));
}

TEST(Stream, ConnectionsAboveTheLimitAreClosedAtOnce) {
  ShardOptions options;
  options.most_connections = 1;
  Pair pair({"127.0.0.1", 0, false}, 1, options);
  Sink::Seen seen[2];
  Shard outside(env(), 1);
  Connector connectors[2] = {Connector(outside), Connector(outside)};
  for (int i = 0; i < 2; ++i) {
    start(connectors[i], outside, pair.acceptor->address(), seen[i], [](Result<Connection*>) {});
  }
  const TimePoint until = env().clock.now() + kLong;
  while (!seen[0].closed && !seen[1].closed && env().clock.now() < until) {
    outside.turn(TimePoint{});
    pair.shard.turn(env().clock.now() + 1ms);
  }
  EXPECT_EQ(pair.shard.counters().refused_at_limit, 1u);
  EXPECT_EQ(pair.shard.connections(), 1u);
  EXPECT_NE(seen[0].closed, seen[1].closed);
}

TEST(Stream, WhenDescriptorsRunOutAcceptingPausesAndTheRestIsServed) {
  Pair pair;
  Connection& served = pair.connect();
  Net& net = env().net;
  const Handle waiting = net.connect(pair.acceptor->address()).value();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(waiting) + 1, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  EXPECT_TRUE(turn_until(pair.shard, [&] { return pair.shard.counters().accept_failed != 0; }));
  pair.send(served, pattern(1000));
  EXPECT_TRUE(turn_until(pair.shard, [&] { return pair.seen.bytes.size() == 1000; }));
  const std::uint64_t failures = pair.shard.counters().accept_failed;
  EXPECT_LE(failures, 3u) << "it must not spin on the listener";
  EXPECT_EQ(pair.echo.opened, 1);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(turn_until(pair.shard, [&] { return pair.echo.opened == 2; }));
  net.close(waiting);
}

TEST(Stream, AConnectionMayCloseItselfAnywhere) {
  class Closing final : public Protocol {
   public:
    explicit Closing(int& count) : closed(count) {}
    std::size_t on_data(Connection& connection, BytesView data) override {
      connection.out().append(data);
      connection.flush();
      connection.close(Error(IoError::kLimit, "enough"));
      connection.flush();
      connection.close(Error(IoError::kClosed, "twice"));
      return 0;
    }
    void on_closed(Connection& connection, const Error& why) override {
      ++closed;
      EXPECT_TRUE(why.is(IoError::kLimit));
      connection.flush();
      connection.resume_reading();
    }
    bool quiescent() const override { return true; }
    int& closed;
  };
  int closed = 0;
  Sink::Seen seen;
  Shard shard(env(), 0);
  auto acceptor =
      Acceptor::listen(shard, {"127.0.0.1", 0, false},
                       [&](Shard&, const ConnectionState*) { return std::make_unique<Closing>(closed); }, {})
          .value();
  Connector connector(shard);
  start(connector, shard, acceptor->address(), seen, [](Result<Connection*> opened) {
    opened.value()->out().append(pattern(10));
    opened.value()->flush();
  });
  ASSERT_TRUE(turn_until(shard, [&] { return seen.closed; }));
  EXPECT_EQ(closed, 1);
}

TEST(Stream, AShardThatEndsClosesWhatItHas) {
  EchoCounters echo;
  Sink::Seen seen;
  {
    Pair pair;
    pair.connect();
    pair.acceptor.reset();
    echo = pair.echo;
  }
  EXPECT_EQ(echo.opened, 1);
}

}  // namespace
}  // namespace sofa::io
