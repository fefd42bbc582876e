// The server against what real Java clients sent: every golden request is routed, its arguments arrive, and the answer
// is the Java server's, byte for byte where it is determined.
#include <gmock/gmock.h>

#include "sofa/rpc/bolt_world_test.h"
#include "sofa/rpc/golden_frames.h"
#include "sofa/rpc/request_header.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;
using hessian::Value;

/// Stands for all services of the manifest: notes what was called, answers as it is told.
struct Recorder {
  std::vector<Value> arguments;
  std::string app;
  std::string trace_id;
  std::optional<io::Duration> time_left;
  int calls = 0;
  Value answer;
  bool throws = false;

  static void serve(void* self, ServerCall& call) {
    auto& recorder = *static_cast<Recorder*>(self);
    ++recorder.calls;
    recorder.arguments.clear();
    while (!call.arguments().at_end()) recorder.arguments.push_back(hessian::read_value(call.arguments()));
    EXPECT_TRUE(call.arguments().ok());
    recorder.app = call.context().peer()->app;
    recorder.trace_id = call.context().trace().trace_id.view();
    recorder.time_left.reset();
    if (call.context().deadline() != io::kNever) {
      recorder.time_left = call.context().deadline() - io::Shard::current()->now();
    }
    const auto write = [](hessian::Writer& to, const void* value) {
      hessian::write_value(to, *static_cast<const Value*>(value));
    };
    call.answer(write, &recorder.answer);
  }
};

/// The methods that the golden requests call, by service.
struct GoldenServices {
  struct One {
    std::deque<std::string> texts;
    std::deque<std::vector<std::string_view>> signatures;
    std::vector<Method> methods;
    Interface interface;
  };
  std::map<std::string, One> services;

  GoldenServices() {
    for (const GoldenFrame& golden : golden_frames("-client")) {
      if (!is_call(golden) || golden.file().find("not-found") != std::string::npos) continue;
      add(golden.entry["content"][0]["v"]);
    }
    for (auto& [key, one] : services) one.interface = {.name = key, .methods = one.methods};
  }
  static bool is_call(const GoldenFrame& golden) {
    return golden.entry.contains("class") && golden.entry["class"] == std::string(bolt::kRequestClass) &&
           golden.entry["codec"] == 1 && golden.file().find("broken") == std::string::npos;
  }

 private:
  void add(const nlohmann::json& request) {
    One& one = services[request["targetServiceUniqueName"]["v"]];
    std::vector<std::string_view> signatures;
    for (const auto& signature : request["methodArgSigs"]["v"]) {
      signatures.push_back(one.texts.emplace_back(std::string(signature["v"])));
    }
    const std::string& name = one.texts.emplace_back(std::string(request["methodName"]["v"]));
    for (const Method& method : one.methods) {
      if (method.name == name && std::ranges::equal(method.signatures, signatures)) return;
    }
    one.methods.push_back({.name = name,
                           .signatures = one.signatures.emplace_back(std::move(signatures)),
                           .index = static_cast<int>(one.methods.size()),
                           .serve = &Recorder::serve});
  }
};

struct GoldenServer {
  GoldenServices golden;
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  ServiceTable services;
  io::Shards shards;
  BoltServer server;

  explicit GoldenServer(io::sim::Process& process) : shards(process.env(), 1), server(shards, services) {
    for (const auto& [key, one] : golden.services) {
      const std::size_t colon = key.find(':');
      services.install({key.substr(0, colon), key.substr(colon + 1), {}}, one.interface, recorder);
    }
    EXPECT_TRUE(server.listen({.host = "0.0.0.0", .port = kTestPort}));
    shards.start();
  }
};

class BoltServerGolden : public testing::Test {
 protected:
  io::sim::World world{1};
  GoldenServer* server = boot<GoldenServer>(world.process("server"));
  RawClient* client = boot<RawClient>(world.process("client"), world.process("server").name());

  /// Sends one frame and gives the answer's bytes; nothing when none came for a while.
  Bytes ask(const Bytes& request, io::Duration patience = 5s) {
    const std::size_t before = client->frames().size();
    client->send(request);
    if (!world.run_until([&] { return client->frames().size() > before; }, patience)) return {};
    const BytesView answer = client->frames()[before].bytes;
    return {answer.begin(), answer.end()};
  }

  void TearDown() override {
    EXPECT_EQ(server->server.counts().in_flight, 0U);
    for (const auto& place : server->services.snapshot()->places()) EXPECT_EQ(place->slot->in_flight(), 0);
    EXPECT_FALSE(client->state->closed);
  }
};

const GoldenFrame* answer_to(const std::vector<GoldenFrame>& frames, const GoldenFrame& request) {
  for (const GoldenFrame& frame : frames) {
    if (!frame.from_client() && frame.entry["id"] == request.entry["id"] &&
        frame.entry["scenario"] == request.entry["scenario"]) {
      return &frame;
    }
  }
  return nullptr;
}

TEST_F(BoltServerGolden, EveryRequestIsRoutedAndAnsweredAsJavaDid) {
  const auto frames = golden_frames();
  int answered = 0, oneways = 0, not_found = 0;
  for (const GoldenFrame& request : frames) {
    if (!request.from_client() || !GoldenServices::is_call(request)) continue;
    SCOPED_TRACE(request.file());
    const GoldenFrame* java = answer_to(frames, request);
    const auto sent = hessian::read_values(request.view().content);
    ASSERT_TRUE(sent);
    Recorder& recorder = *server->recorder;
    recorder.answer = {};
    if (java) recorder.answer = hessian::read_values(java->view().content).value()[0]["appResponse"];
    const int calls = recorder.calls;

    if (request.entry["type"] == 2) {
      EXPECT_TRUE(ask(request.bytes, 100ms).empty());
      EXPECT_EQ(recorder.calls, calls + 1);
      EXPECT_FALSE(recorder.time_left);
      ++oneways;
      continue;
    }
    const Bytes answer = ask(request.bytes);
    ASSERT_FALSE(answer.empty());
    if (request.file().find("not-found") != std::string::npos) {
      EXPECT_EQ(answer, java->bytes);
      ++not_found;
      continue;
    }
    EXPECT_EQ(recorder.calls, calls + 1);
    ASSERT_EQ(recorder.arguments.size(), sent->size() - 1);
    for (std::size_t i = 0; i < recorder.arguments.size(); ++i) EXPECT_EQ(recorder.arguments[i], (*sent)[i + 1]);
    RequestHeader header;
    ASSERT_TRUE(parse_request_header(request.view().header, header));
    if (!header.app.empty()) {
      EXPECT_EQ(recorder.app, header.app);
    }
    EXPECT_EQ(recorder.trace_id, header.trace_id);
    EXPECT_EQ(recorder.time_left, std::chrono::milliseconds(request.entry["timeout"]));
    // What was thrown is answered by answer_exception, which has a test of its own.
    if (java && java->entry["header"].empty()) {
      EXPECT_EQ(answer, java->bytes);
      ++answered;
    }
  }
  EXPECT_GT(answered, 40);
  EXPECT_EQ(oneways, 6);
  EXPECT_EQ(not_found, 4);
}

TEST_F(BoltServerGolden, HeartbeatsAreAnsweredAsJavaDid) {
  const auto frames = golden_frames("heartbeat");
  int seen = 0;
  for (const GoldenFrame& request : frames) {
    const GoldenFrame* java = request.from_client() ? answer_to(frames, request) : nullptr;
    if (!java) continue;
    SCOPED_TRACE(request.file());
    EXPECT_EQ(ask(request.bytes), java->bytes);
    ++seen;
  }
  EXPECT_GE(seen, 4);
}

TEST_F(BoltServerGolden, BrokenRequestsAreAnsweredWithJavasStatusAndText) {
  for (const char* name : {"broken-content", "broken-codec", "broken-class"}) {
    SCOPED_TRACE(name);
    const GoldenFrame request = golden_frames(std::string(name) + "-client").at(0);
    const GoldenFrame java = golden_frames(std::string(name) + "-server").at(0);
    const Bytes answer = ask(request.bytes);
    bolt::FrameView frame;
    ASSERT_EQ(bolt::decode(answer, {}, frame).outcome, bolt::Outcome::kFrame);
    EXPECT_EQ(static_cast<int>(frame.head.status), java.entry["status"].get<int>());
    EXPECT_EQ(frame.class_name, bolt::kServerExceptionClass);
    const std::string ours(hessian::read_values(frame.content).value()[0]["detailMessage"].as_string());
    const std::string theirs = java.entry["content"][0]["message"];
    if (std::string(name) == "broken-content") {
      EXPECT_TRUE(ours.starts_with("[Server]OriginErrorMsg: com.alipay.remoting.exception.DeserializationException: "));
      EXPECT_EQ(ours.substr(ours.rfind(", traceId")), theirs.substr(theirs.rfind(", traceId")));
    } else {
      EXPECT_EQ(ours, theirs);
    }
  }
}

TEST_F(BoltServerGolden, ADamagedHeaderMapIsAnsweredThoughJavaIsSilent) {
  const Bytes answer = ask(golden_frames("broken-header-client").at(0).bytes);
  bolt::FrameView frame;
  ASSERT_EQ(bolt::decode(answer, {}, frame).outcome, bolt::Outcome::kFrame);
  EXPECT_EQ(frame.head.status, bolt::Status::kServerDeserialException);
}

TEST_F(BoltServerGolden, FramesOfForeignPayloadsAreRefusedWithTheirCodec) {
  // Protobuf comes with its own generation; until then it is an unknown serializer.
  const Bytes answer = ask(golden_frames("0050-sofarpc-protobuf-client").at(0).bytes);
  bolt::FrameView frame;
  ASSERT_EQ(bolt::decode(answer, {}, frame).outcome, bolt::Outcome::kFrame);
  EXPECT_EQ(frame.head.status, bolt::Status::kServerDeserialException);
  EXPECT_THAT(std::string(hessian::read_values(frame.content).value()[0]["detailMessage"].as_string()),
              testing::HasSubstr("Serializer Not Found,type:[11]"));
}

TEST_F(BoltServerGolden, AllRequestsInOneReadAreAnsweredInOneTurn) {
  Bytes together;
  std::vector<std::uint32_t> ids;
  for (const GoldenFrame& request : golden_frames("-client")) {
    if (!GoldenServices::is_call(request) || request.entry["type"] != 1 || request.bytes.size() > 4096) continue;
    together.insert(together.end(), request.bytes.begin(), request.bytes.end());
    ids.push_back(request.entry["id"]);
  }
  client->send(together);
  ASSERT_TRUE(world.run_until([&] { return client->frames().size() == ids.size(); }, 10s));
  std::vector<std::uint32_t> answered;
  for (const bolt::FrameView& frame : client->frames()) answered.push_back(frame.head.id);
  EXPECT_EQ(answered, ids);
}

}  // namespace
}  // namespace sofa::rpc
