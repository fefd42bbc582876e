// Loads a registry as Java's clients do, by the thousand. The modes print one JSON object.
//
//   registry_load register HOST:PORT CONNECTIONS DEPTH COUNT       registrations a second, DEPTH under way on each
//   connection registry_load push HOST:PORT CONNECTIONS DATA CHANGES GAP_US   from a change to each subscriber's having
//   it registry_load fanout HOST:PORT CONNECTIONS IDS ADDRESSES CHANGES    to the last of CONNECTIONS x IDS subscribers
//   registry_load hold HOST:PORT CONNECTIONS PUBLISHERS SUBSCRIBERS     registers, prints, and stays until its input
//   ends
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <poll.h>

#include "sofa/io/connector.h"
#include "sofa/io/posix/env.h"
#include "sofa/registry/java_model.h"

namespace {

using namespace sofa;
using namespace sofa::registry;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Fleet;

/// One client: answers pushes, counts what is answered to it.
class Peer final : public io::Protocol {
 public:
  explicit Peer(Fleet& fleet) : fleet_(fleet) {}
  void on_open(io::Connection& connection) override { connection_ = &connection; }
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_closed(io::Connection&, const Error& why) override {
    fmt::print(stderr, "a connection was closed: {}\n", why.message());
    std::exit(1);
  }
  bool quiescent() const override { return false; }

  template <class Register>
  void send(const Register& what) {
    write_request(frame_, next_id_++, 3000, what);
    connection_->out().append(frame_.bytes());
    connection_->flush();
    ++under_way;
  }

  int under_way = 0;

 private:
  void answer(const bolt::Head& push);

  Fleet& fleet_;
  io::Connection* connection_ = nullptr;
  rpc::FrameBuffer frame_;
  std::uint32_t next_id_ = 1;
};

/// All clients, on one shard that this thread turns.
class Fleet {
 public:
  Fleet(const std::string& server, int connections) : shard_(io::posix::env(), 0) {
    const io::Address address = *io::Address::parse(server);
    for (int opened = 0; opened < connections;) {
      const int batch = std::min(connections - opened, 256);
      int open = 0;
      std::vector<std::unique_ptr<io::Connector>> connectors;
      shard_.post([&] {
        for (int i = 0; i < batch; ++i) connectors.push_back(connect(address, open));
      });
      while (open < batch) turn();
      opened += batch;
    }
  }
  void turn(io::Duration wait = 10ms) { shard_.turn(io::posix::env().clock.now() + wait); }
  void turn_until(const std::function<bool()>& is_done) {
    const auto limit = Clock::now() + 300s;
    while (!is_done()) {
      turn();
      if (Clock::now() > limit) {
        fmt::print(stderr, "the registry did not do that within 300 s\n");
        std::exit(1);
      }
    }
  }

  std::vector<Peer*> peers;
  std::function<void(Peer&)> answered = [](Peer&) {};
  /// Told the dataId of each push.
  std::function<void(std::string_view)> pushed = [](std::string_view) {};
  long refused = 0;

 private:
  std::unique_ptr<io::Connector> connect(const io::Address& address, int& open) {
    auto peer = std::make_unique<Peer>(*this);
    peers.push_back(peer.get());
    auto connector = std::make_unique<io::Connector>(shard_);
    connector->start(address, io::posix::env().clock.now() + 10s, std::move(peer),
                     [&open](Result<io::Connection*> made) {
                       if (!made) {
                         fmt::print(stderr, "{}\n", made.error().message());
                         std::exit(1);
                       }
                       ++open;
                     });
    return connector;
  }

  io::Shard shard_;
};

std::size_t Peer::on_data(io::Connection& connection, BytesView data) {
  constexpr bolt::Limits kLimits{.content_bytes = 64 << 20};
  std::size_t used = 0;
  bolt::FrameView frame;
  while (used < data.size()) {
    const bolt::Decoded decoded = bolt::decode(data.subspan(used), kLimits, frame);
    if (decoded.outcome == bolt::Outcome::kNeedMore) {
      connection.expect(decoded.size);
      break;
    }
    if (decoded.outcome == bolt::Outcome::kError) std::exit(1);
    used += decoded.size;
    if (frame.head.command == bolt::Command::kResponse) {
      --under_way;
      if (frame.content.size() > 100 && as_text(frame.content).find("success!") == std::string_view::npos)
        ++fleet_.refused;
      fleet_.answered(*this);
    } else if (frame.head.command == bolt::Command::kRequest) {
      answer(frame.head);
      const std::string_view text = as_text(frame.content);
      const std::size_t at = text.find("data-");
      fleet_.pushed(at == text.npos ? std::string_view() : text.substr(at, 10));
    }
  }
  return used;
}

void Peer::answer(const bolt::Head& push) {
  static const Bytes kAnswer = [] {
    rpc::FrameBuffer buffer;
    write_answer(buffer, {}, PushResult{.success = true});
    return Bytes(buffer.bytes().begin(), buffer.bytes().end());
  }();
  Bytes answer = kAnswer;
  bolt::patch_id(answer.data(), bolt::Protocol::kV1, push.id);
  connection_->out().append(answer);
  connection_->flush();
}

std::string data_name(long number) {
  return fmt::format("data-{:05}", number);
}

PublisherRegister publisher(const std::string& id, const std::string& data, std::int64_t version = 1) {
  // 120 bytes, as an address of SOFARPC with its attributes is.
  return {.data_list = std::vector<DataBox>{{fmt::format(
              "{:<120.120}", fmt::format("10.0.{}.1:12200?v=4.0&_WEIGHT=100&_SERIALIZETYPE=hessian2&app_name=bank&_"
                                         "TIMEOUT=3000&startTime=1795805118125&id={}",
                                         version % 250, id))}},
          .zone = "DEFAULT_ZONE",
          .app_name = "load",
          .data_id = data,
          .group = "SOFA",
          .regist_id = id,
          .version = version,
          .timestamp = 1'795'805'118'125};
}

SubscriberRegister subscriber(const std::string& id, const std::string& data) {
  return {
      .scope = "global", .zone = "DEFAULT_ZONE", .app_name = "load", .data_id = data, .group = "SOFA", .regist_id = id};
}

/// As Java's: a random UUID.
std::string uuid(std::uint64_t number) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", static_cast<std::uint32_t>(number * 2'654'435'761U), number);
}

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(static_cast<double>(values.size()) * share))];
}

int register_many(const std::string& server, int connections, int depth, long count) {
  Fleet& fleet = *new Fleet(server, connections);  // its connections need not be closed one by one
  long sent = 0, answered = 0;
  const auto send = [&](Peer& peer) {
    if (sent >= count) return;
    const long number = sent++;
    peer.send(publisher(uuid(static_cast<std::uint64_t>(number)), data_name(number % 1000)));
  };
  fleet.answered = [&](Peer& peer) {
    ++answered;
    send(peer);
  };
  const auto begin = Clock::now();
  for (Peer* peer : fleet.peers) {
    for (int i = 0; i < depth; ++i) send(*peer);
  }
  fleet.turn_until([&] { return answered >= count; });
  fmt::print("{{\"per_s\":{:.0f},\"refused\":{}}}\n", static_cast<double>(count) / (ms_since(begin) / 1e3),
             fleet.refused);
  return 0;
}

int push(const std::string& server, int connections, int data, int changes, long gap_us) {
  Fleet& fleet = *new Fleet(server, connections + 1);  // its connections need not be closed one by one
  Peer& writer = *fleet.peers.back();
  long answered = 0;
  fleet.answered = [&](Peer&) { ++answered; };
  for (int i = 0; i < data; ++i) writer.send(publisher(uuid(static_cast<std::uint64_t>(i)), data_name(i)));
  std::uint64_t id = 1'000'000;
  for (int i = 0; i < data; ++i) {
    for (int at = 0; at < connections; ++at)
      fleet.peers[static_cast<std::size_t>(at)]->send(subscriber(uuid(id++), data_name(i)));
    fleet.turn(0ms);
  }
  fleet.turn_until([&] { return answered >= data + static_cast<long>(data) * connections; });
  const auto quiet = Clock::now() + 1500ms;
  while (Clock::now() < quiet) fleet.turn();

  std::vector<Clock::time_point> changed(static_cast<std::size_t>(data));
  std::vector<double> took;
  took.reserve(static_cast<std::size_t>(changes) * static_cast<std::size_t>(connections));
  fleet.pushed = [&](std::string_view name) {
    took.push_back(ms_since(changed[static_cast<std::size_t>(std::atol(std::string(name.substr(5)).c_str()))]));
  };
  const auto begin = Clock::now();
  for (int i = 0; i < changes; ++i) {
    const auto due = begin + std::chrono::microseconds(gap_us * i);
    while (Clock::now() < due)
      fleet.turn(std::chrono::duration_cast<io::Duration>(std::max(due - Clock::now(), Clock::duration(0))));
    changed[static_cast<std::size_t>(i % data)] = Clock::now();
    writer.send(publisher(uuid(static_cast<std::uint64_t>(i % data)), data_name(i % data), 2 + i / data));
    fleet.turn(0ms);
  }
  const std::size_t all = static_cast<std::size_t>(changes) * static_cast<std::size_t>(connections);
  const auto limit = Clock::now() + 20s;
  while (took.size() < all && Clock::now() < limit) fleet.turn();
  fmt::print("{{\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"most_ms\":{:.3f},\"told\":{},\"of\":{}}}\n",
             percentile(took, 0.5), percentile(took, 0.99), took.empty() ? 0 : took.back(), took.size(), all);
  return 0;
}

int fanout(const std::string& server, int connections, int ids, int addresses, int changes) {
  Fleet& fleet = *new Fleet(server, connections + 1);  // its connections need not be closed one by one
  Peer& writer = *fleet.peers.back();
  long answered = 0, pushes = 0;
  fleet.answered = [&](Peer&) { ++answered; };
  fleet.pushed = [&](std::string_view) { ++pushes; };
  for (int i = 0; i < addresses; ++i) writer.send(publisher(uuid(static_cast<std::uint64_t>(i)), data_name(0)));
  fleet.turn_until([&] { return answered >= addresses; });
  std::uint64_t id = 1'000'000;
  for (int at = 0; at < connections; ++at) {
    for (int i = 0; i < ids; ++i) fleet.peers[static_cast<std::size_t>(at)]->send(subscriber(uuid(id++), data_name(0)));
    if (at % 100 == 0) fleet.turn(0ms);
  }
  fleet.turn_until([&] { return answered >= addresses + static_cast<long>(connections) * ids; });
  std::vector<double> took;
  for (int i = 0; i < changes; ++i) {
    const auto quiet = Clock::now() + 2s;
    while (Clock::now() < quiet) fleet.turn();
    pushes = 0;
    const auto begin = Clock::now();
    writer.send(publisher(uuid(0), data_name(0), 2 + i));
    fleet.turn_until([&] { return pushes >= connections; });  // one for all the ids of a connection
    took.push_back(ms_since(begin));
  }
  fmt::print("{{\"last_ms\":{:.3f}}}\n", percentile(took, 0.5));
  return 0;
}

int hold(const std::string& server, int connections, long publishers, long subscribers) {
  Fleet& fleet = *new Fleet(server, connections);  // its connections need not be closed one by one
  long sent = 0, answered = 0;
  const long all = publishers + subscribers, data = std::max<long>(publishers / 20, 1);
  const auto send = [&](Peer& peer) {
    if (sent >= all) return;
    const long number = sent++;
    if (number < publishers) {
      peer.send(publisher(uuid(static_cast<std::uint64_t>(number)), data_name(number % data)));
    } else {
      peer.send(subscriber(uuid(static_cast<std::uint64_t>(number)), data_name(number % data)));
    }
  };
  fleet.answered = [&](Peer& peer) {
    ++answered;
    send(peer);
  };
  const auto begin = Clock::now();
  for (Peer* peer : fleet.peers) {
    for (int i = 0; i < 16; ++i) send(*peer);
  }
  fleet.turn_until([&] { return answered >= all; });
  const auto quiet = Clock::now() + 16s;  // what was made for pushes goes when nobody asked for it for a while
  while (Clock::now() < quiet) fleet.turn();
  fmt::print("{{\"registered\":{},\"refused\":{},\"s\":{:.2f}}}\n", answered, fleet.refused,
             ms_since(begin) / 1e3 - 16);
  std::fflush(stdout);
  for (pollfd input{0, POLLIN, 0}; poll(&input, 1, 0) == 0;) fleet.turn();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  const auto number = [&](int at) { return at < argc ? std::atol(argv[at]) : 0; };
  const auto small = [&](int at) { return static_cast<int>(number(at)); };
  int code = 2;
  if (mode == "register" && argc == 6) code = register_many(argv[2], small(3), small(4), number(5));
  if (mode == "push" && argc == 7) code = push(argv[2], small(3), small(4), small(5), number(6));
  if (mode == "fanout" && argc == 7) code = fanout(argv[2], small(3), small(4), small(5), small(6));
  if (mode == "hold" && argc == 6) code = hold(argv[2], small(3), number(4), number(5));
  if (code == 2) fmt::print(stderr, "registry_load register|push|fanout|hold HOST:PORT …: see the source\n");
  std::fflush(stdout);
  std::_Exit(code);
}
