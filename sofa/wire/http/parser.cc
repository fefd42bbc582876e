#include "sofa/wire/http/parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sofa/base/mutant.h"

namespace sofa::http {
namespace {

constexpr std::size_t kMostMethod = 32;
constexpr std::size_t kVersionBytes = 8;  // HTTP/1.1

bool read_version(std::string_view text, Version& version) {
  if (!text.starts_with("HTTP/1.") || (text[7] != '0' && text[7] != '1')) return false;
  version = text[7] == '0' ? Version::k10 : Version::k11;
  return true;
}

bool looks_like_version(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == kVersionBytes && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' &&
         digit(text[7]);
}

// RFC 9112, 3.2: a path; a URL, as proxies are asked; `*` of OPTIONS; host and port of CONNECT.
bool fits_method(std::string_view method, std::string_view target) {
  if (method == "CONNECT") return is_host(target);
  if (target.front() == '/') return true;
  if (target == "*") return method == "OPTIONS";
  const std::size_t scheme = target.find("://");
  return scheme != target.npos &&
         (same_text(target.substr(0, scheme), "http") || same_text(target.substr(0, scheme), "https"));
}

}  // namespace

bool Parser::refuse(HttpError error) {
  error_ = error;
  state_ = State::kFailed;
  return false;
}

/// The line that begins at `line_at_`, without its end. It is refused where that lies at `most` or behind it: then the
/// answer is the same whether the line came at once or in pieces.
Parser::Line Parser::take_line(BytesView in, std::size_t most, HttpError too_long, std::string_view& line) {
  const std::size_t from = line_at_ + searched_ + (SOFA_MUTANT("http-skips-a-byte-at-a-cut") && searched_ != 0 ? 1 : 0);
  const void* found = from < in.size() ? std::memchr(in.data() + from, '\n', in.size() - from) : nullptr;
  if (!found) {
    searched_ = static_cast<std::uint32_t>(in.size() - line_at_);
    if (in.size() <= most) return Line::kMissing;
    refuse(too_long);
    return Line::kRefused;
  }
  const auto end = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - in.data());
  if (end >= most) {
    refuse(too_long);
    return Line::kRefused;
  }
  std::size_t size = end - line_at_;
  if (size != 0 && in[end - 1] == '\r') {
    --size;
  } else if (!SOFA_MUTANT("http-bare-line-feed")) {
    refuse(HttpError::kBareLineFeed);
    return Line::kRefused;
  }
  line = as_text(in.subspan(line_at_, size));
  line_at_ = static_cast<std::uint32_t>(end + 1);
  searched_ = 0;
  return Line::kThere;
}

/// The line taken last is consumed.
void Parser::drop_line(std::size_t& used) {
  used += line_at_;
  line_at_ = 0;
}

Parser::Step Parser::next(BytesView in, Head& head) {
  if (state_ == State::kFailed) return {Event::kError, 0};
  if (state_ != State::kHead) return read_body(in, 0);
  std::size_t used = 0;
  if (role_ == Role::kRequests && line_at_ == 0 && !skip_empty_line(in, used)) {
    return {state_ == State::kFailed ? Event::kError : Event::kNeedMore, used};
  }
  switch (read_head(in.subspan(used), head)) {
    case Line::kMissing:
      return {Event::kNeedMore, used};
    case Line::kRefused:
      return {Event::kError, used};
    case Line::kThere:
      break;
  }
  drop_line(used);
  return {Event::kHead, used};
}

/// False: there is nothing more to see yet.
bool Parser::skip_empty_line(BytesView in, std::size_t& used) {
  if (in.empty()) return false;
  if (in[0] != '\r' || skipped_line_) return true;
  if (in.size() < 2) return searched_ = 1, false;
  searched_ = 0;
  if (in[1] != '\n') return refuse(HttpError::kBadStartLine);
  skipped_line_ = true;
  used = 2;
  return in.size() > 2;
}

Parser::Line Parser::read_head(BytesView in, Head& head) {
  if (in.empty()) return Line::kMissing;
  if (line_at_ == 0 && searched_ == 0 && !is_token(as_text(in.first(1)))) {
    refuse(HttpError::kBadStartLine);  // at once: what speaks another protocol may wait for us now
    return Line::kRefused;
  }
  for (;;) {
    std::string_view line;
    const bool is_start = line_at_ == 0;
    const std::size_t most = is_start ? std::min(limits_->line_bytes, limits_->head_bytes) : limits_->head_bytes;
    const Line got = take_line(in, most, is_start ? HttpError::kLineTooLong : HttpError::kHeadTooLarge, line);
    if (got != Line::kThere) return got;
    if (is_start) {
      fields_at_ = line_at_;
      if (!read_start(line)) return Line::kRefused;
    } else if (line.empty()) {
      return begin_body(in, head) ? Line::kThere : Line::kRefused;
    } else if (!read_field(line)) {
      return Line::kRefused;
    }
  }
}

bool Parser::read_start(std::string_view line) {
  flags_ = 0;
  fields_ = 0;
  return role_ == Role::kRequests ? read_request_line(line) : read_status_line(line);
}

bool Parser::read_request_line(std::string_view line) {
  const std::size_t method = line.find(' ');
  const std::size_t target = line.rfind(' ');
  if (method == line.npos || method == target) return refuse(HttpError::kBadStartLine);
  const std::string_view name = line.substr(0, method);
  const std::string_view where = line.substr(method + 1, target - method - 1);
  if (name.size() > kMostMethod || !is_token(name) || !is_target(where) || !fits_method(name, where)) {
    return refuse(HttpError::kBadStartLine);
  }
  const std::string_view version = line.substr(target + 1);
  if (!looks_like_version(version)) return refuse(HttpError::kBadStartLine);
  if (!read_version(version, version_)) return refuse(HttpError::kBadVersion);
  method_size_ = static_cast<std::uint16_t>(method);
  return true;
}

bool Parser::read_status_line(std::string_view line) {
  constexpr std::size_t kCode = kVersionBytes + 1;
  constexpr std::size_t kReason = kCode + 4;
  if (line.size() < kReason - 1 || line[kVersionBytes] != ' ' || !looks_like_version(line.substr(0, kVersionBytes))) {
    return refuse(HttpError::kBadStartLine);
  }
  if (!read_version(line, version_)) return refuse(HttpError::kBadVersion);
  const char* code = line.data() + kCode;
  const auto [end, failure] = std::from_chars(code, code + 3, status_);
  if (failure != std::errc{} || end != code + 3 || status_ < 100 || status_ > 599) {
    return refuse(HttpError::kBadStartLine);
  }
  if (line.size() >= kReason && (line[kReason - 1] != ' ' || !is_value(line.substr(kReason)))) {
    return refuse(HttpError::kBadStartLine);
  }
  return status_ != 101 || refuse(HttpError::kUnasked);
}

/// A line of a head or of trailers.
bool Parser::read_field(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') return refuse(HttpError::kFolded);
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return refuse(HttpError::kBadField);
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_token(name) || !is_value(value)) return refuse(HttpError::kBadField);
  if (++fields_ > limits_->fields) return refuse(HttpError::kTooManyFields);
  return state_ != State::kHead || read_framing(name, value);
}

bool Parser::read_framing(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (role_ != Role::kRequests || !same_text(name, "host")) return true;
      if ((flags_ & kHasHost) != 0 || (!value.empty() && !is_host(value))) return refuse(HttpError::kBadHost);
      flags_ |= kHasHost;
      return true;
    case 6:
      if (role_ != Role::kRequests || !same_text(name, "expect")) return true;
      if (!same_text(value, "100-continue")) return refuse(HttpError::kUnknownExpectation);
      flags_ |= kExpects;
      return true;
    case 10:
      if (!same_text(name, "connection")) return true;
      if (list_has(value, "close")) flags_ |= kClose;
      if (list_has(value, "keep-alive")) flags_ |= kKeepAlive;
      return true;
    case 14:
      return !same_text(name, "content-length") || read_length(value);
    case 17:
      if (!same_text(name, "transfer-encoding")) return true;
      if ((flags_ & kChunked) != 0 || !same_text(value, "chunked")) return refuse(HttpError::kUnknownEncoding);
      flags_ |= kChunked;
      return true;
    default:
      return true;
  }
}

bool Parser::read_length(std::string_view value) {
  if ((flags_ & kHasLength) != 0) return refuse(HttpError::kBadLength);
  std::int64_t length = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (value.empty() || value[0] == '-' || failure != std::errc{} || end != value.data() + value.size()) {
    return refuse(HttpError::kBadLength);
  }
  flags_ |= kHasLength;
  remaining_ = static_cast<std::uint64_t>(length);
  return true;
}

/// The head is complete: what its fields say of the body must agree.
bool Parser::begin_body(BytesView in, Head& head) {
  const bool chunked = (flags_ & kChunked) != 0;
  const bool has_length = (flags_ & kHasLength) != 0;
  if (chunked && has_length && !SOFA_MUTANT("http-length-beside-encoding")) {
    return refuse(HttpError::kLengthAndEncoding);
  }
  if (chunked && version_ == Version::k10) return refuse(HttpError::kUnknownEncoding);
  if (role_ == Role::kRequests && version_ == Version::k11 && (flags_ & kHasHost) == 0) {
    return refuse(HttpError::kBadHost);
  }
  if (!has_length) remaining_ = 0;
  head.body = chunked ? Body::kChunked : has_length ? Body::kLength : Body::kNone;
  head.length = remaining_;
  bool keeps = version_ == Version::k11 || (flags_ & kKeepAlive) != 0;
  keeps = keeps && (flags_ & kClose) == 0;
  if (role_ == Role::kResponses) {
    const bool bodiless = is_bodiless(status_) || no_body_;
    if (bodiless) {
      head.body = Body::kNone;
    } else if (head.body == Body::kNone) {
      head.body = Body::kUntilClose;
      keeps = false;
    }
    if (status_ >= 200) no_body_ = false;
  }
  if (head.body == Body::kLength && head.length > body_limit_) return refuse(HttpError::kBodyTooLarge);
  head.keep_alive = keeps;
  describe_head(in, head);
  if (head.body == Body::kNone) remaining_ = 0;
  state_ = head.body == Body::kChunked      ? State::kChunkLine
           : head.body == Body::kUntilClose ? State::kUntilClose
                                            : State::kLength;
  body_seen_ = extras_ = 0;
  return true;
}

void Parser::describe_head(BytesView in, Head& head) const {
  const std::string_view text = as_text(in);
  const std::string_view start = text.substr(0, text.find('\r'));
  head.version = version_;
  head.expects_continue = (flags_ & kExpects) != 0 && version_ == Version::k11;
  head.fields = Fields(text.substr(fields_at_, line_at_ - fields_at_ - 2));
  if (role_ == Role::kRequests) {
    head.method = start.substr(0, method_size_);
    head.target = start.substr(method_size_ + 1u, start.size() - method_size_ - 2 - kVersionBytes);
    head.status = 0;
    head.reason = {};
  } else {
    head.method = head.target = {};
    head.status = status_;
    head.reason = start.size() > kVersionBytes + 5 ? start.substr(kVersionBytes + 5) : std::string_view{};
  }
}

Parser::Step Parser::end(std::size_t used) {
  state_ = State::kHead;
  skipped_line_ = false;
  return {Event::kEnd, used};
}

Parser::Step Parser::some_body(BytesView in, std::size_t used, std::uint64_t most) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(most, in.size() - used));
  return {Event::kBody, used + size, in.subspan(used, size)};
}

Parser::Step Parser::read_body(BytesView in, std::size_t used) {
  for (;;) {
    std::string_view line;
    Line got = Line::kThere;
    switch (state_) {
      case State::kLength:
        if (remaining_ == 0) return end(used);
        [[fallthrough]];
      case State::kChunk: {
        if (used == in.size()) return {Event::kNeedMore, used};
        Step step = some_body(in, used, remaining_);
        remaining_ -= step.body.size();
        if (state_ != State::kChunk) return step;
        if (remaining_ == 0) {
          state_ = State::kChunkEnd;
        } else if (SOFA_MUTANT("http-split-chunk-loses-a-byte") && step.body.size() > 1) {
          step.body = step.body.first(step.body.size() - 1);
        }
        return step;
      }
      case State::kUntilClose: {
        if (used == in.size()) return {Event::kNeedMore, used};
        if (body_seen_ == body_limit_) {
          refuse(HttpError::kBodyTooLarge);
          return {Event::kError, used};
        }
        const Step step = some_body(in, used, body_limit_ - body_seen_);
        body_seen_ += step.body.size();
        return step;
      }
      case State::kChunkLine:
        got = take_line(in.subspan(used), limits_->chunk_line_bytes, HttpError::kBadChunk, line);
        if (got == Line::kThere && !read_chunk_line(line)) got = Line::kRefused;
        if (got == Line::kThere) drop_line(used);
        break;
      case State::kChunkEnd:
        got = read_chunk_end(in, used);
        break;
      case State::kTrailers:
        got = read_trailer(in, used);
        if (got == Line::kThere && state_ == State::kHead) return end(used);
        break;
      case State::kHead:
      case State::kFailed:
        return {Event::kError, used};
    }
    if (got == Line::kMissing) return {Event::kNeedMore, used};
    if (got == Line::kRefused) return {Event::kError, used};
  }
}

bool Parser::read_chunk_line(std::string_view line) {
  std::uint64_t size = 0;
  const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (failure != std::errc{}) return refuse(HttpError::kBadChunk);
  const std::string_view extension = line.substr(static_cast<std::size_t>(end - line.data()));
  if (!extension.empty() && (trim(extension).empty() || trim(extension)[0] != ';' || !is_value(extension))) {
    return refuse(HttpError::kBadChunk);
  }
  extras_ += static_cast<std::uint32_t>(extension.size());
  if (size > limits_->chunk_bytes || extras_ > limits_->extension_bytes) return refuse(HttpError::kBadChunk);
  if (size > body_limit_ - body_seen_) return refuse(HttpError::kBodyTooLarge);
  body_seen_ += size;
  remaining_ = size;
  state_ = size == 0 ? State::kTrailers : State::kChunk;
  if (size == 0) extras_ = fields_ = 0;
  return true;
}

Parser::Line Parser::read_chunk_end(BytesView in, std::size_t& used) {
  const BytesView rest = in.subspan(used).first(std::min<std::size_t>(2, in.size() - used));
  if (!std::string_view("\r\n").starts_with(as_text(rest))) {
    refuse(HttpError::kBadChunk);
    return Line::kRefused;
  }
  if (rest.size() < 2) return Line::kMissing;
  used += 2;
  state_ = State::kChunkLine;
  return Line::kThere;
}

Parser::Line Parser::read_trailer(BytesView in, std::size_t& used) {
  std::string_view line;
  const Line got = take_line(in.subspan(used), limits_->trailer_bytes - extras_, HttpError::kHeadTooLarge, line);
  if (got != Line::kThere) return got;
  if (!line.empty() && !read_field(line)) return Line::kRefused;
  extras_ += line_at_;
  drop_line(used);
  if (line.empty()) state_ = State::kHead;
  return Line::kThere;
}

Event Parser::finish() {
  if (state_ == State::kUntilClose) return end(0), Event::kEnd;
  if (idle() || (state_ == State::kHead && skipped_line_ && line_at_ == 0 && searched_ == 0)) return Event::kNeedMore;
  if (state_ != State::kFailed) refuse(HttpError::kTruncated);
  return Event::kError;
}

}  // namespace sofa::http
