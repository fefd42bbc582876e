// What is found, what is not, and who is turned away.
#include "sofa/net/admin_server.h"

#include <gmock/gmock.h>

#include "sofa/net/http_world_test.h"

namespace sofa::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

HttpRouter admin_router() {
  const auto ok = [](HttpRequest) -> Task<HttpResponse> { return HttpResponse::json(200, "{\"ok\": true}\n"); };
  HttpRouter router;
  router.add("GET", "/health", ok).add("POST", "/level", ok).add("GET", "/level", ok).add_prefix("GET", "/logs/", ok);
  return router;
}

struct Admin {
  io::Shards shards;
  AdminServer server;
  std::optional<io::Address> at;

  explicit Admin(io::sim::Process& process, bool everywhere = true)
      : shards(process.env(), 1), server(shards, admin_router(), {.names = {"bank.example"}}) {
    const auto bound = everywhere ? server.listen({.host = "0.0.0.0", .port = kTestPort}) : server.listen();
    EXPECT_TRUE(bound);
    if (bound) at = *bound;
    shards.start();
  }
};

class AdminServerTest : public testing::Test {
 protected:
  /// All that a fresh client hears; `lines` are header fields with their ends.
  std::string ask(std::string_view method, std::string_view target, std::string_view lines = "Host: 127.0.0.1:80\r\n",
                  std::string_view version = "1.1") {
    RawClient* client = boot<RawClient>(world.process(fmt::format("client {}", ++clients)), "server", false);
    client->send(fmt::format("{} {} HTTP/{}\r\n{}Connection: close\r\n\r\n", method, target, version, lines));
    EXPECT_TRUE(world.run_until([&] { return client->state->closed; }, 10s));
    return client->state->heard;
  }

  io::sim::World world{3};
  Admin* admin = boot<Admin>(world.process("server"), true);
  int clients = 0;
};

TEST_F(AdminServerTest, AnswersWhatIsServed) {
  EXPECT_THAT(ask("GET", "/health"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("{\"ok\": true}"),
                                           HasSubstr("Content-Type: application/json\r\n")));
  EXPECT_THAT(ask("GET", "/health?verbose=1"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET", "/logs/a/b"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("POST", "/level"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminServerTest, HeadHasTheHeadOfGet) {
  EXPECT_THAT(ask("HEAD", "/health"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 13\r\n"), testing::EndsWith("\r\n\r\n")));
  EXPECT_THAT(ask("HEAD", "/nowhere"), AllOf(StartsWith("HTTP/1.1 404 "), testing::EndsWith("\r\n\r\n")));
}

TEST_F(AdminServerTest, WhatIsNotServedIsToldWithWhatIs) {
  EXPECT_THAT(ask("GET", "/"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("Content-Type: application/json\r\n"),
                    HasSubstr("{\"error\": \"nothing is served at this path\", "
                              "\"served\": [\"GET /health\", \"GET /level\", \"GET /logs/*\", \"POST /level\"]}")));
  EXPECT_THAT(ask("GET", "/health/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("GET", "/%68ealth"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(AdminServerTest, AnotherMethodIsToldWhichMayBeAsked) {
  EXPECT_THAT(ask("DELETE", "/level"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST, GET, HEAD\r\n"),
                                             HasSubstr("\"allowed\": [\"POST\", \"GET\", \"HEAD\"]}")));
  EXPECT_THAT(ask("POST", "/health"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
}

TEST_F(AdminServerTest, AWebPageIsTurnedAway) {
  for (const std::string host :
       {"Host: 127.0.0.1\r\n", "Host: 10.1.2.3:9\r\n", "Host: [::1]:9\r\n", "Host: localhost:9\r\n",
        "Host: LOCALHOST\r\n", "Host: bank.example:9\r\n", "Host: Bank.Example\r\n", "Host:\r\n"}) {
    EXPECT_THAT(ask("GET", "/health", host), StartsWith("HTTP/1.1 200 ")) << host;
    EXPECT_THAT(ask("GET", "/health", host + "Origin: http://127.0.0.1\r\n"), StartsWith("HTTP/1.1 403 ")) << host;
    EXPECT_THAT(ask("POST", "/level", host + "origin: null\r\n"), StartsWith("HTTP/1.1 403 ")) << host;
  }
  for (const std::string host : {"Host: evil.example\r\n", "Host: 127.0.0.1.evil.example:9\r\n",
                                 "Host: localhost.evil.example\r\n", "Host: a.bank.example\r\n", "Host: 1.2.3.x\r\n"}) {
    EXPECT_THAT(ask("GET", "/health", host), StartsWith("HTTP/1.1 421 ")) << host;
  }
  EXPECT_THAT(ask("GET", "/health", "", "1.0"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminServerTest, ListensOnLoopbackUnlessToldOtherwise) {
  Admin* other = boot<Admin>(world.process("other"), false);
  ASSERT_TRUE(other->at);
  EXPECT_EQ(other->at->host, "127.0.0.1");
  EXPECT_NE(other->at->port, 0);
}

}  // namespace
}  // namespace sofa::net
