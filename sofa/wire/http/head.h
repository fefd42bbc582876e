// Head: what stands before the body of a request or a response, as a parser gives it and as a writer takes it.
//
//   Head head;
//   head.method = "GET", head.target = "/health", head.fields = fields;
//   if (auto written = append_request(chain, head); !written) return fail(written.error());
//
// The framing (where the body ends, whether the connection lives on) is in members of its own: what `fields` says of it
// is passed over when a head is written, so that the two cannot disagree.
// Ownership: a view. Threads: any. Errors: HttpError::kUnwritable. Facts: RFC 9110 and RFC 9112.
#pragma once

#include <cstdint>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/base/chain.h"
#include "sofa/base/error.h"
#include "sofa/wire/http/fields.h"

namespace sofa::http {

enum class Version : std::uint8_t { k10, k11 };

/// How the end of a body is told.
enum class Body : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

struct Head {
  Version version = Version::k11;
  std::string_view method = {};  // requests
  std::string_view target = {};
  int status = 0;  // responses
  std::string_view reason = {};
  Fields fields = {};
  Body body = Body::kNone;
  std::uint64_t length = 0;  // kLength; also kNone where an answer to HEAD or a 304 tells what the length would be
  bool keep_alive = true;    // the connection may carry another message
  bool expects_continue = false;
};

/// The usual words for a status; empty when there are none.
std::string_view reason_of(int status);
/// A response with that status has no body, whatever its fields say.
constexpr bool is_bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}
/// Asking twice does the same as asking once (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method);

/// Appends a request's head. `version` is the one that is written.
Result<void> append_request(Chain& out, const Head& head);
/// Appends a response's head, as HTTP/1.1. `version` is the one of the request: a 1.0 client is told that its
/// connection lives on. Without a reason the usual one is written. kNone tells a length of `length` (0) where the
/// status allows one.
Result<void> append_response(Chain& out, const Head& head);

/// What goes before a chunk of `size` > 0 bytes; behind them goes CR LF.
void append_chunk_head(Chain& out, std::size_t size);
inline void append_chunk_end(Chain& out) {
  out.append(as_bytes("\r\n"));
}
inline void append_last_chunk(Chain& out) {
  out.append(as_bytes("0\r\n\r\n"));
}

}  // namespace sofa::http
