// The parts of posix::env(), private to this folder.
#pragma once

#include <memory>
#include <string_view>

#include <sys/socket.h>

#include "sofa/io/env.h"

namespace sofa::io::posix {

std::unique_ptr<Clock> make_clock();
std::unique_ptr<Random> make_random();
std::unique_ptr<Net> make_net();
std::unique_ptr<Resolver> make_resolver(Clock& clock, Blocking& blocking);
std::unique_ptr<Disk> make_disk();
std::unique_ptr<Blocking> make_blocking();
std::unique_ptr<Poller> make_poller();
std::unique_ptr<Code> make_code();
std::unique_ptr<Processes> make_processes();

/// For as long as it lives, the current thread counts as one of the environment's own (Code::threads_in).
class OwnThread {
 public:
  OwnThread();
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;
  ~OwnThread();
};

/// A socket address of any family, as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};
/// IoError::kAddress when the host is a name.
Result<SocketAddress> to_socket_address(const Address& address);
Address from_socket_address(const SocketAddress& address);

/// Says what was tried and what the kernel answered (`errno`'s value).
tl::unexpected<Error> system_failure(std::string_view what, int error);

inline int fd(Handle handle) {
  return static_cast<int>(handle);
}

}  // namespace sofa::io::posix
