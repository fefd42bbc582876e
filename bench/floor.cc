// floor: the least that a server can do on one core. An epoll loop that reads what is there, looks at the heads of the
// Bolt v1 requests only, and writes one prepared answer for each with the id patched, in one write per read.
//
//   floor --port 0 --answer bench/frames/echo-100-answer.bin     a whole pre-encoded answer
//   floor --port 0 --answer-bytes 266                            an answer of this size, content of zeros
//   floor --port 0 --echo                                        no heads at all: the bytes go back as they came
//
// Prints `READY port=N`. What our server costs beyond this is what our code costs. Ends with SIGTERM.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kRequestHead = 22;
constexpr std::size_t kAnswerHead = 20;
constexpr std::size_t kIdOffset = 5;
constexpr std::size_t kReadBytes = 256 << 10;

using Buffer = std::vector<char>;

struct Options {
  std::uint16_t port = 0;
  bool echo = false;
  Buffer answer;
};

struct Connection {
  int fd;
  Buffer tail;    // the start of a frame whose rest is still to come
  Buffer unsent;  // what the socket did not take
};

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "floor: %s: %s\n", what, std::strerror(errno));
  std::exit(3);
}

std::uint32_t load_be32(const char* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return ntohl(value);
}

std::uint16_t load_be16(const char* at) {
  std::uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return ntohs(value);
}

class Server {
 public:
  explicit Server(Options options) : options_(std::move(options)), scratch_(kReadBytes) {}

  void run() {
    listen();
    for (;;) {
      epoll_event events[256];
      const int ready = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < ready; ++i) {
        auto* connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!serve(*connection, events[i].events)) {
          close(connection->fd);
          connections_.erase(connection->fd);
        }
      }
    }
  }

 private:
  void listen() {
    epoll_ = epoll_create1(0);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
    if (::listen(listener_, 1024) != 0) die("listen");
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    std::printf("READY port=%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  void watch(int operation, int fd, std::uint32_t events, Connection* connection) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) die("epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto& connection = connections_[fd] = std::make_unique<Connection>(Connection{fd, {}, {}});
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, connection.get());
    }
  }

  // False when the connection is over.
  bool serve(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
      out_.clear();
      if (!flush(connection)) return false;
      if (!connection.unsent.empty()) return true;
      watch(EPOLL_CTL_MOD, connection.fd, EPOLLIN, &connection);
    }
    if ((events & ~EPOLLOUT) == 0) return true;
    const std::size_t kept = connection.tail.size();
    std::memcpy(scratch_.data(), connection.tail.data(), kept);
    const ssize_t got = read(connection.fd, scratch_.data() + kept, scratch_.size() - kept);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    const std::size_t size = kept + static_cast<std::size_t>(got);
    out_.clear();
    std::size_t used = size;
    if (options_.echo) {
      out_.assign(scratch_.data(), scratch_.data() + size);
    } else if (!answer_all(scratch_.data(), size, used)) {
      return false;
    }
    connection.tail.assign(scratch_.data() + used, scratch_.data() + size);
    if (!flush(connection)) return false;
    if (!connection.unsent.empty()) watch(EPOLL_CTL_MOD, connection.fd, EPOLLOUT, &connection);
    return true;
  }

  // Answers every whole request; `used` is what they take. False when this is no Bolt v1 request.
  bool answer_all(const char* data, std::size_t size, std::size_t& used) {
    used = 0;
    while (size - used >= kRequestHead) {
      const char* frame = data + used;
      if (frame[0] != 1 || frame[1] == 0) return false;
      const std::size_t frame_size =
          kRequestHead + load_be16(frame + 14) + load_be16(frame + 16) + load_be32(frame + 18);
      if (frame_size > kReadBytes) return false;
      if (size - used < frame_size) break;
      if (frame[1] == 1) answer(frame);
      used += frame_size;
    }
    return true;
  }

  void answer(const char* request) {
    const std::size_t at = out_.size();
    const bool heartbeat = request[2] == 0 && request[3] == 0;
    out_.insert(out_.end(), options_.answer.begin(),
                heartbeat ? options_.answer.begin() + kAnswerHead : options_.answer.end());
    std::memcpy(out_.data() + at + kIdOffset, request + kIdOffset, 4);
    if (!heartbeat) return;
    out_[at + 3] = 0;
    std::memset(out_.data() + at + 12, 0, 8);
  }

  bool flush(Connection& connection) {
    Buffer& unsent = connection.unsent;
    if (!unsent.empty()) {
      unsent.insert(unsent.end(), out_.begin(), out_.end());
      out_.swap(unsent);
      unsent.clear();
    }
    if (out_.empty()) return true;
    const ssize_t sent = write(connection.fd, out_.data(), out_.size());
    if (sent < 0 && errno != EAGAIN) return false;
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (done < out_.size()) unsent.assign(out_.begin() + static_cast<std::ptrdiff_t>(done), out_.end());
    return true;
  }

  Options options_;
  int epoll_ = -1;
  int listener_ = -1;
  Buffer scratch_;
  Buffer out_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

// A successful v1 answer of `size` bytes: head, then content of zeros.
Buffer plain_answer(std::size_t size) {
  Buffer answer(size < kAnswerHead ? kAnswerHead : size);
  const char head[] = {1, 0, 0, 2, 1, 0, 0, 0, 0, 1};
  std::memcpy(answer.data(), head, sizeof head);
  const std::uint32_t content = htonl(static_cast<std::uint32_t>(answer.size() - kAnswerHead));
  std::memcpy(answer.data() + 16, &content, sizeof content);
  return answer;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--echo") {
      options.echo = true;
      continue;
    }
    if (name == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(value));
    } else if (name == "--answer-bytes") {
      options.answer = plain_answer(static_cast<std::size_t>(std::atol(value)));
    } else if (name == "--answer") {
      std::ifstream file(value, std::ios::binary);
      options.answer.assign(std::istreambuf_iterator<char>(file), {});
    } else {
      std::fprintf(stderr, "usage: floor [--port N] (--answer FILE | --answer-bytes N | --echo)\n");
      std::exit(2);
    }
    ++i;
  }
  if (!options.echo && options.answer.size() < kAnswerHead) {
    std::fprintf(stderr, "floor: no answer: give --answer FILE (a Bolt v1 response), --answer-bytes N or --echo\n");
    std::exit(2);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  Server(parse(argc, argv)).run();
}
