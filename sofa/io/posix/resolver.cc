#include <algorithm>
#include <cerrno>
#include <list>
#include <mutex>

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"
#include "sofa/io/shard.h"

namespace sofa::io::posix {
namespace {

using Addresses = std::vector<Address>;

struct Query {
  std::string host;
  std::uint16_t port;
  TimePoint deadline;
  std::shared_ptr<ShardLink> home;
  Resolver::Done done;

  void answer(Result<Addresses> result) {
    if (!done) return;  // the deadline was first
    home->post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
    done = nullptr;
  }
};

/// Numbers are answered at once. Names are asked of c-ares (hosts file, then DNS) on a thread that the first one
/// starts.
class AresResolver final : public Resolver {
 public:
  AresResolver(Clock& clock, Blocking& blocking) : clock_(clock), blocking_(blocking) {}

  void resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Done done) override {
    Shard* shard = Shard::current();
    assert(shard && "names are resolved for a shard");
    auto query = std::make_shared<Query>(Query{host, port, deadline, shard->link(), std::move(done)});
    const Address address{host, port, false};
    if (const Result<SocketAddress> number = to_socket_address(address)) {
      return query->answer(Addresses{from_socket_address(*number)});
    }
    const std::lock_guard lock(mutex_);
    constexpr std::size_t kMostWaiting = 1024;
    if (waiting_.size() >= kMostWaiting) {
      return query->answer(fail(IoError::kLimit, "{} names wait to be resolved already", kMostWaiting));
    }
    if (wake_ < 0) {
      wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
      if (wake_ < 0) return query->answer(system_failure("starting the resolver", errno));
      blocking_.start("resolver", [this] { return step(); });
    }
    waiting_.push_back(std::move(query));
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof(one));
  }

 private:
  struct Lookup {
    std::shared_ptr<Query> query;
    AresResolver& owner;
    std::list<Lookup>::iterator self;
  };

  /// On the resolver's own thread, which alone touches the channel and the lookups.
  bool step() {
    if (!open()) return true;
    take_waiting();
    pollfd polled[ARES_GETSOCK_MAXNUM + 1];
    const nfds_t count = watch(polled);
    poll(polled, count, timeout());
    std::uint64_t wakes;
    [[maybe_unused]] const ssize_t got = ::read(polled[0].fd, &wakes, sizeof(wakes));
    for (nfds_t i = 1; i < count; ++i) {
      const bool readable = (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool writable = (polled[i].revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
      ares_process_fd(channel_, readable ? polled[i].fd : ARES_SOCKET_BAD, writable ? polled[i].fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its own timeouts
    expire();
    return true;
  }

  /// Opens c-ares once; while it cannot be, whoever asks is told.
  bool open() {
    if (channel_) return true;
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    ares_options options{};
    options.timeout = 1000;  // ms for the first try of a server; the query's deadline ends them all
    options.tries = 3;
    if (status == ARES_SUCCESS) status = ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status == ARES_SUCCESS) return true;
    channel_ = nullptr;
    for (const auto& query : swap_waiting()) {
      query->answer(fail(IoError::kSystem, "the resolver does not start: {}", ares_strerror(status)));
    }
    pollfd wake{wake_, POLLIN, 0};
    poll(&wake, 1, -1);
    return false;
  }

  std::vector<std::shared_ptr<Query>> swap_waiting() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

  void take_waiting() {
    for (auto& query : swap_waiting()) {
      const std::string host = query->host;
      lookups_.push_front({std::move(query), *this, {}});
      lookups_.front().self = lookups_.begin();
      ares_addrinfo_hints hints{};
      hints.ai_family = AF_UNSPEC;
      hints.ai_socktype = SOCK_STREAM;
      ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, on_answer, &lookups_.front());
    }
  }

  static void on_answer(void* argument, int status, int, ares_addrinfo* found) {
    auto& lookup = *static_cast<Lookup*>(argument);
    Query& query = *lookup.query;
    if (status == ARES_SUCCESS) {
      query.answer(to_addresses(*found, query.port));
    } else {
      query.answer(fail(status == ARES_ETIMEOUT ? IoError::kTimeout : IoError::kAddress, "no address of '{}': {}",
                        query.host, ares_strerror(status)));
    }
    if (found) ares_freeaddrinfo(found);
    lookup.owner.lookups_.erase(lookup.self);
  }

  static Addresses to_addresses(const ares_addrinfo& found, std::uint16_t port) {
    Addresses addresses;
    for (const ares_addrinfo_node* node = found.nodes; node; node = node->ai_next) {
      SocketAddress address;
      if (node->ai_addrlen > sizeof(address.storage)) continue;
      std::memcpy(&address.storage, node->ai_addr, node->ai_addrlen);
      addresses.push_back(from_socket_address(address));
      addresses.back().port = port;
    }
    return addresses;
  }

  nfds_t watch(pollfd* polled) {
    polled[0] = {wake_, POLLIN, 0};
    nfds_t count = 1;
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    const int mask = ares_getsock(channel_, sockets, ARES_GETSOCK_MAXNUM);
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      const bool read = ARES_GETSOCK_READABLE(mask, i);
      const bool write = ARES_GETSOCK_WRITABLE(mask, i);
      if (!read && !write) continue;
      polled[count++] = {sockets[i], static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0)), 0};
    }
    return count;
  }

  int timeout() {
    Duration left = Duration::max();
    const TimePoint now = clock_.now();
    for (const Lookup& lookup : lookups_) {
      if (lookup.query->done) left = std::min(left, std::max(Duration{0}, lookup.query->deadline - now));
    }
    timeval most{1, 0};
    timeval buffer;
    if (lookups_.empty()) return -1;
    const timeval* own = ares_timeout(channel_, &most, &buffer);
    left = std::min<Duration>(left, std::chrono::seconds(own->tv_sec) + std::chrono::microseconds(own->tv_usec));
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }

  void expire() {
    const TimePoint now = clock_.now();
    for (Lookup& lookup : lookups_) {
      if (lookup.query->deadline > now) continue;
      lookup.query->answer(fail(IoError::kTimeout, "no address of '{}' before the deadline", lookup.query->host));
    }
  }

  Clock& clock_;
  Blocking& blocking_;
  std::mutex mutex_;
  int wake_ = -1;
  std::vector<std::shared_ptr<Query>> waiting_;
  ares_channel channel_ = nullptr;
  std::list<Lookup> lookups_;
};

}  // namespace

std::unique_ptr<Resolver> make_resolver(Clock& clock, Blocking& blocking) {
  return std::make_unique<AresResolver>(clock, blocking);
}

}  // namespace sofa::io::posix
