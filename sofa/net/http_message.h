// HttpRequest, HttpResponse: what a server is asked and a client gets. The same for every version of HTTP.
//
//   HttpResponse response = HttpResponse::text(200, "ok\n");
//   response.headers.add("Cache-Control", "no-store");
//
//   HttpRequest request = HttpRequest::post("/v1/traces", "application/x-protobuf", bytes);
//   HttpResponse answer = co_await client.send(address, std::move(request));
//   std::string text = co_await answer.body.read_text(1 << 20);
//
// A body is bytes that are there, or a stream that is read piece by piece: a received one from its connection, one to
// send from an HttpBodySource. Who reads slowly slows the sender down. A received body may be sent on as it is.
// Ownership: values; move-only. A received body is read, and let go of, on the shard that received it; letting go of it
// before its end gives the connection up. Threads: one shard's. Errors: reading throws io::IoError (the connection),
// http::HttpError (what came over it), NetError::kTooLarge.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sofa/base/chain.h"
#include "sofa/io/task.h"
#include "sofa/net/http_text.h"
#include "sofa/wire/http/fields.h"

namespace sofa::net {

/// Header fields in their order. Framing (Content-Length, Transfer-Encoding, Connection) is not theirs: it follows from
/// the message, and what is added of it is passed over.
class HttpHeaders {
 public:
  /// False when name or value may not be sent (a line end in them, say); the message is refused then when it is sent.
  bool add(std::string_view name, std::string_view value);
  /// The same in place of all fields of that name.
  bool set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  /// The first of that name, whatever its case.
  std::optional<std::string_view> find(std::string_view name) const { return fields().find(name); }

  /// To walk over them; valid until they change.
  http::Fields fields() const { return http::Fields(lines_); }
  /// Everything that was added may be sent.
  bool sendable() const { return !refused_; }
  /// Takes what a parser has read.
  void assign(http::Fields fields) { lines_.assign(fields.lines()); }

 private:
  HttpText lines_;
  bool refused_ = false;
};

/// Where the pieces of a body come from.
class HttpBodySource {
 public:
  virtual ~HttpBodySource() = default;
  /// The next piece; an empty one is the end, and is asked for no more than once. Throws when there will be no more.
  virtual Task<Chain> read() = 0;
};

class HttpBody {
 public:
  HttpBody() = default;
  HttpBody(std::string_view bytes) { content_.append(as_bytes(bytes)); }
  HttpBody(const char* text) : HttpBody(std::string_view(text)) {}
  HttpBody(const std::string& bytes) : HttpBody(std::string_view(bytes)) {}
  explicit HttpBody(Chain content) : content_(std::move(content)) {}
  /// `length`, where it is known, must be what the pieces come to.
  static HttpBody stream(std::unique_ptr<HttpBodySource> source, std::optional<std::uint64_t> length = {});

  bool streamed() const { return source_ != nullptr; }
  /// Of all of it, where that is known.
  std::optional<std::uint64_t> length() const;
  /// What is there without reading; empty when it is streamed.
  const Chain& content() const { return content_; }
  Chain take_content() { return std::move(content_); }

  /// The next piece; an empty one is the end. The body stays where it is until the piece is there.
  Task<Chain> read();
  /// All of it. NetError::kTooLarge when it has more than `most` bytes.
  Task<std::string> read_text(std::size_t most);

 private:
  Chain content_;
  std::unique_ptr<HttpBodySource> source_;
  std::optional<std::uint64_t> length_;
};

struct HttpRequest {
  HttpText method = "GET";
  HttpText target = "/";  // as it is sent: percent-encoded, with its query
  HttpHeaders headers = {};
  HttpBody body = {};

  static HttpRequest get(std::string_view target);
  static HttpRequest post(std::string_view target, std::string_view content_type, HttpBody body);

  /// The target up to its query, not decoded.
  std::string_view path() const;
  std::string_view query() const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers = {};
  HttpBody body = {};

  /// As text/plain.
  static HttpResponse text(int status, std::string_view text);
  /// As application/json; `json` is such already.
  static HttpResponse json(int status, std::string_view json);
};

}  // namespace sofa::net
