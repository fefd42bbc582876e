// What the tests of server and client run in simulated processes: a server with many manners, and peers that speak raw
// text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/io/acceptor.h"
#include "sofa/io/async.h"
#include "sofa/io/connector.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"
#include "sofa/net/error.h"
#include "sofa/net/http_client.h"
#include "sofa/net/http_router.h"
#include "sofa/net/http_server.h"
#include "sofa/net/running_tasks.h"
#include "sofa/wire/http/target.h"

namespace sofa::net {

using namespace std::chrono_literals;

inline std::string text_of(const Chain& chain) {
  const Bytes bytes = chain.to_bytes();
  return std::string(as_text(bytes));
}

/// Bytes that tell where they stand.
inline std::string pattern(std::size_t size) {
  std::string text(size, 'x');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return text;
}

/// Gives a text in pieces, each after a pause.
class Pieces final : public HttpBodySource {
 public:
  struct Options {
    std::size_t piece = 10'000;
    io::Duration pause{0};
    bool fails_at_end = false;
  };
  Pieces(std::string text, Options options) : rest_(std::move(text)), options_(options) {}
  Pieces(std::string text, std::size_t piece) : Pieces(std::move(text), Options{.piece = piece}) {}
  Task<Chain> read() override {
    if (options_.pause.count() != 0) co_await sleep(options_.pause);
    if (rest_.empty() && options_.fails_at_end) throw Error(NetError::kUrl, "the source is dry");
    Chain piece;
    const std::size_t size = std::min(rest_.size(), options_.piece);
    piece.append(as_bytes(std::string_view(rest_).substr(0, size)));
    rest_.erase(0, size);
    taken += size;
    co_return piece;
  }
  std::uint64_t taken = 0;

 private:
  std::string rest_;
  const Options options_;
};

/// What handlers saw.
struct Seen {
  std::vector<std::string> log;
  int cancelled = 0;
  std::uint64_t counted = 0;  // bytes of bodies that /count read
};

inline std::size_t number(const HttpRequest& request, std::string_view key, std::size_t otherwise = 0) {
  const auto value = http::query_value(request.query(), key);
  return value ? static_cast<std::size_t>(std::stoul(*value)) : otherwise;
}

/// The paths of the tests' server. Handlers take `seen` by value where they wait.
inline Task<HttpResponse> answer_echo(HttpRequest request) {
  HttpResponse response;
  response.body = co_await request.body.read_text(1 << 20);
  co_return response;
}
inline Task<HttpResponse> answer_limited(HttpRequest request) {
  co_await request.body.read_text(10);
  co_return HttpResponse{};
}
inline Task<HttpResponse> answer_back(HttpRequest request) {
  HttpResponse response;
  response.body = std::move(request.body);
  co_return response;
}
inline Task<HttpResponse> answer_count(HttpRequest request, std::shared_ptr<Seen> seen) {
  const io::Duration pause = std::chrono::milliseconds(number(request, "pause"));
  for (;;) {
    const Chain piece = co_await request.body.read();
    if (piece.empty()) break;
    seen->counted += piece.size();
    co_await sleep(pause);
  }
  co_return HttpResponse::text(200, std::to_string(seen->counted));
}
inline Task<HttpResponse> answer_later(HttpRequest request, std::shared_ptr<Seen> seen) {
  seen->log.push_back(std::string(request.query()));
  const Result<void> slept = co_await as_result(
      [](io::Duration time) -> Task<void> { co_await sleep(time); }(std::chrono::milliseconds(number(request, "ms"))));
  if (!slept) {
    ++seen->cancelled;
    slept.error().raise();
  }
  co_return HttpResponse::text(200, request.query());
}
inline Task<HttpResponse> answer_stream(HttpRequest request) {
  HttpResponse response;
  const std::size_t size = number(request, "size");
  std::optional<std::uint64_t> length;
  if (const auto said = number(request, "said"); said != 0) length = said;
  response.body =
      HttpBody::stream(std::make_unique<Pieces>(
                           pattern(size), Pieces::Options{.piece = number(request, "piece", 10'000),
                                                          .pause = std::chrono::milliseconds(number(request, "pause")),
                                                          .fails_at_end = number(request, "fails") != 0}),
                       length);
  co_return response;
}

inline HttpHandler test_handler(std::shared_ptr<Seen> seen) {
  HttpRouter router;
  router.add("GET", "/hello", [](HttpRequest) -> Task<HttpResponse> { return HttpResponse::text(200, "hello"); })
      .add("POST", "/hello", [](HttpRequest) -> Task<HttpResponse> { return HttpResponse::text(200, "posted"); })
      .add("GET", "/throw", [](HttpRequest) -> Task<HttpResponse> { throw Error(NetError::kUrl, "secret"); })
      .add("GET", "/inject",
           [](HttpRequest) -> Task<HttpResponse> {
             HttpResponse response;
             response.headers.add("X", "a\r\nSet-Cookie: b");
             return response;
           })
      .add("GET", "/nothing", [](HttpRequest) -> Task<HttpResponse> { return HttpResponse{.status = 204}; })
      .add("POST", "/echo", answer_echo)
      .add("POST", "/limited", answer_limited)
      .add("POST", "/back", answer_back)
      .add("GET", "/stream", answer_stream)
      .add("POST", "/count", [seen](HttpRequest request) { return answer_count(std::move(request), seen); })
      .add("GET", "/later", [seen](HttpRequest request) { return answer_later(std::move(request), seen); })
      .add("POST", "/later", [seen](HttpRequest request) { return answer_later(std::move(request), seen); });
  return router.handler();
}

inline constexpr std::uint16_t kTestPort = 8080;

struct TestServer {
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  io::Shards shards;
  HttpServer server;

  explicit TestServer(io::sim::Process& process, HttpServerOptions options = {}, int shard_count = 1)
      : shards(process.env(), shard_count), server(shards, test_handler(seen), options) {
    EXPECT_TRUE(server.listen({.host = "0.0.0.0", .port = kTestPort}));
    shards.start();
  }
};

/// A peer that says what the test tells it and keeps what it hears.
class RawPeer final : public io::Protocol {
 public:
  struct State {
    io::Connection* connection = nullptr;  // null before it is open and once it is closed
    std::string heard;
    std::string unsaid;  // before it was open
    bool deaf = false;   // reads nothing
    bool closed = false;
    bool ended = false;                    // the other side half-closed
    std::function<void(State&)> on_heard;  // at the end of each head
  };
  explicit RawPeer(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void on_open(io::Connection& connection) override {
    state_->connection = &connection;
    if (state_->deaf) connection.pause_reading();
    connection.out().append(as_bytes(std::exchange(state_->unsaid, {})));
    connection.flush();
  }
  std::size_t on_data(io::Connection&, BytesView data) override {
    state_->heard += as_text(data);
    if (state_->on_heard && state_->heard.ends_with("\r\n\r\n")) state_->on_heard(*state_);
    return data.size();
  }
  void on_end(io::Connection& connection) override {
    state_->ended = true;
    connection.close_after_flush();
  }
  void on_closed(io::Connection&, const Error&) override {
    state_->connection = nullptr;
    state_->closed = true;
  }
  bool quiescent() const override { return false; }

 private:
  const std::shared_ptr<State> state_;
};

inline void say(RawPeer::State& state, std::string_view text) {
  if (!state.connection) {
    if (!state.closed) state.unsaid += text;
    return;
  }
  state.connection->out().append(as_bytes(text));
  state.connection->flush();
}

/// Connects to a server and speaks raw text.
struct RawClient {
  io::Shards shards;
  io::Connector connector;
  std::shared_ptr<RawPeer::State> state = std::make_shared<RawPeer::State>();

  RawClient(io::sim::Process& process, const std::string& host, bool deaf = false)
      : shards(process.env(), 1), connector(shards[0]) {
    state->deaf = deaf;
    shards.start();
    shards[0].post([this, host] {
      connector.start({.host = host, .port = kTestPort}, shards[0].now() + 5s, std::make_unique<RawPeer>(state),
                      [](Result<io::Connection*> opened) {
                        if (!opened) ADD_FAILURE() << opened.error().what();
                      });
    });
  }
  void send(std::string text) {
    shards[0].post([state = state, text = std::move(text)] { say(*state, text); });
  }
};

/// Accepts, and answers as the test says.
struct RawServer {
  io::Shards shards;
  std::unique_ptr<io::Acceptor> acceptor;
  std::vector<std::shared_ptr<RawPeer::State>> peers;

  using OnHeard = std::function<void(RawPeer::State&)>;
  RawServer(io::sim::Process& process, OnHeard on_heard) : shards(process.env(), 1) {
    acceptor = *io::Acceptor::listen(shards[0], {.host = "0.0.0.0", .port = kTestPort},
                                     [this, on_heard](io::Shard&, const io::ConnectionState*) {
                                       peers.push_back(std::make_shared<RawPeer::State>());
                                       peers.back()->on_heard = on_heard;
                                       return std::make_unique<RawPeer>(peers.back());
                                     },
                                     {});
    shards.start();
  }
};

/// What came of a call.
struct Outcome {
  bool done = false;
  int status = 0;
  std::string text;
  std::optional<Error> error;
};

/// A process with a client.
struct TestClient {
  io::Shards shards;
  HttpClient client;
  RunningTasks tasks;

  explicit TestClient(io::sim::Process& process, HttpClientOptions options = {})
      : shards(process.env(), 1), client(shards, options) {
    shards.start();
  }
  static Task<void> run(HttpClient* client, io::Address to, HttpRequest request, HttpCall call, std::size_t most,
                        std::shared_ptr<Outcome> outcome) {
    Result<HttpResponse> answer = co_await as_result(client->send(std::move(to), std::move(request), call));
    outcome->status = answer ? answer->status : 0;
    if (!answer) {
      outcome->error = answer.error();
    } else if (most != 0) {
      Result<std::string> text = co_await as_result(answer->body.read_text(most));
      if (!text) outcome->error = text.error();
      if (text) outcome->text = *std::move(text);
    }
    outcome->done = true;
  }
  /// Sends; the body is read up to `most` bytes, or let go of when that is 0.
  std::shared_ptr<Outcome> send(const std::string& host, HttpRequest request, HttpCall call = {},
                                std::size_t most = 8 << 20) {
    auto outcome = std::make_shared<Outcome>();
    auto task = std::make_shared<Task<void>>(
        run(&client, {.host = host, .port = kTestPort}, std::move(request), call, most, outcome));
    shards[0].post([this, task] { tasks.start(std::move(*task), CallContext::make()); });
    return outcome;
  }
};

/// Runs an object of type T in a process; the pointer is good until the process ends.
template <class T, class... Args>
T* boot(io::sim::Process& process, Args... args) {
  auto made = std::make_shared<T*>();
  process.boot([made, args...](io::sim::Process& self) {
    auto object = std::make_shared<T>(self, args...);
    *made = object.get();
    return object;
  });
  return *made;
}

/// The whole answers in what was heard: `status body`, and how it broke off where it did.
inline std::vector<std::string> answers(std::string_view heard, bool to_head = false) {
  const http::Limits limits{.body_bytes = 64 << 20, .chunk_bytes = 64 << 20};
  http::Parser parser(http::Parser::Role::kResponses, limits);
  std::vector<std::string> all;
  std::string current;
  if (to_head) parser.expect_no_body();
  for (http::Head head;;) {
    const http::Parser::Step step = parser.next(as_bytes(heard), head);
    heard.remove_prefix(step.consumed);
    if (step.event == http::Event::kNeedMore) return all;
    if (step.event == http::Event::kHead) current = std::to_string(head.status) + " ";
    if (step.event == http::Event::kBody) current += as_text(step.body);
    if (step.event == http::Event::kEnd) all.push_back(std::exchange(current, {}));
    if (step.event == http::Event::kError) {
      all.push_back("broken");
      return all;
    }
  }
}

}  // namespace sofa::net
