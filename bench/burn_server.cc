// burn_server [--shards N]: serves BurnService on a free port of loopback; prints READY port=N.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/burn.h"
#include "sofa/io/posix/env.h"

namespace {

class Burner final : public BurnService {
 public:
  sofa::Task<std::int64_t> burn(std::int32_t rounds) override {
    std::int64_t state = rounds;
    for (std::int32_t i = 0; i < rounds; ++i) state = state * 6364136223846793005 + 1442695040888963407;
    return state;
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t shards = 1;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--shards") == 0) shards = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  sofa::Context context(sofa::io::posix::env(), {.app = "burn", .shards = shards});
  context.publish<BurnService>(std::make_shared<Burner>());
  std::printf("READY port=%d\n", context.listen("bolt://127.0.0.1:0").front().port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  context.stop(std::chrono::seconds(1));
}
