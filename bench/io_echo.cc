// io_echo: what io costs by itself: the server of `floor` over Shard, Connection and Protocol.
//
//   io_echo --port 0                                             against floor --echo
//   io_echo --port 0 --answer bench/frames/echo-100-answer.bin   against floor --answer
//   io_echo --idle 15000                                         the memory of idle connections, as one JSON line
//
// Prints `READY port=N`. Ends with SIGTERM.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sofa/base/endian.h"
#include "sofa/io/acceptor.h"
#include "sofa/io/posix/env.h"

namespace {

using namespace sofa;

/// Finds the ends of Bolt v1 requests. Gives their bytes back, or for each the prepared answer with the id patched.
class FrameEcho final : public io::Protocol {
 public:
  explicit FrameEcho(BytesView answer) : answer_(answer) {}
  std::size_t on_data(io::Connection& connection, BytesView data) override {
    constexpr std::size_t kHead = 22;
    std::size_t used = 0;
    while (data.size() - used >= kHead) {
      const std::uint8_t* frame = data.data() + used;
      const std::size_t size = kHead + load_be<std::uint16_t>(frame + 14) + load_be<std::uint16_t>(frame + 16) +
                               load_be<std::uint32_t>(frame + 18);
      if (data.size() - used < size) {
        connection.expect(size);
        break;
      }
      if (!answer_.empty()) answer(connection.out(), frame);
      used += size;
    }
    if (used == 0) return 0;
    if (answer_.empty()) connection.out().append(data.first(used));
    connection.flush();
    return used;
  }
  void on_closed(io::Connection&, const Error&) override {}
  bool quiescent() const override { return true; }

 private:
  void answer(Chain& out, const std::uint8_t* request) {
    constexpr std::size_t kId = 5;
    const std::span<std::uint8_t> room = out.reserve(answer_.size());
    std::memcpy(room.data(), answer_.data(), answer_.size());
    std::memcpy(room.data() + kId, request + kId, 4);
    out.commit(answer_.size());
  }
  const BytesView answer_;
  io::Timer idle_;  // as every real protocol has one
};

std::size_t bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Another process: its memory is not the server's.
pid_t start_clients(const io::Address& address, int count) {
  const pid_t child = fork();
  if (child != 0) return child;
  io::Net& net = io::posix::env().net;
  for (int i = 0; i < count; ++i) {
    auto handle = net.connect(address);
    // 127.0.0.1 has 28 000 ports to connect from, which is enough.
    if (!handle) std::_Exit(1);
  }
  pause();
  std::_Exit(0);
}

int measure_idle(io::Shard& shard, const io::Address& address, int count) {
  io::Env& env = io::posix::env();
  const std::size_t before = bytes_in_use();
  const pid_t clients = start_clients(address, count);
  const io::TimePoint until = env.clock.now() + std::chrono::seconds(60);
  while (shard.connections() < static_cast<std::size_t>(count) && env.clock.now() < until) {
    shard.turn(env.clock.now() + std::chrono::milliseconds(100));
  }
  const std::size_t open = shard.connections();
  std::printf("{\"connections\":%zu,\"bytes_per_connection\":%.1f}\n", open,
              static_cast<double>(bytes_in_use() - before) / static_cast<double>(open == 0 ? 1 : open));
  kill(clients, SIGTERM);
  waitpid(clients, nullptr, 0);
  return open == static_cast<std::size_t>(count) ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  io::Address address{"127.0.0.1", 0, false};
  int idle = 0;
  Bytes answer;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--port") {
      address.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--idle") {
      idle = std::atoi(argv[i + 1]);
    } else if (name == "--answer") {
      std::ifstream file(argv[i + 1], std::ios::binary);
      answer.assign(std::istreambuf_iterator<char>(file), {});
    } else {
      std::fprintf(stderr, "usage: io_echo [--port N] [--answer FILE] [--idle CONNECTIONS]\n");
      return 2;
    }
  }
  io::Shard shard(io::posix::env(), 0);
  auto acceptor = io::Acceptor::listen(
      shard, address, [&answer](io::Shard&, const io::ConnectionState*) { return std::make_unique<FrameEcho>(answer); },
      {.listen = {.backlog = 4096}});
  if (!acceptor) {
    std::fprintf(stderr, "io_echo: %s\n", acceptor.error().what());
    return 3;
  }
  if (idle != 0) return measure_idle(shard, (*acceptor)->address(), idle);
  std::printf("READY port=%d\n", (*acceptor)->address().port);
  std::fflush(stdout);
  shard.run();
  return 0;
}
