// drill_client: asks EchoService of whoever a url names, again and again, and says how that went.
//
//   drill_client --url file:///tmp/services.json --rate 400
//
// Every call has a text of its own, which its answer must bring back. Half of the calls may be asked twice
// (idempotent), half may not. Five times a second a line of JSON goes out with sums since the start; SIGTERM ends the
// asking, waits for the calls under way, and prints the last line.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include <fmt/format.h>

#include "examples/bank/services.h"
#include "sofa/io/posix/env.h"
#include "sofa/registry/sofa_source.h"
#include "sofa/registry/zookeeper_source.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kTimeout = 3s;
constexpr auto kAttemptTimeout = 500ms;
// An end this long after its deadline is late; a busy machine lets everybody wait a little.
constexpr auto kSlack = 1s;

struct Sums {
  std::uint64_t asked = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t wrong = 0;  // answers that are another call's
  std::uint64_t late = 0;
  std::uint64_t safe_failed = 0;
  std::uint64_t unsafe_failed = 0;
  std::map<std::string, std::uint64_t> why;
};

/// All on one shard.
class Asker {
 public:
  Asker(sofa::Context& context, const std::string& url, double rate)
      : gap_(1.0 / rate),
        unsafe_(context.reference<bank::EchoService>(
            {.url = url, .timeout = kTimeout, .cluster = {.retries = 2, .attempt_timeout = kAttemptTimeout}})),
        safe_(unsafe_.with({.idempotent = true})) {}

  sofa::Task<void> ask_until_told() {
    sofa::Gate gate;
    for (auto due = Clock::now(); !told_to_end_;) {
      for (; due <= Clock::now(); due += std::chrono::duration_cast<Clock::duration>(gap_)) (void)gate.spawn(one());
      co_await sofa::sleep(2ms);
    }
    co_await gate.close();
  }
  sofa::Task<void> say() {
    std::string why;
    for (const auto& [what, times] : sums_.why) why += fmt::format("{}\"{}\":{}", why.empty() ? "" : ",", what, times);
    fmt::print(
        "{{\"asked\":{},\"succeeded\":{},\"in_flight\":{},\"wrong\":{},\"late\":{},\"safe_failed\":{},"
        "\"unsafe_failed\":{},\"why\":{{{}}}}}\n",
        sums_.asked, sums_.succeeded, in_flight_, sums_.wrong, sums_.late, sums_.safe_failed, sums_.unsafe_failed, why);
    std::fflush(stdout);
    co_return;
  }
  sofa::Task<void> end() {
    told_to_end_ = true;
    co_return;
  }

 private:
  sofa::Task<void> one() {
    const std::uint64_t number = sums_.asked++;
    const bool is_safe = number % 2 == 0;
    std::string text = fmt::format("call {} ", number);
    text.resize(number % 64 == 1 ? 20'000 : text.size() + number % 200, static_cast<char>('a' + number % 26));
    const auto deadline = Clock::now() + kTimeout + kSlack;
    ++in_flight_;
    auto call = (is_safe ? safe_ : unsafe_)->echo(text);
    const sofa::Result<std::optional<std::string>> answer = co_await sofa::as_result(std::move(call));
    --in_flight_;
    sums_.late += Clock::now() > deadline;
    if (answer) {
      *answer == text ? ++sums_.succeeded : ++sums_.wrong;
      co_return;
    }
    ++(is_safe ? sums_.safe_failed : sums_.unsafe_failed);
    ++sums_.why[std::string(answer.error().code_name())];
  }

  const std::chrono::duration<double> gap_;
  const sofa::rpc::Reference<bank::EchoService> unsafe_;
  const sofa::rpc::Reference<bank::EchoService> safe_;
  Sums sums_;
  std::uint64_t in_flight_ = 0;
  bool told_to_end_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  std::string url;
  double rate = 400;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--url") url = argv[i + 1];
    if (name == "--rate") rate = std::atof(argv[i + 1]);
  }
  if (url.empty() || rate <= 0) {
    fmt::print(stderr, "drill_client: --url URL is missing, or --rate is none\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  sofa::registry::register_sofa();
  sofa::registry::register_zookeeper();
  sofa::Context context(sofa::io::posix::env(), {.app = "drill"});
  Asker asker(context, url, rate);
  auto asking = context.as_future(asker.ask_until_told(), 24h);
  const timespec fifth{0, 200'000'000};
  do {
    context.wait(asker.say());
  } while (sigtimedwait(&signals, nullptr, &fifth) != SIGTERM);
  context.wait(asker.end());
  (void)asking.get();
  context.wait(asker.say());
  context.stop(1s);
}
