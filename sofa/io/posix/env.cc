#include "sofa/io/posix/env.h"

#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/random.h>
#include <time.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {
namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() override {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
  std::chrono::sys_time<std::chrono::milliseconds> wall() override {
    timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                            std::chrono::milliseconds(time.tv_nsec / 1'000'000));
  }
};

/// The kernel's generator, some numbers at a time for each thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override {
    constexpr std::size_t kAtOnce = 32;
    static thread_local std::uint64_t numbers[kAtOnce];
    static thread_local std::size_t left = 0;
    if (left == 0) {
      [[maybe_unused]] const ssize_t got = getrandom(numbers, sizeof(numbers), 0);
      assert(got == sizeof(numbers));  // up to 256 bytes never fail nor come short, getrandom(2)
      left = kAtOnce;
    }
    return std::exchange(numbers[--left], 0);
  }
};

struct System {
  std::unique_ptr<Clock> clock = make_clock();
  std::unique_ptr<Random> random = make_random();
  std::unique_ptr<Net> net = make_net();
  std::unique_ptr<Disk> disk = make_disk();
  std::unique_ptr<Blocking> blocking = make_blocking();
  std::unique_ptr<Resolver> resolver = make_resolver(*clock, *blocking);
  std::unique_ptr<Code> code = make_code();
  std::unique_ptr<Processes> processes = make_processes();
  Env env{*clock, *random, *net, *resolver, *disk, *blocking, *code, *processes};
};

}  // namespace

std::unique_ptr<Clock> make_clock() {
  return std::make_unique<SystemClock>();
}
std::unique_ptr<Random> make_random() {
  return std::make_unique<SystemRandom>();
}

tl::unexpected<Error> system_failure(std::string_view what, int error) {
  IoError code = IoError::kSystem;
  switch (error) {
    case EAGAIN:
      code = IoError::kWouldBlock;
      break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      code = IoError::kNoHandles;
      break;
    case ECONNREFUSED:
    case ECONNRESET:
      code = IoError::kRefused;
      break;
    case ETIMEDOUT:
      code = IoError::kTimeout;
      break;
    case EPIPE:
      code = IoError::kClosed;
      break;
    default:
      break;
  }
  return fail(code, "{}: {}", what, std::generic_category().message(error));
}

Env& env() {
  static System& system = *new System;  // threads may use it until the process ends
  return system.env;
}

}  // namespace sofa::io::posix
