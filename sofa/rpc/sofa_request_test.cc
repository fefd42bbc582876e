#include "sofa/rpc/sofa_request.h"

#include <gmock/gmock.h>

#include "sofa/rpc/golden_frames.h"
#include "sofa/rpc/request_header.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using hessian::Value;
using testing::ElementsAre;
using testing::ElementsAreArray;

bool is_hessian_request(const GoldenFrame& frame) {
  const auto& entry = frame.entry;
  return frame.from_client() && entry.contains("class") && entry["class"] == std::string(bolt::kRequestClass) &&
         entry["codec"] == 1 && frame.file().find("broken") == std::string::npos;
}

std::string text_or_empty(const nlohmann::json& value) {
  return value["t"] == "null" ? "" : std::string(value["v"]);
}

TEST(SofaRequest, EveryGoldenRequestNamesWhatItsManifestSays) {
  int seen = 0;
  SofaRequest request;
  for (const GoldenFrame& golden : golden_frames()) {
    if (!is_hessian_request(golden)) continue;
    SCOPED_TRACE(golden.file());
    const bolt::FrameView frame = golden.view();
    hessian::Reader in(frame.content);
    ASSERT_TRUE(read_sofa_request(in, request)) << in.error().what();
    const auto& fields = golden.entry["content"][0]["v"];
    EXPECT_EQ(request.method, text_or_empty(fields["methodName"]));
    EXPECT_EQ(request.service, text_or_empty(fields["targetServiceUniqueName"]));
    std::vector<std::string> signatures;
    for (const auto& signature : fields["methodArgSigs"]["v"]) signatures.push_back(signature["v"]);
    EXPECT_THAT(request.signatures, ElementsAreArray(signatures));
    // What is left in the stream are the arguments, one value each.
    for (std::size_t i = 1; i < golden.entry["content"].size(); ++i) in.skip();
    EXPECT_TRUE(in.ok() && in.at_end());
    ++seen;
  }
  EXPECT_GT(seen, 60);
}

TEST(SofaRequest, AnotherFieldOrderIsReadByName) {
  Bytes bytes;
  hessian::BytesSink sink(bytes);
  hessian::Writer to(sink);
  const Value signatures = Value::list({"int", "byte"}, "[string");
  hessian::write_value(to, Value::object(bolt::kRequestClass)
                               .set("methodArgSigs", signatures)
                               .set("future", Value::map())
                               .set("methodName", "echo"));
  to.write_int(5);
  to.finish();
  hessian::Reader in(bytes);
  SofaRequest request;
  ASSERT_TRUE(read_sofa_request(in, request)) << in.error().what();
  EXPECT_EQ(request.method, "echo");
  EXPECT_EQ(request.service, "");
  EXPECT_THAT(request.signatures, ElementsAre("int", "byte"));
  EXPECT_EQ(in.read_int(), 5);
  EXPECT_TRUE(in.at_end());
}

TEST(SofaRequest, EveryTruncationIsAnError) {
  const GoldenFrame golden = golden_frames("0000-sofarpc-echo")[0];
  const BytesView content = golden.view().content;
  SofaRequest request;
  hessian::Reader whole(content);
  ASSERT_TRUE(read_sofa_request(whole, request));
  for (std::size_t size = 0; size < whole.offset(); ++size) {
    hessian::Reader in(content.first(size));
    EXPECT_FALSE(read_sofa_request(in, request)) << size;
    EXPECT_FALSE(in.ok()) << size;
  }
}

TEST(SofaRequest, AnotherClassIsRefused) {
  const GoldenFrame golden = golden_frames("0001-sofarpc-echo")[0];
  hessian::Reader in(golden.view().content);
  SofaRequest request;
  EXPECT_FALSE(read_sofa_request(in, request));
  EXPECT_THAT(in.error().what(), testing::HasSubstr("SofaResponse"));
}

TEST(RequestHeader, EveryGoldenHeaderGivesItsEntries) {
  int seen = 0;
  for (const GoldenFrame& golden : golden_frames()) {
    if (!is_hessian_request(golden)) continue;
    SCOPED_TRACE(golden.file());
    RequestHeader header;
    const bolt::FrameView frame = golden.view();
    ASSERT_TRUE(parse_request_header(frame.header, header));
    std::uint32_t custom = 0;
    for (const auto& pair : golden.entry["header"]) {
      const std::string key = pair[0], value = pair[1];
      if (key == bolt::kService) {
        EXPECT_EQ(header.service, value);
      }
      if (key == bolt::kTargetService) {
        EXPECT_EQ(header.target_service, value);
      }
      if (key == bolt::kMethodName) {
        EXPECT_EQ(header.method, value);
      }
      if (key == bolt::kApp) {
        EXPECT_EQ(header.app, value);
      }
      if (key == bolt::kTraceId) {
        EXPECT_EQ(header.trace_id, value);
      }
      if (key == bolt::kRpcId) {
        EXPECT_EQ(header.rpc_id, value);
      }
      if (key == bolt::kSampled) {
        EXPECT_EQ(header.sampled, value);
      }
      if (key == bolt::kGenericType) {
        EXPECT_EQ(std::to_string(header.generic_type), value);
      }
      if (key.starts_with(bolt::kRequestBaggagePrefix) || key.starts_with("x-")) ++custom;
    }
    EXPECT_EQ(header.custom, custom);
    EXPECT_EQ(header.called_service(), header.target_service);
    ++seen;
  }
  EXPECT_GT(seen, 60);
}

TEST(RequestHeader, CustomEntriesAreWalked) {
  const GoldenFrame golden = golden_frames("0060-sofarpc-baggage-client")[0];
  std::vector<std::string> found;
  for_each_custom(golden.view().header, [&](std::string_view key, std::string_view value) {
    found.push_back(std::string(key) + "=" + std::string(value));
  });
  EXPECT_THAT(found, ElementsAre("rpc_req_baggage.tenant=t31", "rpc_req_baggage.zone=RZ01A"));
}

TEST(RequestHeader, ADamagedMapIsToldApart) {
  const GoldenFrame golden = golden_frames("broken-header-client")[0];
  RequestHeader header;
  EXPECT_FALSE(parse_request_header(golden.view().header, header));
}

}  // namespace
}  // namespace sofa::rpc
