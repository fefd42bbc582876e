// server [URL]: greets until its standard input ends.
#include <cstdio>
#include <memory>

#include <sofa/io/posix/env.h>

#include "greeter.h"

namespace {

class PoliteGreeter final : public Greeter {
 public:
  sofa::Task<Greeting> greet(std::string name) override { return Greeting{"Hello, " + name, ++served_}; }

 private:
  std::int32_t served_ = 0;  // of the one shard that this program has
};

}  // namespace

int main(int argc, char** argv) {
  sofa::Context context(sofa::io::posix::env(), {.app = "greetings"});
  context.publish<Greeter>(std::make_shared<PoliteGreeter>());
  const auto addresses = context.listen(argc > 1 ? argv[1] : "bolt://127.0.0.1:12400");
  std::printf("bolt://%s\n", addresses.front().to_string().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  context.stop(std::chrono::seconds(5));
}
