#include "sofa/rpc/request_template.h"

#include <map>

#include <gmock/gmock.h>

#include "sofa/io/call_context.h"
#include "sofa/rpc/golden_frames.h"
#include "sofa/rpc/request_header.h"
#include "sofa/rpc/sofa_request.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using hessian::Value;

constexpr std::string_view kEchoSignatures[] = {"java.lang.String"};
constexpr Method kEcho{.name = "echo", .signatures = kEchoSignatures};

void encode_text(hessian::Writer& to, const void* text) {
  to.write_string(*static_cast<const std::string*>(text));
}

std::map<std::string, std::string> entries(BytesView header) {
  std::map<std::string, std::string> map;
  bolt::HeaderReader reader(header);
  for (bolt::HeaderEntry entry; reader.next(entry);) map[std::string(entry.key)] = entry.value;
  EXPECT_FALSE(reader.damaged());
  return map;
}

std::map<std::string, Value> props(const Value& request) {
  std::map<std::string, Value> map;
  const Value all = request["requestProps"];
  for (std::size_t i = 0; i < all.size(); ++i) map.emplace(all.key(i).as_string(), all.at(i));
  return map;
}

bolt::FrameView decoded(const FrameBuffer& frame) {
  bolt::FrameView view;
  const bolt::Decoded got = bolt::decode(frame.bytes(), {}, view);
  EXPECT_EQ(got.outcome, bolt::Outcome::kFrame);
  EXPECT_EQ(got.size, frame.size());
  return view;
}

// A Java client's frame says the same as ours: the same header entries, the same content but for the order of maps.
void expect_as_java(const std::string& file, const RequestTemplate::Kind& kind, const Method& method, bool with_trace) {
  const GoldenFrame golden = golden_frames(file).at(0);
  SCOPED_TRACE(golden.file());
  const bolt::FrameView java = golden.view();
  RequestHeader header;
  ASSERT_TRUE(parse_request_header(java.header, header));
  const auto java_values = hessian::read_values(java.content);
  ASSERT_TRUE(java_values);

  TraceContext trace;
  if (with_trace) trace.trace_id.assign(header.trace_id);
  if (with_trace) trace.rpc_id.assign(header.rpc_id);
  trace.sampled = true;
  std::vector<std::pair<std::string, std::string>> baggage, headers;
  for_each_custom(java.header, [&](std::string_view key, std::string_view value) {
    if (key.starts_with(bolt::kRequestBaggagePrefix)) {
      baggage.emplace_back(key.substr(bolt::kRequestBaggagePrefix.size()), value);
    } else {
      headers.emplace_back(key, value);
    }
  });
  const RequestTemplate request({.service = std::string(header.service), .app = std::string(header.app)}, method, kind);
  FrameBuffer frame;
  RequestExtras extras{with_trace ? &trace : nullptr, baggage, headers};
  std::vector<Value> arguments(java_values->begin() + 1, java_values->end());
  ASSERT_TRUE(request.write(
      frame, java.head.id, java.head.timeout_ms,
      [](hessian::Writer& to, const void* values) {
        for (const Value& value : *static_cast<const std::vector<Value>*>(values)) hessian::write_value(to, value);
      },
      &arguments, extras));

  const bolt::FrameView ours = decoded(frame);
  EXPECT_EQ(ours.head.type, java.head.type);
  EXPECT_EQ(ours.head.id, java.head.id);
  EXPECT_EQ(ours.head.timeout_ms, java.head.timeout_ms);
  EXPECT_EQ(ours.class_name, java.class_name);
  EXPECT_EQ(entries(ours.header), entries(java.header));
  const auto values = hessian::read_values(ours.content);
  ASSERT_TRUE(values) << values.error().what();
  ASSERT_EQ(values->size(), java_values->size());
  const Value& mine = (*values)[0];
  const Value& theirs = (*java_values)[0];
  for (const char* field : {"targetAppName", "methodName", "targetServiceUniqueName", "methodArgSigs"}) {
    EXPECT_EQ(mine[field], theirs[field]) << field;
  }
  auto my_props = props(mine), their_props = props(theirs);
  ASSERT_EQ(my_props.size(), their_props.size());
  for (const auto& [key, value] : their_props) {
    EXPECT_EQ(my_props[key].size(), value.size()) << key;
    if (value.kind() == hessian::Kind::kString) {
      EXPECT_EQ(my_props[key], value) << key;
    }
  }
  for (std::size_t i = 1; i < values->size(); ++i) EXPECT_EQ((*values)[i], (*java_values)[i]);
}

TEST(RequestTemplate, SaysWhatAJavaClientSays) {
  constexpr std::string_view kTransfer[] = {"dev.sofa.bank.TransferRequest"};
  expect_as_java("0000-sofarpc-echo-client", {}, kEcho, true);
  expect_as_java("0006-sofarpc-transfer-client", {}, {.name = "transfer", .signatures = kTransfer}, true);
  expect_as_java("0043-sofarpc-oneway-client", {.oneway = true}, kEcho, true);
  expect_as_java("0044-sofarpc-generic-object-client", {.generic_type = 2},
                 {.name = "transfer", .signatures = kTransfer}, true);
  expect_as_java("0060-sofarpc-baggage-client", {}, kEcho, true);
  expect_as_java("0062-sofarpc-custom-header-client", {}, kEcho, true);
}

TEST(RequestTemplate, ArgumentsGoOnInTheSameTables) {
  // The second argument refers to a type name that SofaRequest brought in, and to the first argument by number.
  constexpr std::string_view kSignatures[] = {"java.lang.String[]", "java.lang.String[]"};
  const Method method{.name = "join", .signatures = kSignatures};
  const RequestTemplate request({.service = "a.B:1.0"}, method, {});
  FrameBuffer frame;
  TraceContext trace;
  trace.trace_id.assign("t");
  for (const TraceContext* with :
       {static_cast<const TraceContext*>(nullptr), static_cast<const TraceContext*>(&trace)}) {
    const int reference = with ? 4 : 3;  // SofaRequest, requestProps, (trace), methodArgSigs come first
    ASSERT_TRUE(request.write(frame, 1, 1000,
                              [](hessian::Writer& to, const void* number) {
                                to.begin_list("[string", 1);
                                to.write_string("x");
                                to.end_list();
                                to.write_reference(static_cast<std::uint32_t>(*static_cast<const int*>(number)));
                              },
                              &reference, {with, {}, {}}));
    const auto values = hessian::read_values(decoded(frame).content);
    ASSERT_TRUE(values) << values.error().what();
    EXPECT_EQ((*values)[1].class_name(), "[string");
    EXPECT_TRUE((*values)[1].same((*values)[2]));
  }
}

TEST(RequestTemplate, AHeaderBeyondTheFrameIsRefused) {
  const RequestTemplate request({.service = "a.B:1.0"}, kEcho, {});
  FrameBuffer frame;
  const std::string text = "x";
  const std::vector<std::pair<std::string, std::string>> headers{{"x-large", std::string(32'768, 'a')}};
  EXPECT_FALSE(request.write(frame, 1, 1000, encode_text, &text, {nullptr, {}, headers}));
  EXPECT_TRUE(request.write(frame, 1, 1000, encode_text, &text));
}

}  // namespace
}  // namespace sofa::rpc
