// The small parts: headers, URLs, dates, routes.
#include "sofa/net/http_message.h"

#include <gtest/gtest.h>

#include "sofa/net/error.h"
#include "sofa/net/http_date.h"
#include "sofa/net/http_router.h"
#include "sofa/net/http_url.h"

namespace sofa::net {
namespace {

TEST(HttpHeaders, AreSetAndFound) {
  HttpHeaders headers;
  EXPECT_TRUE(headers.add("A", "1"));
  EXPECT_TRUE(headers.add("b", "2"));
  EXPECT_TRUE(headers.add("a", "3"));
  EXPECT_EQ(headers.find("A"), "1");
  EXPECT_TRUE(headers.set("B", "4"));
  EXPECT_EQ(headers.fields().lines(), "A: 1\r\na: 3\r\nB: 4\r\n");
  headers.remove("A");
  EXPECT_EQ(headers.fields().lines(), "B: 4\r\n");
  EXPECT_TRUE(headers.sendable());
  EXPECT_FALSE(headers.add("C", "a\nb"));
  EXPECT_FALSE(headers.sendable());
}

TEST(HttpUrl, IsParsed) {
  const auto parsed = [](std::string_view text) {
    const auto url = HttpUrl::parse(text);
    return url ? url->address.to_string() + " " + url->target : std::string(url.error().code_name());
  };
  EXPECT_EQ(parsed("http://127.0.0.1:4318/v1/traces"), "127.0.0.1:4318 /v1/traces");
  EXPECT_EQ(parsed("HTTP://etcd/a?b=c"), "etcd:80 /a?b=c");
  EXPECT_EQ(parsed("http://[::1]:80"), "[::1]:80 /");
  EXPECT_EQ(parsed("http://[::1]/x"), "[::1]:80 /x");
  for (const std::string_view bad : {"", "etcd:80", "https://etcd", "http://", "http://user@etcd/", "http://etcd:x/",
                                     "http://a b/", "http://etcd/#x", "http://etcd:80\r\n/"}) {
    EXPECT_EQ(parsed(bad), "url") << bad;
  }
}

TEST(HttpDate, IsAsTheStandardWritesIt) {
  using namespace std::chrono;
  HttpDate date;
  EXPECT_EQ(date.text(sys_time<milliseconds>(784111777'999ms)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.text(sys_time<milliseconds>(0ms)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.text(sys_time<milliseconds>(1709210096'000ms)), "Thu, 29 Feb 2024 12:34:56 GMT");
}

HttpHandler says(std::string_view what) {
  return [what](HttpRequest) -> Task<HttpResponse> { return HttpResponse::text(200, what); };
}

TEST(HttpRouter, TheClosestRouteAnswers) {
  HttpRouter router;
  router.add_prefix("GET", "/", says("any"))
      .add_prefix("GET", "/logs/", says("logs"))
      .add("GET", "/logs/now", says("now"));
  router.add_prefix("GET", "/logs/today/", says("today")).add("POST", "/only", says("only"));
  const HttpHandler handler = router.handler();
  const auto ask = [&](std::string_view method, std::string_view target) {
    HttpRequest request = HttpRequest::get(target);
    request.method = method;
    HttpResponse response = handler(std::move(request)).take();
    const Bytes text = response.body.content().to_bytes();
    return std::to_string(response.status) + " " + std::string(as_text(text));
  };
  EXPECT_EQ(ask("GET", "/logs/now?x=/logs/today/"), "200 now");
  EXPECT_EQ(ask("GET", "/logs/today/1"), "200 today");
  EXPECT_EQ(ask("HEAD", "/logs/x"), "200 logs");
  EXPECT_EQ(ask("GET", "/only"), "200 any");
  EXPECT_EQ(ask("POST", "/only"), "200 only");
  EXPECT_EQ(ask("POST", "/logs/now").substr(0, 3), "405");
  EXPECT_EQ(HttpRouter().handler()(HttpRequest::get("/")).take().status, 404);
}

}  // namespace
}  // namespace sofa::net
