#include "sofa/rpc/sofa_response.h"

#include <gmock/gmock.h>

#include "sofa/rpc/golden_frames.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using hessian::Value;
using testing::HasSubstr;

void encode_value(hessian::Writer& to, const void* value) {
  hessian::write_value(to, *static_cast<const Value*>(value));
}

Value app_response(const bolt::FrameView& frame) {
  const auto values = hessian::read_values(frame.content);
  return values ? (*values)[0]["appResponse"] : Value();
}

bool is_response(const GoldenFrame& golden) {
  return golden.entry.contains("class") && golden.entry["class"] == std::string(bolt::kResponseClass) &&
         golden.entry["codec"] == 1;
}

// The golden request that a golden answer belongs to.
bolt::Head request_of(const GoldenFrame& answer) {
  bolt::Head head = answer.view().head;
  head.type = bolt::FrameType::kRequest;
  head.command = bolt::Command::kRequest;
  return head;
}

TEST(SofaResponse, GoldenAnswersComeOutByteForByte) {
  int values = 0, thrown = 0, errors = 0;
  FrameBuffer frame;
  for (const GoldenFrame& golden : golden_frames("-server")) {
    if (!is_response(golden)) continue;
    SCOPED_TRACE(golden.file());
    const bolt::FrameView java = golden.view();
    const auto content = hessian::read_values(java.content);
    ASSERT_TRUE(content) << content.error().what();
    const Value app = (*content)[0]["appResponse"];
    const Value message = (*content)[0]["errorMsg"];
    if (!message.is_null()) {
      write_error_answer(frame, request_of(golden), message.as_string());
      ++errors;
    } else if (java.header.empty()) {
      write_answer(frame, request_of(golden), encode_value, &app);
      ++values;
    } else {
      write_thrown_answer(frame, request_of(golden), encode_value, &app);
      ++thrown;
    }
    EXPECT_EQ(Bytes(frame.bytes().begin(), frame.bytes().end()), golden.bytes);
  }
  EXPECT_GT(values, 50);
  EXPECT_GT(thrown, 10);
  EXPECT_GE(errors, 4);
}

TEST(SofaResponse, GoldenAnswersAreRead) {
  for (const GoldenFrame& golden : golden_frames("-server")) {
    if (!is_response(golden)) continue;
    SCOPED_TRACE(golden.file());
    const bolt::FrameView frame = golden.view();
    hessian::Reader in(frame.content);
    SofaResponse response;
    ASSERT_TRUE(read_sofa_response(in, response));
    const auto& fields = golden.entry["content"][0]["v"];
    EXPECT_EQ(response.is_error, bool(fields["isError"]["v"]));
    if (response.is_error) {
      EXPECT_EQ(response.error_message, std::string(fields["errorMsg"]["v"]));
    } else {
      EXPECT_EQ(hessian::read_value(in), app_response(frame));
    }
  }
}

TEST(SofaResponse, FieldsInAnotherOrderAreReadByName) {
  Bytes bytes;
  hessian::BytesSink sink(bytes);
  hessian::Writer to(sink);
  hessian::write_value(to, Value::object(bolt::kResponseClass)
                               .set("appResponse", "value")
                               .set("responseProps", nullptr)
                               .set("errorMsg", nullptr)
                               .set("isError", false));
  to.finish();
  hessian::Reader in(bytes);
  SofaResponse response;
  ASSERT_TRUE(read_sofa_response(in, response)) << in.error().what();
  EXPECT_FALSE(response.is_error);
  EXPECT_EQ(in.read_string(), "value");
}

TEST(SofaResponse, TextsAreTheFamilys) {
  const GoldenFrame service = golden_frames("0055-sofarpc-service-not-found-server").at(0);
  EXPECT_EQ(service.entry["content"][0]["v"]["errorMsg"]["v"],
            no_such_service("dev.sofa.bank.EchoService:1.0:nobody73"));
  const GoldenFrame method = golden_frames("0059-sofarpc-method-not-found-server").at(0);
  EXPECT_EQ(method.entry["content"][0]["v"]["errorMsg"]["v"],
            no_such_method("noSuchMethod", "dev.sofa.bank.AccountService:1.0"));
}

TEST(SofaResponse, ServerExceptionsHaveJavasShape) {
  const GoldenFrame golden = golden_frames("0204-broken-codec-server").at(0);
  const bolt::FrameView java = golden.view();
  const Value theirs = hessian::read_values(java.content).value()[0];
  FrameBuffer frame;
  write_server_exception(frame, request_of(golden), bolt::Status::kServerDeserialException,
                         theirs["detailMessage"].as_string());
  bolt::FrameView ours;
  ASSERT_EQ(bolt::decode(frame.bytes(), {}, ours).outcome, bolt::Outcome::kFrame);
  EXPECT_EQ(ours.head.status, java.head.status);
  EXPECT_EQ(ours.head.codec, java.head.codec);
  EXPECT_EQ(ours.class_name, java.class_name);
  const Value mine = hessian::read_values(ours.content).value()[0];
  EXPECT_EQ(mine.class_name(), theirs.class_name());
  ASSERT_EQ(mine.size(), theirs.size());
  for (std::size_t i = 0; i < mine.size(); ++i) EXPECT_EQ(mine.field_name(i), theirs.field_name(i));
  EXPECT_EQ(mine["detailMessage"], theirs["detailMessage"]);
  EXPECT_TRUE(mine["cause"].same(mine));
  EXPECT_EQ(mine["stackTrace"].class_name(), theirs["stackTrace"].class_name());
  EXPECT_EQ(mine["suppressedExceptions"], theirs["suppressedExceptions"]);
}

TEST(SofaResponse, ErrorAnswersCarryNoCrcAndValuesDo) {
  bolt::Head request;
  request.form = bolt::kFormV2Crc;
  request.id = 7;
  FrameBuffer frame;
  write_server_exception(frame, request, bolt::Status::kServerException, "x");
  bolt::FrameView view;
  ASSERT_EQ(bolt::decode(frame.bytes(), {}, view).outcome, bolt::Outcome::kFrame);
  EXPECT_FALSE(view.head.form.carries_crc());
  const Value value = "x";
  write_answer(frame, request, encode_value, &value);
  ASSERT_EQ(bolt::decode(frame.bytes(), {}, view).outcome, bolt::Outcome::kFrame);
  EXPECT_TRUE(view.head.form.carries_crc());
  write_status(frame, request, bolt::Status::kServerThreadPoolBusy);
  ASSERT_EQ(bolt::decode(frame.bytes(), {}, view).outcome, bolt::Outcome::kFrame);
  EXPECT_EQ(view.head.status, bolt::Status::kServerThreadPoolBusy);
  EXPECT_EQ(view.bytes.size(), view.head.head_size());
}

}  // namespace
}  // namespace sofa::rpc
