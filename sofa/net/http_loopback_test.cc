// Server and client over real sockets.
#include <gmock/gmock.h>

#include "sofa/io/posix/env.h"
#include "sofa/net/http_world_test.h"

namespace sofa::net {
namespace {

using testing::HasSubstr;

Task<std::string> text_at(HttpClient* client, io::Address address, HttpRequest request) {
  HttpResponse response = co_await client->send(std::move(address), std::move(request));
  const std::string text = co_await response.body.read_text(64 << 20);
  co_return fmt::format("{} {}", response.status, text);
}

class HttpLoopback : public testing::Test {
 protected:
  void SetUp() override {
    const auto bound = server.listen({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(bound) << bound.error().what();
    address = *bound;
    shards.start();
  }
  void TearDown() override { shards.stop_and_join(); }
  std::string ask(HttpRequest request) {
    const Result<std::string> answer = wait(shards, text_at(&client, address, std::move(request)), 30s);
    return answer ? *answer : answer.error().what();
  }

  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  io::Shards shards{io::posix::env(), 2};
  HttpServer server{shards, test_handler(seen)};
  HttpClient client{shards};
  io::Address address;
};

TEST_F(HttpLoopback, AsksAndAnswers) {
  EXPECT_EQ(ask(HttpRequest::get("/hello")), "200 hello");
  EXPECT_EQ(ask(HttpRequest::post("/echo", "text/plain", "there")), "200 there");
  EXPECT_EQ(ask(HttpRequest::get("/stream?size=5000000")), "200 " + pattern(5'000'000));
  HttpRequest request =
      HttpRequest::post("/back", "a/b", HttpBody::stream(std::make_unique<Pieces>(pattern(3'000'000), 50'000)));
  EXPECT_EQ(ask(std::move(request)), "200 " + pattern(3'000'000));
  EXPECT_THAT(ask(HttpRequest::get("/nowhere")), HasSubstr("404"));
}

TEST_F(HttpLoopback, ManyAtOnce) {
  std::vector<Future<std::string>> futures;
  for (int i = 0; i < 200; ++i) {
    const std::string body = pattern(static_cast<std::size_t>(i) * 97);
    futures.push_back(as_future(shards.any(), text_at(&client, address, HttpRequest::post("/echo", "a/b", body)), 30s));
  }
  for (std::size_t i = 0; i < futures.size(); ++i) {
    const Result<std::string> answer = futures[i].get();
    ASSERT_TRUE(answer) << answer.error().what();
    EXPECT_EQ(*answer, "200 " + pattern(i * 97));
  }
  EXPECT_EQ(client.counts().in_flight, 0U);
}

TEST_F(HttpLoopback, StartsAndStopsWhileTurning) {
  const Result<io::Address> second = wait(shards, server.start_listening({.host = "127.0.0.1", .port = 0}), 10s);
  ASSERT_TRUE(second) << second.error().what();
  address = *second;
  EXPECT_EQ(ask(HttpRequest::get("/hello")), "200 hello");
  EXPECT_TRUE(wait(shards, server.stop(io::posix::env().clock.now() + 10s), 20s));
  EXPECT_EQ(server.counts().connections, 0U);
  EXPECT_THAT(ask(HttpRequest::get("/hello")), HasSubstr("cannot connect"));
}

}  // namespace
}  // namespace sofa::net
