// Bytes of the real Java libraries: every frame decodes to what the manifest says and encodes to the same bytes.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/bolt/notation.h"

namespace sofa::bolt {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kGolden = std::filesystem::path(SOFA_SOURCE_DIR) / "tests/golden/bolt";

Bytes read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A shortened text may end in half of a pair (`\\ud83d"`), which this JSON reader refuses. It stands in contents only.
std::string without_lone_surrogates(std::string text) {
  auto high = [&](std::size_t at) { return text.compare(at, 3, "\\ud") == 0 && std::strchr("89ab", text[at + 3]); };
  auto low = [&](std::size_t at) { return text.compare(at, 3, "\\ud") == 0 && std::strchr("cdef", text[at + 3]); };
  for (std::size_t at = 0; (at = text.find('\\', at)) != std::string::npos;) {
    const bool pair = high(at) && low(at + 6);
    if (!pair && (high(at) || low(at))) text.replace(at, 6, "\\ufffd");
    at += pair ? 12 : 2;
  }
  return text;
}

Json manifest_in(const std::string& folder) {
  const Bytes text = read(kGolden / folder / "manifest.json");
  Json entries = Json::parse(without_lone_surrogates(std::string(text.begin(), text.end())));
  for (Json& entry : entries) entry["file"] = folder + std::string(entry["file"]);
  return entries;
}

// The ordinary frames, then those of a full or failing server; files are named from kGolden.
const Json& manifest() {
  static const Json kManifest = [] {
    Json all = manifest_in("");
    for (Json& entry : manifest_in("../bolt-extra/")) all.push_back(std::move(entry));
    return all;
  }();
  return kManifest;
}

FrameView decoded(const Bytes& bytes) {
  FrameView frame;
  const Decoded got = decode(bytes, {}, frame);
  EXPECT_EQ(got.outcome, Outcome::kFrame);
  EXPECT_EQ(got.size, bytes.size());
  return frame;
}

// The entry without what is not in the bytes.
Json expected(Json entry) {
  for (const char* about : {"file", "scenario", "from", "connection", "client_saw"}) entry.erase(about);
  return entry;
}

TEST(Golden, EveryFrameDecodesToItsManifestEntryAndBack) {
  ASSERT_EQ(manifest().size(), 208u + 44u);
  int sound = 0;
  for (const Json& entry : manifest()) {
    const std::string file = entry["file"];
    SCOPED_TRACE(file);
    const Bytes bytes = read(kGolden / file);
    const FrameView frame = decoded(bytes);
    // What the content says is Hessian's business: the manifest's own value stands in for it.
    auto content = [&](const FrameView&, std::string& out) {
      if (!entry.contains("content")) return false;
      out += entry["content"].dump();
      return true;
    };
    const Json got = Json::parse(to_json(frame, Notation::kTyped, content));
    Bytes again;
    if (file.find("broken-header") != std::string::npos) {
      EXPECT_TRUE(got["header_damaged"]);
      EXPECT_FALSE(is_sound(frame.header));
      const auto result = append_again(again, frame, frame.content);
      ASSERT_FALSE(result);
      EXPECT_TRUE(result.error().is(BoltError::kBadHeader));
      continue;
    }
    EXPECT_EQ(got, expected(entry));
    ASSERT_TRUE(append_again(again, frame, frame.content));
    EXPECT_EQ(again, bytes);
    ++sound;
  }
  EXPECT_EQ(sound, 207 + 44);
}

TEST(Golden, TheBrokenSourceIsSoundAndTheRestIsForTheLayersAbove) {
  // Codec 99 and an unknown class are no damage of the frame: the server answers them.
  const Bytes codec = read(kGolden / "0203-broken-codec-client.bin");
  EXPECT_EQ(static_cast<int>(decoded(codec).head.codec), 99);
  const Bytes unknown = read(kGolden / "0205-broken-class-client.bin");
  EXPECT_EQ(decoded(unknown).class_name, "com.alipay.sofa.rpc.core.request.SofaRequesX");
}

TEST(Golden, ShortFramesAreJavasOwn) {
  struct Pair {
    const char* request;
    const char* ack;
    Form form;
  };
  for (const Pair& pair : {Pair{"0167-heartbeat-v1-client.bin", "0170-heartbeat-v1-server.bin", kFormV1},
                           Pair{"0179-heartbeat-v2ver1-client.bin", "0182-heartbeat-v2ver1-server.bin",
                                Form{Protocol::kV2, 1, kSwitchCrc}},
                           Pair{"0191-heartbeat-v2ver2-client.bin", "0193-heartbeat-v2ver2-server.bin", kFormV2Crc}}) {
    SCOPED_TRACE(pair.request);
    const Bytes request = read(kGolden / pair.request);
    const FrameView frame = decoded(request);
    const ShortFrame made = heartbeat(pair.form, frame.head.id);
    EXPECT_EQ(Bytes(made.view().begin(), made.view().end()), request);
    const ShortFrame ack = heartbeat_ack(frame.head);
    EXPECT_EQ(Bytes(ack.view().begin(), ack.view().end()), read(kGolden / pair.ack));
  }
}

TEST(Golden, AnswersCopyWhatJavaCopies) {
  // Every answer in the set has the head that answer_to or error_answer_to makes of its request.
  std::map<std::pair<std::string, std::uint32_t>, Bytes> requests;
  int answers = 0;
  for (const Json& entry : manifest()) {
    const Bytes bytes = read(kGolden / std::string(entry["file"]));
    const FrameView frame = decoded(bytes);
    const auto key = std::pair(std::string(entry["scenario"]), frame.head.id);
    if (entry["from"] == "client") {
      requests[key] = bytes;
      continue;
    }
    SCOPED_TRACE(entry["file"].get<std::string>());
    ASSERT_TRUE(requests.contains(key));
    const Head request = decoded(requests[key]).head;
    Head head =
        frame.head.status == Status::kSuccess ? answer_to(request) : error_answer_to(request, frame.head.status);
    if (head.command == Command::kHeartbeat) head.form.switches = 0;
    Bytes again;
    ASSERT_TRUE(append_frame(again, head, frame.class_name, frame.header, frame.content));
    EXPECT_EQ(again, bytes);
    ++answers;
  }
  EXPECT_GT(answers, 80);
}

TEST(Golden, ReadsForPeople) {
  const Bytes bytes = read(kGolden / "0135-direct-v1-withdraw-client.bin");
  const Json got = Json::parse(to_json(decoded(bytes), Notation::kReadable));
  EXPECT_EQ(got["protocol"], "bolt v1");
  EXPECT_EQ(got["type"], "request");
  EXPECT_EQ(got["codec"], "hessian2");
  EXPECT_EQ(got["timeout_ms"], 3273);
  EXPECT_EQ(got["header"]["sofa_head_method_name"], "withdraw");
  EXPECT_EQ(got["content_hex"].get<std::string>().size(), 2 * 283u);
  const Bytes answer = read(kGolden / "0204-broken-codec-server.bin");
  EXPECT_EQ(Json::parse(to_json(decoded(answer), Notation::kReadable))["status"], "server_deserial_exception");
}

}  // namespace
}  // namespace sofa::bolt
