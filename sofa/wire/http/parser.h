// Parser: the bytes of an HTTP/1.1 connection as events. One way of one connection; requests or responses.
//
//   Parser parser(Parser::Role::kRequests, limits);
//   Head head;
//   for (;;) {                                          // in on_data(connection, data), with used = 0
//     const Parser::Step step = parser.next(data.subspan(used), head);
//     used += step.consumed;
//     if (step.event == Event::kNeedMore) return used;    // the rest is to be shown again with more behind it
//     if (step.event == Event::kHead) begin(head);        // points into `data`
//     if (step.event == Event::kBody) take(step.body);    // so does this
//     if (step.event == Event::kEnd) finish();
//     if (step.event == Event::kError) refuse(parser.error());
//   }
//
// Nothing is copied or allocated. The same bytes give the same events however they are cut, but that a body comes in
// other pieces; a head that comes byte by byte is looked at once. Every line is judged when it is complete.
// Strict where leniency lets two readers see two messages: lines end with CR LF, fields are not folded, no white space
// before a colon, one Content-Length, never beside Transfer-Encoding, which may only be `chunked`. Trailers and chunk
// extensions are judged, bounded, and dropped. One empty line before a request is passed over (RFC 9112, 2.2).
// Ownership: `limits` outlives the parser. Threads: one at a time. Errors: HttpError; nothing follows one.
#pragma once

#include <cstdint>

#include "sofa/base/bytes.h"
#include "sofa/wire/http/error.h"
#include "sofa/wire/http/head.h"

namespace sofa::http {

struct Limits {
  std::uint32_t line_bytes = 8 << 10;        // of the start line
  std::uint32_t head_bytes = 32 << 10;       // start line and fields
  std::uint32_t fields = 100;                // of the head, and of the trailers
  std::uint64_t body_bytes = 8 << 20;        // without what chunks add
  std::uint64_t chunk_bytes = 8 << 20;       // of one chunk
  std::uint32_t chunk_line_bytes = 1 << 10;  // a chunk's size and extensions
  std::uint32_t extension_bytes = 16 << 10;  // all extensions of one body
  std::uint32_t trailer_bytes = 8 << 10;
};

enum class Event : std::uint8_t { kNeedMore, kHead, kBody, kEnd, kError };

class Parser {
 public:
  enum class Role : std::uint8_t { kRequests, kResponses };
  struct Step {
    Event event;
    std::size_t consumed;  // of what was shown, with every event
    BytesView body{};      // kBody: never empty
  };

  Parser(Role role, const Limits& limits) : limits_(&limits), body_limit_(limits.body_bytes), role_(role) {}

  /// The next event in `in`, which begins with the first byte that was not consumed. kNeedMore comes last; kEnd may
  /// come without any byte. `head` is filled with kHead only.
  Step next(BytesView in, Head& head);
  /// The peer sends no more. kEnd: that ended a body. kNeedMore: it came between messages. Else kError.
  Event finish();
  /// With kError.
  HttpError error() const { return error_; }

  /// The next response answers HEAD: it has no body.
  void expect_no_body() { no_body_ = true; }
  /// For the message that comes next, instead of Limits::body_bytes.
  void set_body_limit(std::uint64_t bytes) { body_limit_ = bytes; }
  /// Between messages, and nothing of the next one was seen.
  bool idle() const { return state_ == State::kHead && line_at_ == 0 && searched_ == 0 && !skipped_line_; }
  /// Within a body.
  bool in_body() const { return state_ != State::kHead && state_ != State::kFailed; }

 private:
  enum class State : std::uint8_t { kHead, kLength, kChunkLine, kChunk, kChunkEnd, kTrailers, kUntilClose, kFailed };
  enum class Line : std::uint8_t { kThere, kMissing, kRefused };
  static constexpr std::uint8_t kHasLength = 1, kChunked = 2, kHasHost = 4, kClose = 8, kKeepAlive = 16, kExpects = 32;

  bool refuse(HttpError error);
  Line take_line(BytesView in, std::size_t most, HttpError too_long, std::string_view& line);
  void drop_line(std::size_t& used);

  Line read_head(BytesView in, Head& head);
  bool skip_empty_line(BytesView in, std::size_t& used);
  bool read_start(std::string_view line);
  bool read_request_line(std::string_view line);
  bool read_status_line(std::string_view line);
  bool read_field(std::string_view line);
  bool read_framing(std::string_view name, std::string_view value);
  bool read_length(std::string_view value);
  bool begin_body(BytesView in, Head& head);
  void describe_head(BytesView in, Head& head) const;

  Step read_body(BytesView in, std::size_t used);
  Step some_body(BytesView in, std::size_t used, std::uint64_t most);
  bool read_chunk_line(std::string_view line);
  Line read_chunk_end(BytesView in, std::size_t& used);
  Line read_trailer(BytesView in, std::size_t& used);
  Step end(std::size_t used);

  const Limits* limits_;
  std::uint64_t body_limit_;
  std::uint64_t remaining_ = 0;  // of the body, or of the chunk
  std::uint64_t body_seen_ = 0;  // in chunks, or until close
  std::uint32_t line_at_ = 0;    // where the first line lies that was not judged
  std::uint32_t searched_ = 0;   // bytes of it that have no LF
  std::uint32_t fields_at_ = 0;  // where the fields begin
  std::uint32_t fields_ = 0;     // how many there were
  std::uint32_t extras_ = 0;     // bytes of extensions, then of trailers
  std::uint16_t method_size_ = 0;
  std::uint16_t status_ = 0;
  Version version_ = Version::k11;
  std::uint8_t flags_ = 0;
  bool no_body_ = false;
  bool skipped_line_ = false;
  HttpError error_{};
  State state_ = State::kHead;
  Role role_;
};

}  // namespace sofa::http
