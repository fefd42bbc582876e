// burn_server: serves BurnService on a free port of loopback; prints READY port=N, and when it ends requests=N.
//
//   burn_server --shards 2
//   burn_server --registry file:///tmp/services.json --delay-us 1000     found by others; each call waits before it
//   burns
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/burn.h"
#include "sofa/io/posix/env.h"

namespace {

class Burner final : public BurnService {
 public:
  explicit Burner(std::chrono::microseconds delay) : delay_(delay) {}
  sofa::Task<std::int64_t> burn(std::int32_t rounds) override {
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

  const std::chrono::microseconds delay_;
};

}  // namespace

int main(int argc, char** argv) {
  sofa::ContextConfig config{.app = "burn"};
  std::chrono::microseconds delay{0};
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--shards") config.shards = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
    if (name == "--registry") config.registry = argv[i + 1];
    if (name == "--delay-us") delay = std::chrono::microseconds(std::atoi(argv[i + 1]));
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  sofa::Context context(sofa::io::posix::env(), config);
  context.publish<BurnService>(std::make_shared<Burner>(delay));
  std::printf("READY port=%d\n", context.listen("bolt://127.0.0.1:0").front().port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  context.stop(std::chrono::seconds(5));
  std::printf("requests=%llu\n", static_cast<unsigned long long>(context.figures().requests));
}
