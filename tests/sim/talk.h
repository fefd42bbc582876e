// Talk: numbered, checksummed messages over io's streams, and the two protocols that exchange them. Whatever is lost,
// repeated, changed or late between two ends is a fault that Truth keeps.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "sofa/io/connection.h"
#include "sofa/io/sim/world.h"

namespace sofa::tests {

/// What a run has found wrong: the first thing, and when.
class Truth {
 public:
  explicit Truth(io::sim::World& world) : world_(world) {}
  void found(const std::string& what);
  const std::optional<std::string>& fault() const { return fault_; }
  /// From now on no connection may be lost.
  bool strict = false;
  bool ending = false;

 private:
  io::sim::World& world_;
  std::optional<std::string> fault_;
};

/// A message is known from its talk and its number alone: both ends can tell what it has to be.
Bytes make_message(std::uint64_t talk, std::uint64_t number);

/// Cuts messages from a stream and checks them: they must be those of one talk, in order, none missing or repeated.
class MessageReader {
 public:
  static constexpr std::uint64_t kAnyTalk = 0;

  MessageReader(Truth& truth, const char* who, std::uint64_t talk, std::uint64_t next)
      : truth_(truth), who_(who), talk_(talk), next_(next) {}
  /// Calls `each` for every complete message; gives what was consumed. Tells the connection how much it waits for.
  std::size_t read(io::Connection& connection, BytesView data, const std::function<void(BytesView)>& each);
  std::uint64_t talk() const { return talk_; }
  std::uint64_t next() const { return next_; }

 private:
  Truth& truth_;
  const char* who_;
  std::uint64_t talk_;
  std::uint64_t next_;
};

/// The server's end: sends every message back, some after a while; closes a peer that says nothing for long.
class EchoProtocol final : public io::Protocol {
 public:
  static constexpr io::Duration kIdle = std::chrono::seconds(12);

  EchoProtocol(Truth& truth, io::Random& random, const io::ConnectionState* moved);
  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return !slow_.armed() && held_back_.empty(); }
  Bytes save_state() override;
  std::string_view name() const override { return "echo"; }

 private:
  Truth& truth_;
  io::Random& random_;
  MessageReader reader_;
  io::Connection* connection_ = nullptr;
  io::TimePoint last_heard_;
  io::Timer idle_;
  io::Timer slow_;  // answers are held back until it fires
  Bytes held_back_;
};

/// One talk of a client: what was said and what is still to come back. Outlives the protocols that serve it when its
/// connection moves; ends with its connection.
struct Talk {
  std::uint64_t id = 0;
  std::uint64_t next_send = 0;
  std::uint64_t echoed = 0;
  std::deque<io::TimePoint> deadlines;  // of what was sent and has not come back
  io::Connection* connection = nullptr;
  bool talking = true;
  bool ending = false;  // to be ended when next it has the word, in one of the ways that there are
  std::function<void(const Error&)> on_closed;
};

/// The client's end: says some messages now and then; every one has a deadline.
class TalkProtocol final : public io::Protocol {
 public:
  static constexpr io::Duration kDeadline = std::chrono::seconds(4);
  static constexpr std::size_t kMostOutstanding = 40;

  TalkProtocol(Truth& truth, io::Random& random, Talk& talk, const io::ConnectionState* moved);
  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return true; }
  Bytes save_state() override;
  std::string_view name() const override { return "talk"; }

 private:
  void say();
  void end();
  void on_deadline();
  void arm_deadline();

  Truth& truth_;
  io::Random& random_;
  Talk& talk_;
  MessageReader reader_;
  io::Timer pace_;
  io::Timer deadline_;
};

}  // namespace sofa::tests
