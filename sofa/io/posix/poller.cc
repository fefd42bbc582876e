#include <cassert>
#include <cerrno>
#include <limits>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {
namespace {

class EpollPoller final : public Poller {
 public:
  EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (epoll_ < 0 || wake_ < 0) system_failure("making a poller", errno).value().raise();
    // Edge-triggered: each wake is seen once without a read that takes it back.
    control(EPOLL_CTL_ADD, wake_, EPOLLIN | EPOLLET, nullptr);
  }
  ~EpollPoller() override {
    ::close(wake_);
    ::close(epoll_);
  }

  void add(Handle handle, Interest interest, void* tag) override {
    control(EPOLL_CTL_ADD, fd(handle), bits(interest), tag);
  }
  void modify(Handle handle, Interest interest, void* tag) override {
    control(EPOLL_CTL_MOD, fd(handle), bits(interest), tag);
  }
  void remove(Handle handle) override { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd(handle), nullptr); }

  std::span<const Event> wait(TimePoint until) override {
    const int got = epoll_wait(epoll_, ready_, kMost, milliseconds(until));
    std::size_t count = 0;
    for (int i = 0; i < got; ++i) {
      if (ready_[i].data.ptr == nullptr) continue;
      const std::uint32_t what = ready_[i].events;
      events_[count++] = {.tag = ready_[i].data.ptr,
                          .readable = (what & EPOLLIN) != 0,
                          .writable = (what & EPOLLOUT) != 0,
                          .closed = (what & (EPOLLHUP | EPOLLERR)) != 0};
    }
    return {events_, count};
  }

  void wake() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof(one));
  }

 private:
  static constexpr int kMost = 256;

  static std::uint32_t bits(Interest interest) {
    return (interest.read ? EPOLLIN : 0u) | (interest.write ? EPOLLOUT : 0u);
  }
  void control(int operation, int handle, std::uint32_t what, void* tag) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = tag;
    [[maybe_unused]] const int done = epoll_ctl(epoll_, operation, handle, &event);
    assert(done == 0);
  }
  /// Rounded up: waking early would only turn the loop for nothing.
  static int milliseconds(TimePoint until) {
    if (until == kNever) return -1;
    if (until == TimePoint{}) return 0;
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const Duration left = until.time_since_epoch() - (std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec));
    if (left <= Duration{0}) return 0;
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::min<decltype(rounded)>(rounded, std::numeric_limits<int>::max()));
  }

  const int epoll_;
  const int wake_;
  epoll_event ready_[kMost];
  Event events_[kMost];
};

}  // namespace

std::unique_ptr<Poller> make_poller() {
  return std::make_unique<EpollPoller>();
}

}  // namespace sofa::io::posix
