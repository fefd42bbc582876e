// Writing heads, and that nobody can write lines of their own into them.
#include "sofa/wire/http/head.h"

#include <string>

#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/wire/http/error.h"
#include "sofa/wire/http/feed_test.h"

namespace sofa::http {
namespace {

std::string text_of(const Chain& chain) {
  const Bytes bytes = chain.to_bytes();
  return std::string(as_text(bytes));
}

std::string request(const Head& head) {
  Chain out;
  const Result<void> written = append_request(out, head);
  return written ? text_of(out) : std::string(written.error().code_name());
}
std::string response(const Head& head) {
  Chain out;
  const Result<void> written = append_response(out, head);
  return written ? text_of(out) : std::string(written.error().code_name());
}

TEST(HttpHead, WritesRequests) {
  std::string lines;
  EXPECT_TRUE(append_field(lines, "Host", "a:80"));
  const Head get{.method = "GET", .target = "/x?y", .fields = Fields(lines)};
  EXPECT_EQ(request(get), "GET /x?y HTTP/1.1\r\nHost: a:80\r\n\r\n");
  EXPECT_EQ(request({.method = "POST", .target = "/"}), "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(request({.method = "POST", .target = "/", .body = Body::kLength, .length = 12, .keep_alive = false}),
            "POST / HTTP/1.1\r\nContent-Length: 12\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(request({.method = "PUT", .target = "/", .body = Body::kChunked, .expects_continue = true}),
            "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(HttpHead, WritesResponses) {
  EXPECT_EQ(response({.status = 404}), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(response({.status = 299, .body = Body::kLength, .length = 3}),
            "HTTP/1.1 299 \r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(response({.status = 100}), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(response({.status = 204}), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(response({.status = 200, .length = 9}), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(response({.version = Version::k10, .status = 200, .reason = "fine", .body = Body::kLength}),
            "HTTP/1.1 200 fine\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(response({.version = Version::k10, .status = 200, .body = Body::kUntilClose}),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

TEST(HttpHead, FramingIsItsOwn) {
  std::string lines;
  EXPECT_TRUE(append_field(lines, "CONTENT-Length", "99"));
  EXPECT_TRUE(append_field(lines, "A", "b"));
  EXPECT_TRUE(append_field(lines, "Transfer-Encoding", "chunked"));
  EXPECT_TRUE(append_field(lines, "Connection", ""));
  EXPECT_TRUE(append_field(lines, "C", "d"));
  EXPECT_EQ(response({.status = 200, .fields = Fields(lines), .body = Body::kLength, .length = 1}),
            "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nContent-Length: 1\r\n\r\n");
}

TEST(HttpHead, RefusesWhatWouldBeginALine) {
  for (const std::string_view bad :
       std::initializer_list<std::string_view>{"a\r\nB: c", "a\nb", "a\rb", {"a\0b", 3}, "\x7f"}) {
    std::string lines;
    EXPECT_FALSE(append_field(lines, "Name", bad));
    EXPECT_FALSE(append_field(lines, bad, "value"));
    EXPECT_TRUE(lines.empty());
    EXPECT_EQ(request({.method = bad, .target = "/"}), "unwritable");
    EXPECT_EQ(request({.method = "GET", .target = bad}), "unwritable");
    EXPECT_EQ(response({.status = 200, .reason = bad}), "unwritable");
  }
  std::string lines;
  EXPECT_FALSE(append_field(lines, "", "x"));
  EXPECT_FALSE(append_field(lines, "a b", "x"));
  EXPECT_FALSE(append_field(lines, "a:", "x"));
  EXPECT_TRUE(append_field(lines, "a", " \tx\xff "));
  EXPECT_EQ(lines, "a: x\xff\r\n");
  EXPECT_EQ(request({.method = "GET", .target = "/a b"}), "unwritable");
  EXPECT_EQ(request({.method = "", .target = "/"}), "unwritable");
  EXPECT_EQ(response({.status = 99}), "unwritable");
#ifdef SOFA_MUTANTS
  activate_mutant("http-injection");
  EXPECT_TRUE(append_field(lines, "Name", "a\r\nB: c")) << "the planted bug does nothing";
  activate_mutant(nullptr);
#endif
}

TEST(HttpHead, FieldsAreFoundWhateverTheirCase) {
  const Fields fields("Accept: a\r\nX:\r\nACCEPT: b , Gzip\r\n");
  EXPECT_EQ(fields.find("accept"), "a");
  EXPECT_EQ(fields.find("x"), "");
  EXPECT_FALSE(fields.find("acc"));
  EXPECT_TRUE(fields.has_token("accept", "gzip"));
  EXPECT_TRUE(fields.has_token("accept", "a"));
  EXPECT_FALSE(fields.has_token("accept", "zip"));
  EXPECT_FALSE(Fields().find("x"));
  EXPECT_EQ(std::distance(fields.begin(), fields.end()), 3);
}

TEST(HttpHead, WhatIsWrittenIsRead) {
  std::string lines;
  EXPECT_TRUE(append_field(lines, "Host", "a"));
  Chain out;
  ASSERT_TRUE(append_request(out, {.method = "POST", .target = "/p", .fields = Fields(lines), .body = Body::kChunked}));
  for (const std::string_view piece : {"hello ", "world, which is more than sixteen bytes"}) {
    append_chunk_head(out, piece.size());
    out.append(as_bytes(piece));
    append_chunk_end(out);
  }
  append_last_chunk(out);
  EXPECT_EQ(feed(text_of(out), {}),
            "head(POST /p|Host=a|Transfer-Encoding=chunked|chunked) "
            "body(hello world, which is more than sixteen bytes) end closed");
}

TEST(HttpHead, Reasons) {
  EXPECT_EQ(reason_of(100), "Continue");
  EXPECT_EQ(reason_of(503), "Service Unavailable");
  EXPECT_EQ(reason_of(511), "Network Authentication Required");
  EXPECT_EQ(reason_of(299), "");
  EXPECT_EQ(reason_of(999), "");
  for (int error = 1; error <= static_cast<int>(HttpError::kUnwritable); ++error) {
    const auto code = static_cast<HttpError>(error);
    EXPECT_FALSE(reason_of(status_for(code)).empty()) << error;
    EXPECT_FALSE(describe(code).message().empty());
  }
}

}  // namespace
}  // namespace sofa::http
