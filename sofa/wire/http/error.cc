#include "sofa/wire/http/error.h"

#include <iterator>
#include <string>

namespace sofa::http {
namespace {

struct Row {
  std::string_view name;
  int status;
  std::string_view text;
};

// In the order of HttpError.
constexpr Row kRows[] = {
    {"none", 500, "nothing is wrong"},
    {"bad_start_line", 400, "the first line is no request or status line of HTTP: is another protocol spoken here?"},
    {"bad_version", 505, "only HTTP/1.0 and HTTP/1.1 are spoken here"},
    {"line_too_long", 414, "the first line is longer than the limit"},
    {"head_too_large", 431, "the header fields are larger than the limit"},
    {"too_many_fields", 431, "there are more header fields than the limit"},
    {"bare_line_feed", 400, "a line of the head ends with LF and not with CR LF"},
    {"folded", 400, "a header field goes on on a second line"},
    {"bad_field", 400, "a header field is not `name: value`, or has a control character in it"},
    {"bad_host", 400, "there must be exactly one Host, naming a host"},
    {"bad_length", 400, "Content-Length must be one decimal number, once"},
    {"length_and_encoding", 400, "Content-Length and Transfer-Encoding exclude each other"},
    {"unknown_encoding", 501, "Transfer-Encoding may only be `chunked`, and only in HTTP/1.1"},
    {"unknown_expectation", 417, "the only expectation known is 100-continue"},
    {"body_too_large", 413, "the body is larger than the limit"},
    {"bad_chunk", 400, "a chunk of the body is damaged or beyond the limits"},
    {"truncated", 400, "the connection ended within a message"},
    {"unasked", 502, "the peer wants to speak another protocol, which nobody asked for"},
    {"unwritable", 500, "a method, target, reason or field has a character in it that may not be sent"},
};

std::string_view code_name(int code) {
  return code >= 0 && code < static_cast<int>(std::size(kRows)) ? kRows[code].name : "?";
}

}  // namespace

const ErrorPart& error_part(HttpError) {
  static constexpr ErrorPart kPart{"http", code_name};
  return kPart;
}

int status_for(HttpError error) {
  return kRows[static_cast<std::size_t>(error)].status;
}

Error describe(HttpError error) {
  return {error, std::string(kRows[static_cast<std::size_t>(error)].text)};
}

}  // namespace sofa::http
