// lean_client: a load generator that costs as little as possible, so that the server is what is measured. It replays
// one pre-encoded Bolt request with the id patched, and checks the id and the status of every answer.
//
//   lean_client --addr 127.0.0.1:12200 --frame bench/frames/echo-100-request.bin --connections 8 --outstanding 8
//   lean_client … --rate 20000        open loop: Poisson arrivals, latency from the time a request was due
//   lean_client … --pid 4711          adds the CPU time and the memory of the server's process
//   lean_client … --traces            each request has a trace id of its own
//   lean_client … --echo              the server sends the request's bytes back (`floor --echo`)
//
// One thread, one write per connection and turn. Prints one JSON line; exit 1 when an answer was wrong, 3 when the
// connection failed or nothing was answered for 5 s.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/histogram.h"

namespace {

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kSilence = 5 * kSecond;
constexpr std::size_t kTraceDigits = 8;       // of a trace id's end, that differ from request to request
constexpr std::size_t kOpenLoopSlots = 4096;  // a connection's requests in flight before further ones wait

using Buffer = std::vector<char>;

struct Options {
  sockaddr_in address{};
  Buffer frame;
  std::size_t connections = 8;
  std::size_t outstanding = 8;
  double warmup = 1;
  double seconds = 3;
  double rate = 0;
  pid_t pid = 0;
  bool echo = false;
  bool spin = false;
  bool traces = false;
};

[[noreturn]] void die(const std::string& what, int code = 3) {
  std::fprintf(stderr, "lean_client: %s\n", what.c_str());
  std::exit(code);
}

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}
std::int64_t now_ns() {
  return read_clock(CLOCK_MONOTONIC);
}

std::int64_t process_cpu_ns(pid_t pid) {
  clockid_t clock;
  return clock_getcpuclockid(pid, &clock) == 0 ? read_clock(clock) : 0;
}

double resident_mb(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// Where the fields of an answer are, and what its type is. In an echo the answer is the request.
struct Layout {
  std::size_t type_at;
  char type;
  std::size_t id_at;
  std::size_t status_at;
  std::size_t head_bytes;
};

Layout layout_of(const Options& options) {
  const Buffer& frame = options.frame;
  if (frame.size() < 24 || frame[0] < 1 || frame[0] > 2) die("--frame is no Bolt request", 2);
  const std::size_t v2 = frame[0] == 2 ? 1 : 0;
  if (v2 == 1 && frame[1] == 2 && (frame[11] & 1) != 0) {
    die("--frame carries a CRC, which a patched id would break: take one without", 2);
  }
  Layout layout{1 + v2, 0, 5 + v2, 10 + 2 * v2, 20 + 2 * v2};
  if (options.echo) {
    layout.type = frame[layout.type_at];
    layout.head_bytes += 2;
  }
  return layout;
}

// Where the last digits of the trace id are, which a request says twice.
std::vector<std::size_t> traces_in(const Buffer& frame) {
  const std::string_view text(frame.data(), frame.size());
  constexpr std::string_view kKey = "rpc_trace_context.sofaTraceId";
  const std::size_t key = text.find(kKey);
  const std::size_t size_at = key + kKey.size();
  if (key == std::string_view::npos || size_at + 4 > text.size()) die("--traces: the frame has no trace id", 2);
  std::uint32_t size = 0;
  std::memcpy(&size, text.data() + size_at, sizeof size);
  const std::string_view id = text.substr(size_at + 4, ntohl(size));
  if (id.size() <= kTraceDigits) die("--traces: the frame's trace id is too short", 2);
  std::vector<std::size_t> places;
  for (std::size_t at = text.find(id); at != std::string_view::npos; at = text.find(id, at + 1)) {
    places.push_back(at + id.size() - kTraceDigits);
  }
  return places;
}

template <class T>
T load_be(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof value == 2) return ntohs(value);
  if constexpr (sizeof value == 4) return ntohl(value);
}

struct Connection {
  int fd = -1;
  Buffer tail;
  Buffer out;
  bool writable_watched = false;
  std::vector<std::int64_t> due;  // by slot: when the request in it was due; the slot is the low bits of the id
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> free;
};

class Client {
 public:
  explicit Client(Options options) : options_(std::move(options)), layout_(layout_of(options_)), scratch_(kReadBytes) {
    const std::size_t wanted = options_.rate > 0 ? kOpenLoopSlots : options_.outstanding;
    slots_ = std::bit_ceil(wanted);
    if (options_.traces) traces_ = traces_in(options_.frame);
    gap_ns_ = options_.rate > 0 ? static_cast<double>(kSecond) / options_.rate : 0;
    connect_all();
  }

  int run() {
    const std::int64_t start = now_ns();
    last_answer_ = now_ = start;
    next_due_ = start;
    if (options_.rate == 0) {
      for (auto& connection : connections_) {
        for (std::size_t i = 0; i < options_.outstanding; ++i) send(connection, start);
        flush(connection);
      }
    }
    const auto measure_from = start + static_cast<std::int64_t>(options_.warmup * kSecond);
    const auto until = measure_from + static_cast<std::int64_t>(options_.seconds * kSecond);
    turn_until(measure_from);
    measuring_ = true;
    const std::int64_t from = now_ns(), own = process_cpu_ns(getpid()), server = process_cpu_ns(options_.pid);
    turn_until(until);
    const double seconds = static_cast<double>(now_ns() - from) / kSecond;
    report(seconds, process_cpu_ns(getpid()) - own, process_cpu_ns(options_.pid) - server);
    return errors_ == 0 && latency_.total() > 0 ? 0 : 1;
  }

 private:
  void connect_all() {
    epoll_ = epoll_create1(0);
    connections_.resize(options_.connections);
    for (auto& connection : connections_) {
      connection.fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(connection.fd, reinterpret_cast<sockaddr*>(&options_.address), sizeof options_.address) != 0) {
        die(std::string("cannot connect: ") + std::strerror(errno) + ": is the server up at --addr?");
      }
      const int on = 1;
      setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connection.due.resize(slots_);
      connection.ids.resize(slots_);
      for (std::size_t slot = slots_; slot > 0; --slot) connection.free.push_back(static_cast<std::uint32_t>(slot - 1));
      for (std::size_t slot = 0; slot < slots_; ++slot) connection.ids[slot] = static_cast<std::uint32_t>(slot);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &connection;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    }
  }

  void turn_until(std::int64_t until) {
    while ((now_ = now_ns()) < until) {
      if (options_.rate > 0) send_due();
      wait_and_read(until);
      if (now_ - last_answer_ > kSilence && in_flight_ > 0) die("nothing was answered for 5 s");
    }
  }

  void send_due() {
    for (; next_due_ <= now_; next_due_ += exponential_gap()) {
      auto& connection = connections_[next_connection_++ % connections_.size()];
      if (connection.free.empty()) {
        // The server is far behind: the request waits, and its latency goes on counting from when it was due.
        waiting_.push_back(next_due_);
      } else {
        send(connection, next_due_);
      }
    }
    for (auto& connection : connections_) flush(connection);
  }

  std::int64_t exponential_gap() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const double uniform = (static_cast<double>(random_ >> 11) + 1) * 0x1p-53;
    return static_cast<std::int64_t>(-std::log(uniform) * gap_ns_);
  }

  void wait_and_read(std::int64_t until) {
    std::int64_t timeout = until - now_;
    if (options_.rate > 0) timeout = std::min(timeout, std::max<std::int64_t>(0, next_due_ - now_));
    timeout = options_.spin ? 0 : std::min(timeout, kSecond);
    const timespec wait{timeout / kSecond, timeout % kSecond};
    epoll_event events[256];
    const int ready = epoll_pwait2(epoll_, events, 256, &wait, nullptr);
    if (ready <= 0) return;
    now_ = now_ns();
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      if ((events[i].events & ~EPOLLOUT) != 0) receive(connection);
      flush(connection);
    }
  }

  void receive(Connection& connection) {
    const std::size_t kept = connection.tail.size();
    std::memcpy(scratch_.data(), connection.tail.data(), kept);
    const ssize_t got = recv(connection.fd, scratch_.data() + kept, scratch_.size() - kept, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die("the server closed a connection");
    const std::size_t size = kept + static_cast<std::size_t>(got);
    std::size_t used = 0;
    while (size - used >= layout_.head_bytes) {
      const char* answer = scratch_.data() + used;
      const char* lengths = answer + layout_.head_bytes - 8;
      const std::size_t bytes = layout_.head_bytes + load_be<std::uint16_t>(lengths) +
                                load_be<std::uint16_t>(lengths + 2) + load_be<std::uint32_t>(lengths + 4);
      if (answer[0] != options_.frame[0] || answer[layout_.type_at] != layout_.type || bytes > kReadBytes) {
        die("the answer is no Bolt frame of the request's form");
      }
      if (size - used < bytes) break;
      take(connection, {answer, bytes});
      used += bytes;
    }
    connection.tail.assign(scratch_.data() + used, scratch_.data() + size);
  }

  // One answer: checked, counted, and in the closed loop followed by the next request.
  void take(Connection& connection, std::string_view answer) {
    last_answer_ = now_;
    const auto id = load_be<std::uint32_t>(answer.data() + layout_.id_at);
    const std::uint32_t slot = id & static_cast<std::uint32_t>(slots_ - 1);
    if (connection.due[slot] == 0 || connection.ids[slot] != id) {
      ++errors_;  // nobody asked for it, or it was answered before
      return;
    }
    if (!options_.echo && failed(answer)) ++errors_;
    answer_bytes_ = answer.size();
    if (measuring_) latency_.add(now_ - connection.due[slot]);
    connection.due[slot] = 0;
    connection.ids[slot] += static_cast<std::uint32_t>(slots_);
    connection.free.push_back(slot);
    --in_flight_;
    if (options_.rate == 0) {
      send(connection, now_);
    } else if (!waiting_.empty()) {
      send(connection, waiting_.front());
      waiting_.pop_front();
    }
  }

  // A status, or what SOFARPC says in the header under status 0.
  bool failed(std::string_view answer) const {
    if (load_be<std::uint16_t>(answer.data() + layout_.status_at) != 0) return true;
    const char* lengths = answer.data() + layout_.head_bytes - 8;
    const std::size_t header = load_be<std::uint16_t>(lengths + 2);
    if (header == 0) return false;
    const std::size_t at = layout_.head_bytes + load_be<std::uint16_t>(lengths);
    return answer.substr(at, header).find("sofa_head_response_error") != std::string_view::npos;
  }

  void send(Connection& connection, std::int64_t due) {
    const std::uint32_t slot = connection.free.back();
    connection.free.pop_back();
    connection.due[slot] = due;
    const std::size_t at = connection.out.size();
    connection.out.insert(connection.out.end(), options_.frame.begin(), options_.frame.end());
    const std::uint32_t id = htonl(connection.ids[slot]);
    std::memcpy(connection.out.data() + at + layout_.id_at, &id, sizeof id);
    if (!traces_.empty()) write_trace(connection.out.data() + at);
    ++in_flight_;
  }

  void write_trace(char* frame) {
    char digits[kTraceDigits];
    for (std::uint32_t left = ++trace_, i = kTraceDigits; i-- > 0; left /= 10) {
      digits[i] = static_cast<char>('0' + left % 10);
    }
    for (const std::size_t place : traces_) std::memcpy(frame + place, digits, sizeof digits);
  }

  void flush(Connection& connection) {
    Buffer& out = connection.out;
    if (!out.empty()) {
      const ssize_t sent = ::send(connection.fd, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) die(std::string("cannot send: ") + std::strerror(errno));
      if (sent > 0) out.erase(out.begin(), out.begin() + sent);
    }
    if (out.empty() == !connection.writable_watched) return;
    connection.writable_watched = !out.empty();
    epoll_event event{};
    event.events = EPOLLIN | (connection.writable_watched ? std::uint32_t{EPOLLOUT} : 0);
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  }

  void report(double seconds, std::int64_t own_ns, std::int64_t server_ns) const {
    const auto requests = static_cast<double>(latency_.total());
    auto per_million = [&](std::int64_t ns) { return requests == 0 ? 0 : static_cast<double>(ns) / 1e3 / requests; };
    std::printf(
        "{\"connections\":%zu,\"outstanding\":%zu,\"rate\":%.0f,\"seconds\":%.3f,\"requests\":%.0f,\"rps\":%.0f,"
        "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,\"errors\":%llu,"
        "\"request_bytes\":%zu,\"answer_bytes\":%zu,\"client_cpu_s_per_million\":%.3f",
        options_.connections, options_.rate > 0 ? 0 : options_.outstanding, options_.rate, seconds, requests,
        requests / seconds, latency_.microseconds(0.5), latency_.microseconds(0.9), latency_.microseconds(0.99),
        latency_.microseconds(0.999), latency_.microseconds(1), static_cast<unsigned long long>(errors_),
        options_.frame.size(), answer_bytes_, per_million(own_ns));
    if (options_.pid != 0) {
      std::printf(",\"server_cpu_s_per_million\":%.3f,\"server_cpu_share\":%.3f,\"server_rss_mb\":%.1f",
                  per_million(server_ns), static_cast<double>(server_ns) / kSecond / seconds,
                  resident_mb(options_.pid));
    }
    std::printf("}\n");
  }

  Options options_;
  Layout layout_;
  std::vector<std::size_t> traces_;
  std::uint32_t trace_ = 0;
  std::size_t slots_ = 0;
  int epoll_ = -1;
  Buffer scratch_;
  std::vector<Connection> connections_;
  std::deque<std::int64_t> waiting_;
  std::size_t next_connection_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t answer_bytes_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  double gap_ns_ = 0;
  std::int64_t next_due_ = 0;
  std::int64_t now_ = 0;
  std::int64_t last_answer_ = 0;
  bool measuring_ = false;
  Histogram latency_;
};

constexpr const char* kUsage =
    "usage: lean_client --addr IP:PORT --frame FILE [--connections 8] [--outstanding 8 | --rate R]\n"
    "                   [--warmup 1] [--seconds 3] [--pid SERVER] [--echo] [--spin]\n";

sockaddr_in address_of(const std::string& text) {
  sockaddr_in address{};
  const std::size_t colon = text.rfind(':');
  address.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    die("--addr is not IP:PORT: " + text, 2);
  }
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
  return address;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--echo" || name == "--spin" || name == "--traces") {
      (name == "--echo" ? options.echo : name == "--spin" ? options.spin : options.traces) = true;
      continue;
    }
    if (i + 1 == argc) die(kUsage, 2);
    const std::string value = argv[++i];
    const double number = std::atof(value.c_str());
    if (name == "--addr")
      options.address = address_of(value);
    else if (name == "--connections")
      options.connections = static_cast<std::size_t>(number);
    else if (name == "--outstanding")
      options.outstanding = static_cast<std::size_t>(number);
    else if (name == "--warmup")
      options.warmup = number;
    else if (name == "--seconds")
      options.seconds = number;
    else if (name == "--rate")
      options.rate = number;
    else if (name == "--pid")
      options.pid = static_cast<pid_t>(number);
    else if (name == "--frame") {
      std::ifstream file(value, std::ios::binary);
      options.frame.assign(std::istreambuf_iterator<char>(file), {});
    } else
      die(kUsage, 2);
  }
  if (options.address.sin_port == 0 || options.connections == 0 || options.outstanding == 0) die(kUsage, 2);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  return Client(parse(argc, argv)).run();
}
