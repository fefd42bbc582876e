#include "sofa/wire/http/head.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sofa/wire/http/error.h"

namespace sofa::http {
namespace {

void put(Chain& out, std::string_view text) {
  out.append(as_bytes(text));
}

void put_number(Chain& out, std::uint64_t number, int base = 10) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
  put(out, {digits, static_cast<std::size_t>(end - digits)});
}

void put_length(Chain& out, std::uint64_t length) {
  put(out, "Content-Length: ");
  put_number(out, length);
  put(out, "\r\n");
}

void put_fields(Chain& out, const Fields& fields) {
  // Whole runs of lines at once: framing fields are rare here.
  std::string_view rest = fields.lines();
  const char* run = rest.data();
  for (const Field field : fields) {
    if (!is_framing_field(field.name)) continue;
    put(out, {run, static_cast<std::size_t>(field.name.data() - run)});
    run = static_cast<const char*>(std::memchr(
        field.value.data(), '\n', static_cast<std::size_t>(rest.data() + rest.size() - field.value.data())));
    ++run;
  }
  put(out, {run, static_cast<std::size_t>(rest.data() + rest.size() - run)});
}

void put_framing(Chain& out, const Head& head) {
  if (head.body == Body::kLength) put_length(out, head.length);
  if (head.body == Body::kChunked) put(out, "Transfer-Encoding: chunked\r\n");
  if (!head.keep_alive || head.body == Body::kUntilClose) {
    put(out, "Connection: close\r\n");
  } else if (head.version == Version::k10) {
    put(out, "Connection: keep-alive\r\n");
  }
}

}  // namespace

std::string_view reason_of(int status) {
  struct Row {
    int status;
    std::string_view reason;
  };
  static constexpr Row kRows[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {511, "Network Authentication Required"},
  };
  const auto* row = std::lower_bound(std::begin(kRows), std::end(kRows), status,
                                     [](const Row& at, int wanted) { return at.status < wanted; });
  return row != std::end(kRows) && row->status == status ? row->reason : std::string_view{};
}

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

Result<void> append_request(Chain& out, const Head& head) {
  if (!is_token(head.method) || !is_target(head.target)) {
    return fail(HttpError::kUnwritable,
                "a request of {} bytes method and {} bytes target: a character in them may not "
                "be sent; percent-encode the target",
                head.method.size(), head.target.size());
  }
  put(out, head.method);
  put(out, " ");
  put(out, head.target);
  put(out, head.version == Version::k11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  put_fields(out, head.fields);
  const bool says_none = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
  if (head.body == Body::kNone && says_none) put_length(out, 0);
  if (head.expects_continue) put(out, "Expect: 100-continue\r\n");
  put_framing(out, head);
  put(out, "\r\n");
  return {};
}

Result<void> append_response(Chain& out, const Head& head) {
  if (head.status < 100 || head.status > 599 || !is_value(head.reason)) {
    return fail(HttpError::kUnwritable, "a response of status {} and {} bytes reason cannot be sent", head.status,
                head.reason.size());
  }
  put(out, "HTTP/1.1 ");
  put_number(out, static_cast<std::uint64_t>(head.status));
  put(out, " ");
  put(out, head.reason.empty() ? reason_of(head.status) : head.reason);
  put(out, "\r\n");
  put_fields(out, head.fields);
  if (head.body == Body::kNone && (head.length != 0 || !is_bodiless(head.status))) put_length(out, head.length);
  if (head.status >= 200) put_framing(out, head);
  put(out, "\r\n");
  return {};
}

void append_chunk_head(Chain& out, std::size_t size) {
  assert(size != 0);  // that would be the last one
  put_number(out, size, 16);
  put(out, "\r\n");
}

}  // namespace sofa::http
