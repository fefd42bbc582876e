#include "sofa/net/http_message.h"

#include <algorithm>

#include "sofa/net/error.h"
#include "sofa/wire/http/target.h"

template class std::basic_string<char, std::char_traits<char>, sofa::net::PoolAllocator<char>>;

namespace sofa::net {

bool HttpHeaders::add(std::string_view name, std::string_view value) {
  const bool added = http::append_field(lines_, name, value);
  refused_ = refused_ || !added;
  return added;
}

bool HttpHeaders::set(std::string_view name, std::string_view value) {
  remove(name);
  return add(name, value);
}

void HttpHeaders::remove(std::string_view name) {
  if (!find(name)) return;
  HttpText rest;
  for (const http::Field field : fields()) {
    if (!http::same_text(field.name, name)) http::append_field(rest, field.name, field.value);
  }
  lines_ = std::move(rest);
}

HttpBody HttpBody::stream(std::unique_ptr<HttpBodySource> source, std::optional<std::uint64_t> length) {
  HttpBody body;
  body.source_ = std::move(source);
  body.length_ = length;
  return body;
}

std::optional<std::uint64_t> HttpBody::length() const {
  if (source_) return length_;
  return content_.size();
}

Task<Chain> HttpBody::read() {
  if (!source_) return std::move(content_);
  return source_->read();
}

Task<std::string> HttpBody::read_text(std::size_t most) {
  std::string text;
  if (const auto known = length(); known && *known <= most) text.reserve(std::min<std::size_t>(*known, 64 << 10));
  for (;;) {
    const Chain piece = co_await read();
    if (piece.empty()) co_return text;
    if (piece.size() > most - text.size()) {
      throw Error(NetError::kTooLarge, fmt::format("a body is larger than the {} bytes that its reader takes", most));
    }
    const Bytes bytes = piece.to_bytes();
    text.append(as_text(bytes));
  }
}

HttpRequest HttpRequest::get(std::string_view target) {
  HttpRequest request;
  request.target = target;
  return request;
}

HttpRequest HttpRequest::post(std::string_view target, std::string_view content_type, HttpBody body) {
  HttpRequest request;
  request.method = "POST";
  request.target = target;
  request.headers.add("Content-Type", content_type);
  request.body = std::move(body);
  return request;
}

std::string_view HttpRequest::path() const {
  return http::split_target(target).path;
}
std::string_view HttpRequest::query() const {
  return http::split_target(target).query;
}

namespace {

HttpResponse with_content(int status, std::string_view type, std::string_view content) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.body = content;
  return response;
}

}  // namespace

HttpResponse HttpResponse::text(int status, std::string_view text) {
  return with_content(status, "text/plain; charset=utf-8", text);
}
HttpResponse HttpResponse::json(int status, std::string_view json) {
  return with_content(status, "application/json", json);
}

}  // namespace sofa::net
