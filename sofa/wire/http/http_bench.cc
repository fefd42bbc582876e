// What it costs to read the head of a request as a browser or curl sends it, and to write one of a response.
#include <benchmark/benchmark.h>

#include "sofa/wire/http/parser.h"

namespace sofa::http {
namespace {

constexpr std::string_view kRequest =
    "POST /v3/kv/range HTTP/1.1\r\nHost: 127.0.0.1:2379\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
    "Content-Type: application/json\r\nAuthorization: Bearer 0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: 14\r\n\r\n{\"key\":\"Zm9v\"}";

void parse_request(benchmark::State& state) {
  const Limits limits;
  Parser parser(Parser::Role::kRequests, limits);
  Head head;
  for (auto _ : state) {
    BytesView in = as_bytes(kRequest);
    for (Event event = Event::kHead; event != Event::kNeedMore;) {
      const Parser::Step step = parser.next(in, head);
      in = in.subspan(step.consumed);
      event = step.event;
    }
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kRequest.size()));
}
BENCHMARK(parse_request);

void write_response(benchmark::State& state) {
  const Head head{
      .status = 200, .fields = Fields("Content-Type: application/json\r\n"), .body = Body::kLength, .length = 14};
  Chain out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(append_response(out, head));
    out.clear();
  }
}
BENCHMARK(write_response);

}  // namespace
}  // namespace sofa::http
