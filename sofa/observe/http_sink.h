// HttpSink: hands spans to an OpenTelemetry collector: OTLP over HTTP, as JSON.
//
//   HttpSink sink(shards, *net::HttpUrl::parse("http://127.0.0.1:4318/v1/traces"));
//   co_await sink.send(body);
//
// Errors: ObserveError::kCollector with the status and the start of the answer; retriable for 429, 502, 503 and 504, as
// OTLP has it; and those of net::HttpClient, which all are (a batch that came twice has the same span ids).
// Threads: one shard of the group. Destroy it when the shards no longer turn.
#pragma once

#include "sofa/net/http_client.h"
#include "sofa/net/http_url.h"
#include "sofa/observe/span_exporter.h"

namespace sofa::observe {

class HttpSink final : public SpanSink {
 public:
  HttpSink(io::Shards& shards, net::HttpUrl url);
  Task<void> send(std::string body) override;

 private:
  const net::HttpUrl url_;
  net::HttpClient client_;
};

}  // namespace sofa::observe
