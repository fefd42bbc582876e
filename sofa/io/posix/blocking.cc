#include <cassert>
#include <cerrno>
#include <climits>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {
namespace {

class Threads final : public Blocking {
 public:
  Thread start(std::string_view name, std::function<bool()> step) override {
    constexpr std::size_t kMostName = 15;  // pthread_setname_np(3)
    std::thread thread([step = std::move(step), name = std::string(name.substr(0, kMostName))] {
      pthread_setname_np(pthread_self(), name.c_str());
      const OwnThread own;
      while (step()) {
      }
    });
    const std::lock_guard lock(mutex_);
    threads_.emplace(++last_, std::move(thread));
    return last_;
  }

  void join(Thread number) override {
    std::thread thread;
    {
      const std::lock_guard lock(mutex_);
      const auto found = threads_.find(number);
      assert(found != threads_.end());
      thread = std::move(found->second);
      threads_.erase(found);
    }
    thread.join();
  }

  bool wait(std::atomic<std::uint32_t>& word, std::uint32_t old, TimePoint deadline) override {
    timespec until{};
    timespec* timeout = nullptr;
    if (deadline != kNever) {
      const auto since = deadline.time_since_epoch();
      until.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(since).count();
      until.tv_nsec = (since % std::chrono::seconds(1)).count();
      timeout = &until;
    }
    const long done =
        syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, old, timeout, nullptr, FUTEX_BITSET_MATCH_ANY);
    return done == 0 || errno != ETIMEDOUT;
  }

  void wake(std::atomic<std::uint32_t>& word, bool all) noexcept override {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, all ? INT_MAX : 1, nullptr, nullptr, 0);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Thread, std::thread> threads_;
  Thread last_ = 0;
};

}  // namespace

std::unique_ptr<Blocking> make_blocking() {
  return std::make_unique<Threads>();
}

}  // namespace sofa::io::posix
