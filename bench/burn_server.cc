// burn_server: serves BurnService on a free port of loopback; prints READY port=N, and when it ends requests=N.
//
//   burn_server --shards 2
//   burn_server --registry file:///tmp/services.json --delay-us 1000     found by others; each call waits before it
//   burns
//   burn_server … --blocking 1        the wait keeps a thread of the worker pool, which is as it comes
//   burn_server … --places 8          so many calls wait at a time, the others in line; their limit is adaptive
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <thread>

#include "bench/burn.h"
#include "sofa/io/posix/env.h"

namespace {

/// What a service stands in line for, such as connections to a database. One shard's.
class Places {
 public:
  explicit Places(int free) : free_(free) {}
  class Held {
   public:
    explicit Held(Places& places) : places_(places) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { places_.give_back(); }

   private:
    Places& places_;
  };
  /// Awaited: a place is the caller's, to be kept by a Held.
  auto take() {
    struct Turn {
      Places& places;
      bool await_ready() const { return places.free_ > 0 && places.free_-- > 0; }
      void await_suspend(std::coroutine_handle<> waiter) const { places.line_.push_back(waiter); }
      void await_resume() const {}
    };
    return Turn{*this};
  }

 private:
  void give_back() {
    if (line_.empty()) {
      ++free_;
      return;
    }
    sofa::io::Shard::current()->post([next = line_.front()] { next.resume(); });
    line_.pop_front();
  }
  int free_;
  std::deque<std::coroutine_handle<>> line_;
};

struct Work {
  std::chrono::microseconds delay{0};
  bool blocking = false;
  int places = 0;
};

class Burner final : public BurnService {
 public:
  explicit Burner(const Work& work)
      : delay_(work.delay), blocking_(work.blocking), in_turn_(work.places > 0), places_(work.places) {}
  sofa::Task<std::int64_t> burn(std::int32_t rounds) override {
    if (blocking_) {
      std::this_thread::sleep_for(delay_);
      return burn_now(rounds);
    }
    if (in_turn_) return burn_in_turn(rounds);
    if (delay_.count() > 0) return burn_later(rounds);
    return burn_now(rounds);
  }

 private:
  static std::int64_t burn_now(std::int32_t rounds) {
    std::int64_t state = rounds;
    for (std::int32_t i = 0; i < rounds; ++i) state = state * 6364136223846793005 + 1442695040888963407;
    return state;
  }
  sofa::Task<std::int64_t> burn_later(std::int32_t rounds) {
    co_await sofa::sleep(delay_);
    co_return burn_now(rounds);
  }

  sofa::Task<std::int64_t> burn_in_turn(std::int32_t rounds) {
    co_await places_.take();
    const Places::Held held(places_);
    co_await sofa::sleep(delay_);
    co_return burn_now(rounds);
  }

  const std::chrono::microseconds delay_;
  const bool blocking_;
  const bool in_turn_;
  Places places_;
};

}  // namespace

int main(int argc, char** argv) {
  sofa::ContextConfig config{.app = "burn"};
  Work work;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--shards") config.shards = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
    if (name == "--registry") config.registry = argv[i + 1];
    if (name == "--delay-us") work.delay = std::chrono::microseconds(std::atoi(argv[i + 1]));
    if (name == "--blocking") work.blocking = std::atoi(argv[i + 1]) != 0;
    if (name == "--places") work.places = std::atoi(argv[i + 1]);
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  sofa::Context context(sofa::io::posix::env(), config);
  context.publish<BurnService>(std::make_shared<Burner>(work),
                               {.blocking = work.blocking, .adaptive_limit = work.places > 0});
  std::printf("READY port=%d\n", context.listen("bolt://127.0.0.1:0").front().port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  context.stop(std::chrono::seconds(5));
  std::printf("requests=%llu\n", static_cast<unsigned long long>(context.figures().requests));
}
