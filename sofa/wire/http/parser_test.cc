// The parser on good and hostile bytes, at once and cut everywhere.
#include "sofa/wire/http/parser.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/wire/http/feed_test.h"

namespace sofa::http {
namespace {

struct Case {
  std::string bytes;
  std::string events;
};

const Feeding kResponses{.role = Parser::Role::kResponses};
const std::string kHost = "Host: a\r\n";

std::string get(std::string_view lines) {
  return "GET / HTTP/1.1\r\n" + kHost + std::string(lines) + "\r\n";
}
std::string post(std::string_view lines, std::string_view rest) {
  return "POST /p HTTP/1.1\r\n" + kHost + std::string(lines) + "\r\n" + std::string(rest);
}
std::string chunked(std::string_view rest) {
  return post("Transfer-Encoding: chunked\r\n", rest);
}
const std::string kChunkedHead = "head(POST /p|Host=a|Transfer-Encoding=chunked|chunked) ";

const std::vector<Case>& good_requests() {
  static const std::vector<Case> cases = {
      {get(""), "head(GET /|Host=a|0) end closed"},
      {"", "closed"},
      {"\r\n" + get(""), "head(GET /|Host=a|0) end closed"},
      {get("") + "\r\n" + get(""), "head(GET /|Host=a|0) end head(GET /|Host=a|0) end closed"},
      {get("X-Empty:\r\nX-Space: \t a b \t\r\n"), "head(GET /|Host=a|X-Empty=|X-Space=a b|0) end closed"},
      {get("Connection: foo, Close\r\n"), "head(GET /|Host=a|Connection=foo, Close|0 close) end closed"},
      {"GET /a?b=c%20d HTTP/1.0\r\n\r\n", "head(GET /a?b=c%20d|0 close) end closed"},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "head(GET /|Connection=Keep-Alive|0) end closed"},
      {"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "head(OPTIONS *|Host=|0) end closed"},
      {"GET http://a:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n", "head(GET http://a:80/x|Host=a:80|0) end closed"},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "head(CONNECT a:443|Host=a:443|0) end closed"},
      {post("Content-Length: 5\r\n", "hello") + get(""),
       "head(POST /p|Host=a|Content-Length=5|5) body(hello) end head(GET /|Host=a|0) end closed"},
      {post("content-length: 0\r\n", ""), "head(POST /p|Host=a|content-length=0|0) end closed"},
      {post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x"),
       "head(POST /p|Host=a|Expect=100-Continue|Content-Length=1|1 expects) body(x) end closed"},
      {chunked("5\r\nhello\r\n6 ; a=\"b\"\r\n world\r\n0\r\n\r\n") + get(""),
       kChunkedHead + "body(hello world) end head(GET /|Host=a|0) end closed"},
      {chunked("0005\r\nhel\r\n\r\n00;x\r\nA: b\r\nC: d\r\n\r\n"), kChunkedHead + "body(hel\r\n) end closed"},
      {chunked("A\r\n0123456789\r\n0\r\n\r\n"), kChunkedHead + "body(0123456789) end closed"},
      {"PRI-VATE~ /caf\xC3HTTP HTTP/1.1\r\n", "error(bad_start_line)"},
  };
  return cases;
}

const std::vector<Case>& good_responses() {
  static const std::vector<Case> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "head(200 OK|Content-Length=2|2) body(hi) end closed"},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "head(200 |Content-Length=0|0) end closed"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "head(204 No Content|0) end closed"},
      {"HTTP/1.1 304 \r\nContent-Length: 7\r\n\r\n", "head(304 |Content-Length=7|7) end closed"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
       "head(100 Continue|0) end head(200 OK|Content-Length=1|1) body(x) end closed"},
      {"HTTP/1.0 200 OK\r\n\r\nall of it", "head(200 OK|until-close close) body(all of it) end closed"},
      {"HTTP/1.1 200 OK\r\n\r\n", "head(200 OK|until-close close) end closed"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
       "head(200 OK|Transfer-Encoding=Chunked|chunked) body(x) end closed"},
      {"HTTP/1.1 500 \xE9t\xE9\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
       "head(500 \xE9t\xE9|Connection=close|Content-Length=0|0 close) end closed"},
  };
  return cases;
}

// What makes two readers of one connection see different requests, and other ways to be hostile.
const std::vector<Case>& bad_requests() {
  static const std::vector<Case> cases = {
      {"\x16\x03\x01", "error(bad_start_line)"},
      {"\r\n\r\n", "error(bad_start_line)"},
      {"\rGET / HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET /\r\n", "error(bad_start_line)"},
      {"GET  / HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET / HTTP/1.1 \r\n", "error(bad_start_line)"},
      {"GET\t/ HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET / a HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET /#a HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET a HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET * HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET ftp://a/ HTTP/1.1\r\n", "error(bad_start_line)"},
      {"CONNECT /a HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET / http/1.1\r\n", "error(bad_start_line)"},
      {"GET / HTTP/11\r\n", "error(bad_start_line)"},
      {"GET /\x01 HTTP/1.1\r\n", "error(bad_start_line)"},
      {std::string(33, 'M') + " / HTTP/1.1\r\n", "error(bad_start_line)"},
      {"GET / HTTP/2.0\r\n", "error(bad_version)"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "error(bad_start_line)"},
      {"GET / HTTP/1.2\r\n", "error(bad_version)"},
      {"GET / HTTP/1.1\n", "error(bare_line_feed)"},
      {"\n", "error(bad_start_line)"},
      {get("A: b\n"), "error(bare_line_feed)"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", "error(bare_line_feed)"},
      {get("A: b\rC: d\r\n"), "error(bad_field)"},
      {get("A: b\r\r\n"), "error(bad_field)"},
      {get("A: b\r\n c\r\n"), "error(folded)"},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "error(folded)"},
      {get("A : b\r\n"), "error(bad_field)"},
      {get("A\t: b\r\n"), "error(bad_field)"},
      {get(": b\r\n"), "error(bad_field)"},
      {get("no colon\r\n"), "error(bad_field)"},
      {get("A(: b\r\n"), "error(bad_field)"},
      {get(std::string("A: b\0c\r\n", 8)), "error(bad_field)"},
      {get("A: \x7f\r\n"), "error(bad_field)"},
      {"GET / HTTP/1.1\r\n\r\n", "error(bad_host)"},
      {get("Host: a\r\n"), "error(bad_host)"},
      {get("HOST: b\r\n"), "error(bad_host)"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "error(bad_host)"},
      {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "error(bad_host)"},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "error(bad_host)"},
      {get("Expect: 200-ok\r\n"), "error(unknown_expectation)"},
      // Content-Length
      {post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 5\r\nContent-length: 6\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 5, 5\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: +5\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: -5\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: -0\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 0x5\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 5 5\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 5;\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length:\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 9223372036854775808\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 18446744073709551621\r\n", "hello"), "error(bad_length)"},
      {post("Content-Length: 9223372036854775807\r\n", "hello"), "error(body_too_large)"},
      // Transfer-Encoding
      {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "error(length_and_encoding)"},
      {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), "error(length_and_encoding)"},
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding: identity\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding: gzip, chunked\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding: chunked, identity\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            ""),
       "error(bad_field)"},
      {post("Transfer-Encoding: xchunked\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding: \"chunked\"\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding:\r\n", ""), "error(unknown_encoding)"},
      {post("Transfer-Encoding : chunked\r\n", ""), "error(bad_field)"},
      {post("Transfer-Encoding\r\n : chunked\r\n", ""), "error(bad_field)"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "error(unknown_encoding)"},
      // chunks
      {chunked("\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("5\nhello\r\n"), kChunkedHead + "error(bare_line_feed)"},
      {chunked("5 \r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked(" 5\r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("0x5\r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("+5\r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("-5\r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("5_0\r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("5;a=\rb\r\nhello\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("5\r\nhelloX\r\n"), kChunkedHead + "body(hello) error(bad_chunk)"},
      {chunked("5\r\nhello\n"), kChunkedHead + "body(hello) error(bad_chunk)"},
      {chunked("5\r\nhello\rX"), kChunkedHead + "body(hello) error(bad_chunk)"},
      {chunked("10000000000000000\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("FFFFFFFFFFFFFFFF\r\n"), kChunkedHead + "error(bad_chunk)"},
      {chunked("1\r\nx\r\n0\r\nA : b\r\n\r\n"), kChunkedHead + "body(x) error(bad_field)"},
      {chunked("1\r\nx\r\n0\r\n a: b\r\n\r\n"), kChunkedHead + "body(x) error(folded)"},
      {chunked("1\r\nx\r\n0\r\n\n"), kChunkedHead + "body(x) error(bare_line_feed)"},
      // cut off
      {"G", "cut-off"},
      {"\r", "cut-off"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r", "cut-off"},
      {post("Content-Length: 5\r\n", "hell"), "head(POST /p|Host=a|Content-Length=5|5) body(hell) cut-off"},
      {chunked("5\r\nhello"), kChunkedHead + "body(hello) cut-off"},
      {chunked("5\r\nhello\r\n0\r\n"), kChunkedHead + "body(hello) cut-off"},
  };
  return cases;
}

const std::vector<Case>& bad_responses() {
  static const std::vector<Case> cases = {
      {"ICY 200 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1 20 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1 2000 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1 099 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1 600 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1  200 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1 200 O\x01K\r\n", "error(bad_start_line)"},
      {"HTTP/2.0 200 OK\r\n", "error(bad_version)"},
      {"\r\nHTTP/1.1 200 OK\r\n", "error(bad_start_line)"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "error(unasked)"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "error(length_and_encoding)"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "error(bad_length)"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "head(200 OK|Content-Length=3|3) body(ab) cut-off"},
  };
  return cases;
}

// At once, byte by byte, cut once at every place, and cut at random.
void expect_whatever_the_cuts(const Case& wanted, const Feeding& feeding) {
  EXPECT_EQ(feed(wanted.bytes, {}, feeding), wanted.events) << wanted.bytes;
  EXPECT_EQ(feed_byte_by_byte(wanted.bytes, feeding), wanted.events) << wanted.bytes;
  for (std::size_t cut = 0; cut <= wanted.bytes.size(); ++cut) {
    EXPECT_EQ(feed(wanted.bytes, std::vector{cut}, feeding), wanted.events) << wanted.bytes << " cut at " << cut;
  }
  std::minstd_rand dice(static_cast<unsigned>(wanted.bytes.size()) + 1);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = dice() % 7; at < wanted.bytes.size(); at += 1 + dice() % 13) cuts.push_back(at);
    EXPECT_EQ(feed(wanted.bytes, cuts, feeding), wanted.events) << wanted.bytes;
  }
}

TEST(HttpParser, ReadsRequestsWhateverTheCuts) {
  for (const Case& each : good_requests()) expect_whatever_the_cuts(each, {});
}
TEST(HttpParser, ReadsResponsesWhateverTheCuts) {
  for (const Case& each : good_responses()) expect_whatever_the_cuts(each, kResponses);
}
TEST(HttpParser, RefusesHostileRequestsWhateverTheCuts) {
  for (const Case& each : bad_requests()) expect_whatever_the_cuts(each, {});
}
TEST(HttpParser, RefusesHostileResponsesWhateverTheCuts) {
  for (const Case& each : bad_responses()) expect_whatever_the_cuts(each, kResponses);
}

TEST(HttpParser, TheAnswerToHeadHasNoBody) {
  Feeding head = kResponses;
  head.answers_head = true;
  const std::string informed = "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  expect_whatever_the_cuts({informed + answer + answer + "hello",
                            "head(103 Early Hints|0) end head(200 OK|Content-Length=5|5) end "
                            "head(200 OK|Content-Length=5|5) body(hello) end closed"},
                           head);
}

TEST(HttpParser, KeepsItsLimitsToTheByte) {
  Feeding small;
  small.limits = {.line_bytes = 24,
                  .head_bytes = 48,
                  .fields = 3,
                  .body_bytes = 6,
                  .chunk_bytes = 4,
                  .chunk_line_bytes = 12,
                  .extension_bytes = 10,
                  .trailer_bytes = 20};
  const std::string start = "GET / HTTP/1.1\r\n";
  const auto line = [&](std::size_t size) {
    return "GET /" + std::string(size - 16, 'x') + " HTTP/1.1\r\n" + kHost + "\r\n";
  };
  expect_whatever_the_cuts({line(24), "head(GET /xxxxxxxx|Host=a|0) end closed"}, small);
  expect_whatever_the_cuts({line(25), "error(line_too_long)"}, small);
  const auto head = [&](std::size_t size) { return start + kHost + "A:" + std::string(size - 31, 'x') + "\r\n\r\n"; };
  expect_whatever_the_cuts({head(48), "head(GET /|Host=a|A=xxxxxxxxxxxxxxxxx|0) end closed"}, small);
  expect_whatever_the_cuts({head(50), "error(head_too_large)"}, small);
  expect_whatever_the_cuts({start + "A:\r\nB:\r\nC:\r\nD:\r\n\r\n", "error(too_many_fields)"}, small);

  small.limits.head_bytes = 1000;
  const std::string with_length = "head(POST /p|Host=a|Content-Length=";
  expect_whatever_the_cuts({post("Content-Length: 6\r\n", "123456"), with_length + "6|6) body(123456) end closed"},
                           small);
  expect_whatever_the_cuts({post("Content-Length: 7\r\n", "1234567"), "error(body_too_large)"}, small);
  expect_whatever_the_cuts({chunked("4\r\n1234\r\n2\r\n56\r\n0\r\n\r\n"), kChunkedHead + "body(123456) end closed"},
                           small);
  expect_whatever_the_cuts({chunked("5\r\n12345\r\n"), kChunkedHead + "error(bad_chunk)"}, small);
  expect_whatever_the_cuts({chunked("4\r\n1234\r\n3\r\n567\r\n"), kChunkedHead + "body(1234) error(body_too_large)"},
                           small);
  expect_whatever_the_cuts({chunked("1;2345678901\r\nx"), kChunkedHead + "error(bad_chunk)"}, small);
  expect_whatever_the_cuts({chunked("1;23456\r\nx\r\n1;23456\r\ny"), kChunkedHead + "body(x) error(bad_chunk)"}, small);
  expect_whatever_the_cuts({chunked("0\r\nA: 34567\r\nB: 678901\r\n"), kChunkedHead + "error(head_too_large)"}, small);
  expect_whatever_the_cuts({chunked("0\r\nA:\r\nB:\r\nC:\r\nD:\r\n"), kChunkedHead + "error(too_many_fields)"}, small);

  small.role = Parser::Role::kResponses;
  expect_whatever_the_cuts({"HTTP/1.1 200 OK\r\n\r\n123456", "head(200 OK|until-close close) body(123456) end closed"},
                           small);
  expect_whatever_the_cuts(
      {"HTTP/1.1 200 OK\r\n\r\n1234567", "head(200 OK|until-close close) body(123456) error(body_too_large)"}, small);
}

TEST(HttpParser, AnEndlessHeadIsRefusedWithoutKeepingIt) {
  for (const std::string& bytes : {std::string(100'000, 'A'), "GET / HTTP/1.1\r\nA: " + std::string(100'000, 'b')}) {
    EXPECT_TRUE(feed(bytes, {}).starts_with("error(")) << feed(bytes, {});
  }
}

#ifdef SOFA_MUTANTS
// The tables above find the bugs that are planted here.
bool tables_find(const char* mutant) {
  activate_mutant(mutant);
  bool found = false;
  for (const auto* table : {&good_requests(), &bad_requests()}) {
    for (const Case& each : *table)
      found = found || feed_byte_by_byte(each.bytes) != each.events || feed(each.bytes, {}) != each.events;
  }
  activate_mutant(nullptr);
  return found;
}

TEST(HttpParserMutants, AreFound) {
  EXPECT_TRUE(tables_find("http-bare-line-feed"));
  EXPECT_TRUE(tables_find("http-length-beside-encoding"));
  EXPECT_TRUE(tables_find("http-skips-a-byte-at-a-cut"));
  EXPECT_FALSE(tables_find(nullptr));
}
#endif

}  // namespace
}  // namespace sofa::http
