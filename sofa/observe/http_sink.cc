#include "sofa/observe/http_sink.h"

#include <algorithm>
#include <utility>

#include "sofa/observe/error.h"

namespace sofa::observe {
namespace {

constexpr std::size_t kMostAnswer = 64 << 10;
constexpr std::size_t kShownOfAnswer = 200;

net::HttpClientOptions client_options() {
  net::HttpClientOptions options;
  options.limits.body_bytes = kMostAnswer;
  options.limits.chunk_bytes = kMostAnswer;
  options.max_connections = 1;
  options.max_waiting = 1;
  return options;
}

bool may_come_later(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

HttpSink::HttpSink(io::Shards& shards, net::HttpUrl url) : url_(std::move(url)), client_(shards, client_options()) {}

Task<void> HttpSink::send(std::string body) {
  net::HttpResponse answer =
      co_await client_.send(url_.address, net::HttpRequest::post(url_.target, "application/json", body));
  const std::string text = co_await answer.body.read_text(kMostAnswer);
  if (answer.status / 100 == 2) co_return;
  throw Error(ObserveError::kCollector,
              fmt::format("http://{}{} answered {} {}", url_.address.to_string(), url_.target, answer.status,
                          std::string_view(text).substr(0, kShownOfAnswer)),
              may_come_later(answer.status) ? Retriable::kYes : Retriable::kNo);
}

}  // namespace sofa::observe
