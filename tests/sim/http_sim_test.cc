// HTTP under faults: the real client and server, and a stranger who says what no client should. What is answered is
// whole and right, a request is served no more often than it may be, nothing of a body or of a refused request is taken
// for a request, every call ends by its deadline, and all counts return to zero.
#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/base/fault.h"
#include "sofa/io/async.h"
#include "sofa/io/sim/chaos.h"
#include "sofa/io/sim/process.h"
#include "sofa/net/http_world_test.h"
#include "tests/sim/seeds.h"
#include "tests/sim/talk.h"

namespace sofa::tests {
namespace {

using namespace std::chrono_literals;
using io::sim::Process;
using io::sim::World;
using net::HttpRequest;
using net::HttpResponse;
using net::Pieces;
using net::RawPeer;

constexpr io::Duration kDeadlineSlack = 100ms;
constexpr io::Duration kHeadTimeout = 1s;
constexpr std::string_view kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

std::string smuggling(std::size_t size) {
  std::string body;
  while (body.size() < size) body += kSmuggled;
  return body;
}

/// Which requests were served, over all lives of the server.
class Ledger {
 public:
  explicit Ledger(Truth& truth) : truth_(truth) {}
  std::size_t next_id() { return ++last_id_; }
  void serve(const HttpRequest& request) {
    if (request.path() == "/smuggled") truth_.found("what is no request is served as one");
    const std::size_t id = net::number(request, "id");
    if (id == 0) return;  // a stranger's
    const int most = request.method == "GET" ? 2 : 1;
    if (++served_[id] > most) truth_.found(fmt::format("{} {} is served again", request.method, request.target));
  }

 private:
  Truth& truth_;
  std::size_t last_id_ = 0;
  std::map<std::size_t, int> served_;
};

Task<HttpResponse> answer_unread(HttpRequest request) {
  co_await sleep(std::chrono::milliseconds(net::number(request, "ms")));
  co_return HttpResponse::text(200, "unread");
}

class Server {
 public:
  Server(Process& process, Ledger& ledger, int shards)
      : shards_(process.env(), shards), server_(shards_, handler(ledger), options()) {
    listens_ = server_.listen({.host = "0.0.0.0", .port = net::kTestPort}).has_value();
    shards_.start();
  }
  ~Server() { shards_.stop_and_join(); }
  io::Shards& shards() { return shards_; }
  net::HttpServer& server() { return server_; }
  /// Not when it came up while there was no free descriptor.
  bool listens() const { return listens_; }

 private:
  static net::HttpHandler handler(Ledger& ledger) {
    net::HttpRouter router;
    router.add("POST", "/echo", net::answer_echo)
        .add("POST", "/back", net::answer_back)
        .add("POST", "/unread", answer_unread)
        .add("GET", "/stream", net::answer_stream);
    return [&ledger, inner = router.handler()](HttpRequest request) {
      ledger.serve(request);
      return inner(std::move(request));
    };
  }
  static net::HttpServerOptions options() {
    net::HttpServerOptions options;
    options.idle = 6s;
    options.head_timeout = kHeadTimeout;
    options.body_timeout = 2s;
    options.handler_timeout = 3s;
    return options;
  }

  io::Shards shards_;
  net::HttpServer server_;
  bool listens_ = false;
};

/// Has a number of callers on each shard; each asks, waits for what comes, rests, and asks again.
class Client {
 public:
  Client(Process& process, Truth& truth, Ledger& ledger, int shards, int callers)
      : process_(process), truth_(truth), ledger_(ledger), shards_(process.env(), shards), client_(shards_, options()) {
    for (int i = 0; i < shards * callers; ++i) {
      callers_.push_back(std::make_unique<Caller>(*this, shards_[i % shards]));
      callers_.back()->rest();
    }
    shards_.start();
  }
  ~Client() {
    fall_silent();
    shards_.stop_and_join();
  }

  io::Shards& shards() { return shards_; }
  net::HttpClient& client() { return client_; }
  void fall_silent() {
    silent_ = true;
    for (auto& caller : callers_) caller->shard.timers().cancel(caller->timer);
  }
  bool idle() const {
    return std::none_of(callers_.begin(), callers_.end(), [](const auto& caller) { return caller->asking; });
  }
  void check() {
    const io::TimePoint now = process_.env().clock.now();
    for (auto& caller : callers_) {
      if (caller->asking && now > caller->deadline + kDeadlineSlack) truth_.found("a call has not ended in time");
    }
    if (client_.counts().broken_answers != 0) truth_.found("the server's answers are unsound, or nobody's");
  }
  std::uint64_t succeeded() const { return succeeded_; }

 private:
  struct Caller {
    Caller(Client& owner, io::Shard& on) : client(owner), shard(on) {
      timer.set([](void* self) noexcept { static_cast<Caller*>(self)->client.ask(*static_cast<Caller*>(self)); }, this);
    }
    void rest() {
      const std::uint64_t ms = shard.env().random.next() % 200;
      if (!client.silent_) shard.timers().arm(timer, shard.now() + std::chrono::milliseconds(ms));
    }
    Client& client;
    io::Shard& shard;
    io::Timer timer;
    bool asking = false;
    io::TimePoint deadline;
    net::RunningTasks tasks;
  };
  /// A request, and the text that must come back; without one the answer's body is let go of.
  struct Question {
    HttpRequest request;
    std::optional<std::string> answer;
  };

  static net::HttpClientOptions options() {
    net::HttpClientOptions options;
    options.max_connections = 4;
    options.idle = 3s;
    return options;
  }

  Question make_question() {
    io::Random& random = process_.env().random;
    const auto upto = [&](std::uint64_t most) { return static_cast<std::size_t>(random.next() % most); };
    const std::size_t id = ledger_.next_id(), size = 1 + upto(upto(2) == 0 ? 500 : 60'000),
                      slow = upto(truth_.strict ? 20 : 300);
    const auto post = [&](std::string_view path, net::HttpBody body) {
      return HttpRequest::post(fmt::format("{}?id={}&ms={}", path, id, slow), "a/b", std::move(body));
    };
    const auto get = [&](std::size_t pause) {
      return HttpRequest::get(fmt::format("/stream?id={}&size={}&piece={}&pause={}", id, size, size / 4 + 1, pause));
    };
    std::string body = net::pattern(size);
    switch (upto(6)) {
      case 0:
        return {get(0), body};
      case 1:
        return {get(slow), body};
      case 2:
        return {get(0), std::nullopt};
      case 3:
        return {post("/echo", body), body};
      case 4:
        return {post("/back", net::HttpBody::stream(std::make_unique<Pieces>(body, 1 + size / 3))), body};
      default:
        return {post("/unread", smuggling(size)), "unread"};
    }
  }

  void ask(Caller& caller) {
    // While there are faults many calls are too slow for their deadline; afterwards none is.
    const io::Duration timeout =
        truth_.strict ? 2s : io::Duration(std::chrono::milliseconds(20 + process_.env().random.next() % 1'000));
    caller.asking = true;
    caller.deadline = caller.shard.now() + timeout;
    caller.tasks.start(keep(caller, make_question(), timeout), CallContext::make());
  }

  Task<void> keep(Caller& caller, Question question, io::Duration timeout) {
    const bool strict = truth_.strict;
    const std::string target(question.request.target);
    const auto outcome = co_await as_result(
        exchange(client_, std::move(question.request), {.timeout = timeout}, question.answer.has_value()));
    caller.asking = false;
    if (outcome) {
      judge(target, question, outcome->first, outcome->second, strict);
    } else if (!silent_ && (strict || !may_fail_with(outcome.error()))) {
      truth_.found(fmt::format("{} fails: {}", target, outcome.error().what()));
    }
    caller.rest();
  }

  static Task<std::pair<int, std::string>> exchange(net::HttpClient& client, HttpRequest request, net::HttpCall call,
                                                    bool reads) {
    HttpResponse answer = co_await client.send({.host = "server", .port = net::kTestPort}, std::move(request), call);
    std::string text;
    if (reads) text = co_await answer.body.read_text(1 << 20);
    co_return {answer.status, std::move(text)};
  }

  void judge(const std::string& target, const Question& question, int status, const std::string& text, bool strict) {
    if (status == 200) {
      ++succeeded_;
      if (question.answer && text != *question.answer) truth_.found(target + " is answered with another text");
    } else if (strict ||
               (status != 408 && status != 503)) {  // those come when a body, or the handler's reading, stalls
      truth_.found(fmt::format("{} is answered with {} {}", target, status, text));
    }
  }

  /// What a call may come to when the server is slow, unreachable or dies.
  static bool may_fail_with(const Error& error) {
    return error.is(net::NetError::kConnection) || error.is(io::IoError::kTimeout) ||
           error.is(http::HttpError::kTruncated);
  }

  Process& process_;
  Truth& truth_;
  Ledger& ledger_;
  bool silent_ = false;
  std::uint64_t succeeded_ = 0;
  io::Shards shards_;
  net::HttpClient client_;
  std::vector<std::unique_ptr<Caller>> callers_;  // their tasks go before the client does
};

/// Says every now and then what can be understood in two ways, and one byte more of a head that it never ends.
class Stranger {
 public:
  explicit Stranger(Process& process) : process_(process), shards_(process.env(), 1), connector_(shards_[0]) {
    timer_.set([](void* self) noexcept { static_cast<Stranger*>(self)->speak(); }, this);
    shards_[0].timers().arm(timer_, shards_[0].now() + kPace);
    shards_.start();
  }
  ~Stranger() {
    shards_[0].timers().cancel(timer_);
    shards_.stop_and_join();
  }

  /// From the next connection on.
  void trickle_anew() { trickling_.reset(); }
  bool trickles() const { return trickling_ && !trickling_->closed; }

 private:
  static constexpr io::Duration kPace = 100ms;

  static std::string saying(std::uint64_t choice) {
    const std::string rest(kSmuggled);
    switch (choice % 5) {
      case 0:
        return fmt::format(
            "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
            rest.size() + 5, rest);
      case 1:
        return "GET /stream HTTP/1.1\nHost: a\n\n" + rest;
      case 2:
        return "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 99\r\n\r\n" + rest;
      case 3:
        return "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + rest;
      default:
        return fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", rest.size() + 1, rest);
    }
  }

  void speak() {
    if (trickles()) net::say(*trickling_, "x");
    if (!connector_.busy()) {
      auto state = std::make_shared<RawPeer::State>();
      state->unsaid = trickling_ ? saying(process_.env().random.next()) : "GET /stream HTTP/1.1\r\nA: ";
      if (!trickling_) trickling_ = state;
      connector_.start({.host = "server", .port = net::kTestPort}, shards_[0].now() + 1s,
                       std::make_unique<RawPeer>(state), [](const Result<io::Connection*>&) {});
    }
    shards_[0].timers().arm(timer_, shards_[0].now() + kPace);
  }

  Process& process_;
  io::Shards shards_;
  io::Connector connector_;
  io::Timer timer_;
  std::shared_ptr<RawPeer::State> trickling_;
};

class Run {
 public:
  explicit Run(std::uint64_t seed) : truth_(world_), ledger_(truth_), world_(seed, world_options(seed)) {
    const int server_shards = static_cast<int>(world_.dice().between(1, 3));
    boot(server_process_, server_,
         [this, server_shards](Process& self) { return std::make_shared<Server>(self, ledger_, server_shards); });
    const int shards = static_cast<int>(world_.dice().between(1, 2)),
              callers = static_cast<int>(world_.dice().between(1, 8));
    boot(client_process_, client_, [this, shards, callers](Process& self) {
      return std::make_shared<Client>(self, truth_, ledger_, shards, callers);
    });
    boot(stranger_process_, stranger_, [](Process& self) { return std::make_shared<Stranger>(self); });
  }

  SimResult run() {
    watch();
    with_faults();
    if (!truth_.fault()) without_faults();
    if (!truth_.fault()) to_the_end();
    return {truth_.fault(), world_.trace_hash(), world_.now()};
  }

 private:
  /// `what` points to what the process runs, in each of its lives.
  template <class T, class Make>
  static void boot(Process& process, T*& what, Make make) {
    process.boot([&what, make](Process& self) {
      auto made = make(self);
      what = made.get();
      return made;
    });
  }

  void watch() {
    world_.after(50ms, [this] {
      if (client_process_.alive() && client_process_.paused_until() + 50ms < world_.now()) client_->check();
      watch();
    });
  }

  void run_for(io::Duration span) {
    world_.run_until([this] { return truth_.fault().has_value(); }, span);
  }

  void with_faults() {
    io::sim::ChaosOptions options;
    for (auto& weight : options.weights) weight = static_cast<std::uint32_t>(1 + world_.dice().below(8));
    options.mean_gap = world_.dice().between(io::Duration(200ms), io::Duration(2s));
    options.longest_fault = 3s;
    io::sim::Chaos chaos(world_, {&server_process_, &client_process_}, options);
    chaos.start();
    const ArmedFaults armed(world_.seed());
    run_for(15s);
    chaos.stop();
  }

  void without_faults() {
    if (!server_->listens()) {
      server_process_.kill(io::sim::Death::kKilled);
      server_process_.restart();
    }
    run_for(12s);
    truth_.strict = true;
    const std::uint64_t before = client_->succeeded();
    stranger_->trickle_anew();
    run_for(4s);
    if (client_->succeeded() < before + 5) truth_.found("calls do not succeed although there is no fault any more");
    if (stranger_->trickles()) truth_.found("a head may take longer than its time");
  }

  void to_the_end() {
    client_->fall_silent();
    if (!world_.run_until([this] { return client_->idle(); }, 5s)) return truth_.found("some calls do not end");
    stranger_process_.kill(io::sim::Death::kKilled);
    client_->client().close();
    // Half-open connections at the server end when it has heard nothing for its idle time.
    run_for(100s);
    const auto client = client_->client().counts();
    const auto server = server_->server().counts();
    if (client.in_flight + client.waiting + client.connections != 0) truth_.found("the client's counts are not zero");
    if (server.in_flight + server.connections != 0) truth_.found("the server's counts are not zero");
    check_nothing_is_left("the server", server_process_, server_->shards(),
                          static_cast<std::size_t>(server_->shards().size()));
    check_nothing_is_left("the client", client_process_, client_->shards(), 0);
  }

  void check_nothing_is_left(const char* who, Process& process, io::Shards& shards, std::size_t listeners) {
    for (int i = 0; i < shards.size(); ++i) {
      if (shards[i].connections() != 0) truth_.found(fmt::format("{} keeps a connection", who));
      if (shards[i].timers().size() != 0) truth_.found(fmt::format("{} keeps a timer", who));
    }
    if (process.descriptors().open_count() != listeners) truth_.found(fmt::format("{} keeps a handle", who));
  }

  Truth truth_;
  Ledger ledger_;
  World world_;
  Process& server_process_ = world_.process("server");
  Process& client_process_ = world_.process("client");
  Process& stranger_process_ = world_.process("stranger");
  Server* server_ = nullptr;
  Client* client_ = nullptr;
  Stranger* stranger_ = nullptr;
};

SimResult exchanges(std::uint64_t seed) {
  return Run(seed).run();
}

TEST(HttpSimTest, NoSeedFindsAFault) {
  expect_no_fault("http_sim_test", exchanges);
}
TEST(HttpSimTest, EqualSeedsGiveEqualTraces) {
  expect_repeatable(exchanges);
}
TEST(HttpSimTest, FindsAByteLostWhereAChunkIsSplit) {
  expect_mutant_found("http-split-chunk-loses-a-byte", exchanges);
}
TEST(HttpSimTest, FindsALengthAcceptedBesideAnEncoding) {
  expect_mutant_found("http-length-beside-encoding", exchanges);
}
TEST(HttpSimTest, FindsLinesThatEndWithoutCarriageReturn) {
  expect_mutant_found("http-bare-line-feed", exchanges);
}
TEST(HttpSimTest, FindsAnUnreadBodyTakenForARequest) {
  expect_mutant_found("http-unread-body-is-a-request", exchanges);
}
TEST(HttpSimTest, FindsAConnectionUsedBeforeItsAnswerWasRead) {
  expect_mutant_found("http-unread-answer-reused", exchanges);
}
TEST(HttpSimTest, FindsAnAnswerWithoutDeadline) {
  expect_mutant_found("http-answer-without-deadline", exchanges);
}
TEST(HttpSimTest, FindsAHeadThatTricklesInWithoutEnd) {
  expect_mutant_found("http-trickle-resets-timeout", exchanges);
}
TEST(HttpSimTest, FindsAPostThatIsSentAgain) {
  expect_mutant_found("http-retries-post", exchanges);
}

}  // namespace
}  // namespace sofa::tests
