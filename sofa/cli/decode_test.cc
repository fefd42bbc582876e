// Every golden file prints as its manifest entry, and is written again to the same bytes.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/cli/codec_tool.h"
#include "sofa/cli/run_binary.h"
#include "sofa/wire/hessian/golden_files.h"

namespace sofa::cli {
namespace {

using hessian::parse_with_lone_surrogates;
using nlohmann::json;
using ::testing::HasSubstr;

const std::string kGolden = SOFA_SOURCE_DIR "/tests/golden/";

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
Bytes bytes_of(const std::string& path) {
  const std::string text = text_of(path);
  return {text.begin(), text.end()};
}

/// Takes away what the manifests' README says not to compare (Java's text of doubles and the text of `other` classes)
/// and the order of a HashMap, which is the reading JVM's.
void strip(json& value) {
  if (value.is_object() && value.contains("t")) {
    if (value["t"] == "double") value.erase("v");
    if (value["t"] == "other" && value["class"] == "java.util.GregorianCalendar") value.erase("text");
  }
  for (auto& part : value) {
    if (part.is_structured()) strip(part);
  }
  if (value.is_object() && value.value("class", json()) == "java.util.HashMap") {
    std::ranges::sort(value["v"].get_ref<json::array_t&>());
  }
}
json comparable(json value) {
  strip(value);
  return value;
}

const CodecTool& tool(std::string_view kind) {
  return *find_codec_tool(kind).value();
}

json decoded(std::string_view kind, const Bytes& bytes) {
  const auto text = tool(kind).decode(bytes, true);
  EXPECT_TRUE(text) << text.error().what();
  return text ? comparable(parse_with_lone_surrogates(*text)) : json();
}

void expect_same_bytes(std::string_view kind, const Bytes& bytes) {
  const auto again = tool(kind).roundtrip(bytes);
  ASSERT_TRUE(again) << again.error().what();
  EXPECT_EQ(*again, bytes);
}

TEST(Decode, EveryGoldenHessianStream) {
  std::size_t compared = 0;
  for (const auto& entry : hessian::golden_manifest()) {
    SCOPED_TRACE(entry.file);
    const Bytes bytes = bytes_of(kGolden + "hessian/" + entry.file);
    const json got = decoded("hessian", bytes);
    expect_same_bytes("hessian", bytes);
    if (!entry.values.is_array()) continue;
    const bool lost = entry.file == "0060-double.bin" || entry.kind == "list-variable";  // -0.0, an iterator
    EXPECT_EQ(got, comparable(lost ? json::array({entry.java_reads_back}) : entry.values));
    ++compared;
  }
  EXPECT_EQ(compared, 316U);
}

TEST(Decode, EveryGoldenBoltFrame) {
  std::size_t compared = 0;
  for (json& entry : parse_with_lone_surrogates(text_of(kGolden + "bolt/manifest.json"))) {
    const std::string file = entry["file"], scenario = entry["scenario"];
    SCOPED_TRACE(file);
    if (scenario == "broken-header" || file == "0201-broken-content-client.bin") continue;  // see below
    const Bytes bytes = bytes_of(kGolden + "bolt/" + file);
    const json got = decoded("bolt", bytes);
    expect_same_bytes("bolt", bytes);
    for (const char* about : {"file", "scenario", "from", "connection", "client_saw"}) entry.erase(about);
    json want = comparable(entry);
    if (scenario == "sofarpc-generic-object" && want["type"] == 1) {
      // The caller left three fields out; Java shows them with what its constructor put there.
      for (const char* unsent : {"currency", "legs", "when"}) want["content"][1]["v"].erase(unsent);
    }
    EXPECT_EQ(got, json::array({want}));
    ++compared;
  }
  EXPECT_EQ(compared, 206U);
}

TEST(Decode, DamagedPartsOfAFrameAreShownAsFarAsTheyGo) {
  const std::string header = kGolden + "bolt/0207-broken-header-client.bin";
  const Ran shown = run_sofa({"decode", "bolt", header});
  EXPECT_EQ(shown.exit, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("\"header_damaged\":true"));
  EXPECT_EQ(run_sofa({"roundtrip", "bolt", header}).exit, 1);
  // A class name that was damaged is a class that nobody knows (Java reads it as a map).
  const std::string content = kGolden + "bolt/0201-broken-content-client.bin";
  EXPECT_THAT(run_sofa({"decode", "bolt", content}).out, HasSubstr("\"$class\":\"c5m.ali*ay.sofa"));
  EXPECT_EQ(run_sofa({"roundtrip", "bolt", content}).out, "identical\n");
}

TEST(Decode, ContentThatIsNotWhatItSaysIsShownAsHex) {
  std::string frame = text_of(kGolden + "bolt/0001-sofarpc-echo-server.bin");
  frame.resize(frame.size() - 1);
  frame += '\xff';
  const Ran shown = run_sofa({"decode", "bolt", "-"}, frame);
  EXPECT_EQ(shown.exit, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("\"content_hex\":\""));
  const Ran again = run_sofa({"roundtrip", "bolt", "-"}, frame);
  EXPECT_EQ(again.exit, 1);
  EXPECT_THAT(again.err, HasSubstr("hessian/"));
}

TEST(Decode, AStreamOfFramesIsOneArray) {
  const std::string two =
      text_of(kGolden + "bolt/0000-sofarpc-echo-client.bin") + text_of(kGolden + "bolt/0001-sofarpc-echo-server.bin");
  const Ran typed = run_sofa({"decode", "bolt", "-", "--typed"}, two);
  EXPECT_EQ(typed.exit, 0) << typed.err;
  const json frames = json::parse(typed.out);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1]["content"][0]["class"], "com.alipay.sofa.rpc.core.response.SofaResponse");
  EXPECT_EQ(run_sofa({"roundtrip", "bolt", "-"}, two).out, "identical\n");
}

TEST(Decode, TypedShowsEnumsAndThrowablesAsSuch) {
  const Ran transfer = run_sofa({"decode", "hessian", "--typed", kGolden + "hessian/0187-object-transfer.bin"});
  EXPECT_EQ(transfer.exit, 0) << transfer.err;
  const json value = json::parse(transfer.out)[0];
  EXPECT_EQ(value["v"]["currency"]["t"], "enum");
  EXPECT_EQ(value["v"]["amount"]["t"], "decimal");
  const Ran thrown = run_sofa({"decode", "bolt", "--typed", kGolden + "bolt/0204-broken-codec-server.bin"});
  EXPECT_EQ(json::parse(thrown.out)[0]["content"][0]["t"], "throwable");
}

TEST(Decode, SaysWhatWasWrong) {
  const std::string frame = text_of(kGolden + "bolt/0000-sofarpc-echo-client.bin");
  const Ran cut = run_sofa({"decode", "bolt", "-"}, frame.substr(0, 100));
  EXPECT_EQ(cut.exit, 1);
  EXPECT_THAT(cut.err, HasSubstr("offset 0 is cut off: it has 100 of at least 847 bytes"));
  const Ran http = run_sofa({"decode", "bolt", "-"}, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(http.exit, 1);
  EXPECT_THAT(http.err, HasSubstr("no Bolt frame at offset 0"));
  const Ran json_error = run_sofa({"decode", "hessian", "-", "--json"}, "\x43");
  EXPECT_EQ(json_error.exit, 1);
  EXPECT_EQ(json::parse(json_error.err)["error"]["part"], "hessian");

  const Ran kind = run_sofa({"decode", "xml", "-"});
  EXPECT_EQ(kind.exit, 2);
  EXPECT_THAT(kind.err, HasSubstr("cannot read 'xml': KIND is one of hessian, bolt"));
  const Ran file = run_sofa({"decode", "bolt", "no/such/file"});
  EXPECT_EQ(file.exit, 2);
  EXPECT_THAT(file.err, HasSubstr("cannot open no/such/file: No such file or directory"));
  EXPECT_EQ(run_sofa({"decode", "bolt"}).exit, 2);
}

TEST(Roundtrip, ShowsTheFirstDifference) {
  // Java's writer takes the shortest form of an int; this one is longer.
  const std::string long_form("\x49\x00\x00\x00\x01", 5);
  const Ran differs = run_sofa({"roundtrip", "hessian", "-"}, long_form);
  EXPECT_EQ(differs.exit, 1);
  EXPECT_EQ(differs.out, "differs at offset 0 (5 bytes came, 1 were written)\n");
  const Ran as_json = run_sofa({"roundtrip", "hessian", "-", "--json"}, long_form);
  EXPECT_EQ(json::parse(as_json.out), json::parse(R"({"identical":false,"bytes":5,"bytes_again":1,"offset":0})"));
  EXPECT_EQ(run_sofa({"roundtrip", "hessian", "-", "--json"}, "\x91").out, "{\"identical\":true,\"bytes\":1}\n");
}

}  // namespace
}  // namespace sofa::cli
