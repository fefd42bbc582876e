#include <cerrno>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {

Result<SocketAddress> to_socket_address(const Address& address) {
  SocketAddress result;
  if (address.is_unix) {
    auto& un = reinterpret_cast<sockaddr_un&>(result.storage);
    if (address.host.empty() || address.host.size() >= sizeof(un.sun_path)) {
      return fail(IoError::kAddress, "a unix socket's path has 1 to {} bytes, not {}", sizeof(un.sun_path) - 1,
                  address.host.size());
    }
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, address.host.data(), address.host.size());
    result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() + 1);
    return result;
  }
  const char* host = address.host == "localhost" ? "127.0.0.1" : address.host.c_str();
  auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
  if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    result.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    result.size = sizeof(sockaddr_in6);
  } else {
    return fail(IoError::kAddress, "'{}' is no number of a host: resolve names first", address.host);
  }
  return result;
}

Address from_socket_address(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  switch (address.storage.ss_family) {
    case AF_INET: {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
      inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
      return {text, ntohs(v4.sin_port), false};
    }
    case AF_INET6: {
      const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
      return {text, ntohs(v6.sin6_port), false};
    }
    default: {
      const auto& un = reinterpret_cast<const sockaddr_un&>(address.storage);
      const std::size_t start = offsetof(sockaddr_un, sun_path);
      const std::size_t size = address.size > start ? strnlen(un.sun_path, address.size - start) : 0;
      return {std::string(un.sun_path, size), 0, true};
    }
  }
}

namespace {

Transfer transfer(ssize_t moved) {
  if (moved >= 0) return {Transfer::Status::kOk, static_cast<std::size_t>(moved), 0};
  if (errno == EAGAIN || errno == EINTR) return {Transfer::Status::kWouldBlock, 0, 0};
  return {Transfer::Status::kFailed, 0, errno};
}

class SocketNet final : public Net {
 public:
  Result<Handle> listen(const Address& address, const ListenOptions& options) override {
    SOFA_TRY(SocketAddress to, to_socket_address(address));
    SOFA_TRY(const Handle handle, make_socket(to));
    Result<void> listening = bind_and_listen(handle, address, to, options);
    if (listening) return handle;
    close(handle);
    return fail(std::move(listening).error());
  }

  Result<Accepted> accept(Handle listener) override {
    SocketAddress from;
    const int accepted = accept4(fd(listener), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return system_failure("accept", errno);
    return Accepted{Handle{accepted}, from_socket_address(from)};
  }

  Result<Handle> connect(const Address& address) override {
    SOFA_TRY(SocketAddress to, to_socket_address(address));
    SOFA_TRY(const Handle handle, make_socket(to));
    if (::connect(fd(handle), to.get(), to.size) == 0 || errno == EINPROGRESS) return handle;
    // A unix socket without listener: no file, or a file that nobody listens on; a full queue is EAGAIN.
    const int error = errno == ENOENT || errno == EAGAIN ? ECONNREFUSED : errno;
    close(handle);
    return system_failure("connecting to " + address.to_string(), error);
  }

  Result<void> connect_result(Handle handle) override {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd(handle), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return system_failure("connecting", error);
    return {};
  }

  Transfer read(Handle handle, std::span<std::uint8_t> into) override {
    const ssize_t got = recv(fd(handle), into.data(), into.size(), 0);
    if (got == 0 && !into.empty()) return {Transfer::Status::kEnd, 0, 0};
    return transfer(got);
  }

  Transfer write(Handle handle, std::span<const Slice> pieces) override {
    if (pieces.size() == 1) return transfer(send(fd(handle), pieces[0].data, pieces[0].size, MSG_NOSIGNAL));
    static_assert(sizeof(Slice) == sizeof(iovec) && offsetof(Slice, size) == offsetof(iovec, iov_len));
    msghdr message{};
    message.msg_iov = reinterpret_cast<iovec*>(const_cast<Slice*>(pieces.data()));
    message.msg_iovlen = pieces.size();
    return transfer(sendmsg(fd(handle), &message, MSG_NOSIGNAL));
  }

  void shutdown_write(Handle handle) override { shutdown(fd(handle), SHUT_WR); }
  void close(Handle handle) override { ::close(fd(handle)); }

  Address local_address(Handle handle) override {
    SocketAddress address;
    getsockname(fd(handle), address.get(), &address.size);
    return from_socket_address(address);
  }

  std::string own_host() override {
    std::string host = "127.0.0.1";
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return host;
    for (const ifaddrs* at = all; at; at = at->ifa_next) {
      constexpr unsigned kUsable = IFF_UP | IFF_RUNNING;
      const bool usable = (at->ifa_flags & kUsable) == kUsable && !(at->ifa_flags & IFF_LOOPBACK);
      if (!usable || !at->ifa_addr || at->ifa_addr->sa_family != AF_INET) continue;
      char text[INET_ADDRSTRLEN];
      const void* address = &reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr;
      if (inet_ntop(AF_INET, address, text, sizeof text)) host = text;
      break;
    }
    freeifaddrs(all);
    return host;
  }

  std::unique_ptr<Poller> make_poller() override { return posix::make_poller(); }

 private:
  static Result<Handle> make_socket(const SocketAddress& address) {
    const int family = address.storage.ss_family;
    const int handle = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (handle < 0) return system_failure("socket", errno);
    const int on = 1;
    // Accepted sockets inherit it from the listener.
    if (family != AF_UNIX) setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return Handle{handle};
  }

  Result<void> bind_and_listen(Handle handle, const Address& address, SocketAddress& to, const ListenOptions& options) {
    const int on = 1;
    if (!address.is_unix) {
      setsockopt(fd(handle), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      if (options.share_port) setsockopt(fd(handle), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    }
    int bound = bind(fd(handle), to.get(), to.size);
    if (bound != 0 && errno == EADDRINUSE && address.is_unix && is_left_over(to)) {
      unlink(address.host.c_str());
      bound = bind(fd(handle), to.get(), to.size);
    }
    if (bound != 0) return system_failure("binding " + address.to_string(), errno);
    if (::listen(fd(handle), options.backlog) != 0) return system_failure("listening on " + address.to_string(), errno);
    return {};
  }

  /// A socket file whose process is gone.
  static bool is_left_over(SocketAddress& address) {
    const Result<Handle> probe = make_socket(address);
    if (!probe) return false;
    const bool refused = ::connect(fd(*probe), address.get(), address.size) != 0 && errno == ECONNREFUSED;
    ::close(fd(*probe));
    return refused;
  }
};

}  // namespace

std::unique_ptr<Net> make_net() {
  return std::make_unique<SocketNet>();
}

}  // namespace sofa::io::posix
