#include "sofa/observe/otlp.h"

#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/io/trace.h"
#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kTrace = "c00002021795638127640100212624";

Json traces(const std::vector<CallRecord>& calls, std::chrono::nanoseconds offset = {}) {
  std::vector<FinishedCall> finished(calls.begin(), calls.end());
  std::string out;
  append_traces(out, {.app = "bank", .version = "1"}, finished, offset);
  return Json::parse(out);
}

std::string attribute(const Json& of, std::string_view key) {
  for (const Json& each : of["attributes"]) {
    if (each["key"] == key) return each["value"].begin()->get<std::string>();
  }
  return "";
}

TEST(Otlp, AServersSpanIsItsClientsChild) {
  const SpanIds client = span_ids(kTrace, "0.1", Side::kClient);
  const SpanIds server = span_ids(kTrace, "0.1", Side::kServer);
  const SpanIds inner = span_ids(kTrace, "0.1.2", Side::kClient);
  EXPECT_EQ(server.trace, client.trace);
  EXPECT_EQ(server.parent, client.span);
  EXPECT_EQ(inner.parent, server.span);
  EXPECT_NE(server.span, client.span);
  EXPECT_EQ(span_ids(kTrace, "0", Side::kClient).parent, "");
  EXPECT_EQ(client.trace.size(), 32U);
  EXPECT_EQ(client.span.size(), 16U);
}

TEST(Otlp, AClientsIdsAreThoseOfItsTraceparent) {
  TraceContext trace;
  trace.trace_id.assign(kTrace);
  trace.rpc_id.assign("0.3");
  const SpanIds ids = span_ids(kTrace, "0.3", Side::kClient);
  EXPECT_EQ(traceparent(trace).view().substr(3, 49), ids.trace + "-" + ids.span);
}

TEST(Otlp, IdsOfAnyTextAreSound) {
  for (const std::string& id : {std::string(), std::string("not hex"), std::string(200, 'x')}) {
    const SpanIds ids = span_ids(id, id, Side::kServer);
    EXPECT_EQ(ids.trace.size(), 32U);
    EXPECT_EQ(ids.span.size(), 16U);
    EXPECT_EQ((ids.trace + ids.span).find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_NE(ids.trace, std::string(32, '0'));
  }
}

TEST(Otlp, WritesSpansAsACollectorReadsThem) {
  CallRecord failed = client_call();
  failed.outcome = Outcome::kTimeout;
  failed.started = io::TimePoint(1s);
  failed.elapsed = 3ms;
  const Json json = traces({server_call(), failed}, 1'795'638'127s);
  const Json& resource = json.at("resourceSpans").at(0);
  EXPECT_EQ(attribute(resource.at("resource"), "service.name"), "bank");
  const Json& spans = resource.at("scopeSpans").at(0).at("spans");
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0]["kind"], 2);
  EXPECT_EQ(spans[0]["name"], "dev.sofa.bank.EchoService:1.0/echo");
  EXPECT_EQ(spans[0]["status"], Json::object());
  EXPECT_EQ(spans[0]["parentSpanId"], spans[1]["spanId"]);
  EXPECT_EQ(attribute(spans[0], "rpc.system"), "sofarpc");
  EXPECT_EQ(attribute(spans[0], "sofa.trace_id"), kTrace);
  EXPECT_EQ(attribute(spans[0], "peer.service"), "sofa-peers-client");
  EXPECT_EQ(spans[1]["kind"], 3);
  EXPECT_EQ(spans[1]["startTimeUnixNano"], "1795638128000000000");
  EXPECT_EQ(spans[1]["endTimeUnixNano"], "1795638128003000000");
  EXPECT_EQ(spans[1]["status"]["code"], 2);
  EXPECT_EQ(attribute(spans[1], "error.type"), "timeout");
  EXPECT_FALSE(spans[1].contains("parentSpanId"));
}

}  // namespace
}  // namespace sofa::observe
