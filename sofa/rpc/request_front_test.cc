#include "sofa/rpc/request_front.h"

#include <gmock/gmock.h>

#include "sofa/io/call_context.h"
#include "sofa/rpc/golden_frames.h"
#include "sofa/rpc/request_template.h"
#include "sofa/wire/bolt/names.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {
namespace {

using hessian::Reader;
using hessian::Value;

/// What a request says, copied out of its frame.
struct Said {
  std::string service, method, app, trace_id, rpc_id, sampled;
  std::vector<std::string> signatures;
  std::vector<Value> arguments;
  bool operator==(const Said&) const = default;
};

Said said(const RequestFront& front, Reader& in) {
  Said all{std::string(front.service()),
           std::string(front.method()),
           std::string(front.header().app),
           std::string(front.header().trace_id),
           std::string(front.header().rpc_id),
           std::string(front.header().sampled),
           {front.signatures().begin(), front.signatures().end()},
           {}};
  while (in.ok() && !in.at_end()) all.arguments.push_back(hessian::read_value(in));
  return all;
}

bool read(RequestFront& front, const bolt::FrameView& frame, Reader& in) {
  return front.read_header(frame.header, bolt::kMaxHeaderEntries) && front.read_content(in);
}

/// The general way, with nothing remembered; nothing where the request is no sound one.
std::optional<Said> generally(const bolt::FrameView& frame) {
  RequestFront fresh;
  Reader in(frame.content);
  if (!read(fresh, frame, in)) return std::nullopt;
  Said all = said(fresh, in);
  return in.ok() ? std::optional(all) : std::nullopt;
}

std::vector<GoldenFrame> requests() {
  std::vector<GoldenFrame> all;
  for (GoldenFrame& golden : golden_frames("-client")) {
    const auto& entry = golden.entry;
    if (entry.contains("class") && entry["class"] == std::string(bolt::kRequestClass) && entry["codec"] == 1 &&
        golden.file().find("broken") == std::string::npos) {
      all.push_back(std::move(golden));
    }
  }
  return all;
}

/// The frame with `to` wherever `from` stood.
Bytes replaced(Bytes bytes, std::string_view from, std::string_view to) {
  for (auto at = bytes.begin(); (at = std::search(at, bytes.end(), from.begin(), from.end())) != bytes.end();) {
    at = std::copy(to.begin(), to.end(), at);
  }
  return bytes;
}

bolt::FrameView view_of(const Bytes& bytes) {
  bolt::FrameView frame;
  bolt::decode(bytes, {}, frame);
  return frame;
}

TEST(RequestFront, WhatCameOnceIsRecognisedAndSaysTheSame) {
  int recognised = 0, with_trace = 0;
  for (const GoldenFrame& golden : requests()) {
    SCOPED_TRACE(golden.file());
    RequestFront front;
    {
      const Bytes first = golden.bytes;  // gone before the next one comes
      const bolt::FrameView frame = view_of(first);
      Reader in(frame.content);
      ASSERT_FALSE(front.recognise(frame, in));
      ASSERT_TRUE(read(front, frame, in));
      front.keep(frame, in);
    }
    const bolt::FrameView frame = golden.view();
    Reader again(frame.content);
    const bool has_own_headers = front.header().custom > 0;
    ASSERT_EQ(front.recognise(frame, again), !has_own_headers);
    if (has_own_headers) continue;
    ++recognised;
    EXPECT_EQ(said(front, again), generally(frame));
    if (front.header().trace_id.empty()) continue;
    ++with_trace;
    const std::string trace(front.header().trace_id);
    const Bytes next = replaced(golden.bytes, trace, std::string(trace.rbegin(), trace.rend()));
    Reader third(view_of(next).content);
    ASSERT_TRUE(front.recognise(view_of(next), third));
    EXPECT_EQ(front.header().trace_id, std::string(trace.rbegin(), trace.rend()));
    EXPECT_EQ(said(front, third), generally(view_of(next)));
  }
  EXPECT_GT(recognised, 50);
  EXPECT_GT(with_trace, 40);
}

TEST(RequestFront, NoOtherRequestIsTakenForTheKeptOne) {
  RequestFront front;
  const std::vector<GoldenFrame> all = requests();
  for (const GoldenFrame& kept : all) {
    const bolt::FrameView frame = kept.view();
    Reader in(frame.content);
    ASSERT_TRUE(read(front, frame, in));
    front.keep(frame, in);
    for (const GoldenFrame& other : all) {
      const bolt::FrameView came = other.view();
      Reader from(came.content);
      if (!front.recognise(came, from)) continue;
      SCOPED_TRACE(kept.file() + " for " + other.file());
      EXPECT_EQ(said(front, from), generally(came));
    }
  }
}

TEST(RequestFront, AnyChangedByteIsSeenOrSaysTheSameAsRead) {
  const GoldenFrame golden = golden_frames("0000-sofarpc-echo-client").at(0);
  const bolt::FrameView frame = golden.view();
  RequestFront front;
  Reader in(frame.content);
  ASSERT_TRUE(read(front, frame, in));
  front.keep(frame, in);
  const auto from = static_cast<std::size_t>(frame.header.data() - frame.bytes.data());
  int recognised = 0;
  for (std::size_t at = from; at < golden.bytes.size(); ++at) {
    for (const int bit : {1, 4, 0x20, 0x80}) {
      Bytes changed = golden.bytes;
      changed[at] ^= static_cast<std::uint8_t>(bit);
      const bolt::FrameView came = view_of(changed);
      Reader again(came.content);
      if (!front.recognise(came, again)) continue;
      ++recognised;
      const Said fast = said(front, again);
      const auto general = generally(came);
      ASSERT_EQ(again.ok(), general.has_value()) << at;
      if (general) {
        ASSERT_EQ(fast, *general) << at;
      }
    }
  }
  EXPECT_GT(recognised, 20);  // those in the arguments
}

TEST(RequestFront, TracesThatDisagreeOrAreNoAsciiAreReadAnew) {
  const GoldenFrame golden = golden_frames("0000-sofarpc-echo-client").at(0);
  const bolt::FrameView frame = golden.view();
  RequestFront front;
  Reader in(frame.content);
  ASSERT_TRUE(read(front, frame, in));
  front.keep(frame, in);
  const std::string trace(front.header().trace_id);

  Bytes disagreeing = golden.bytes;
  const auto at = std::search(disagreeing.begin(), disagreeing.end(), trace.begin(), trace.end());
  *at ^= 1;  // in the header map only
  Reader other(view_of(disagreeing).content);
  EXPECT_FALSE(front.recognise(view_of(disagreeing), other));

  std::string umlauts = trace;
  umlauts.replace(4, 2, "\xc3\xa4");  // one character fewer in as many bytes
  const Bytes shifted = replaced(golden.bytes, trace, umlauts);
  Reader third(view_of(shifted).content);
  EXPECT_FALSE(front.recognise(view_of(shifted), third));
}

/// A request of ours, with what varies from call to call.
Bytes varied(const RequestExtras& extras) {
  static constexpr std::string_view kSignatures[] = {"java.lang.String"};
  const RequestTemplate request({.service = "a.B:1.0", .app = "c"}, {.name = "echo", .signatures = kSignatures}, {});
  FrameBuffer frame;
  EXPECT_TRUE(
      request.write(frame, 1, 1000, [](hessian::Writer& to, const void*) { to.write_string("x"); }, nullptr, extras));
  return {frame.bytes().begin(), frame.bytes().end()};
}

/// Whether `came` is recognised as `kept`; what it says is compared with reading it.
bool is_recognised(const Bytes& kept, const Bytes& came) {
  RequestFront front;
  const bolt::FrameView frame = view_of(kept);
  Reader in(frame.content);
  EXPECT_TRUE(read(front, frame, in));
  front.keep(frame, in);
  Reader again(view_of(came).content);
  if (!front.recognise(view_of(came), again)) return false;
  EXPECT_EQ(said(front, again), generally(view_of(came)));
  RequestHeader header;
  EXPECT_TRUE(parse_request_header(view_of(came).header, header));
  EXPECT_EQ(front.header().remain_ms, header.remain_ms);
  EXPECT_EQ(front.header().new_trace, header.new_trace);
  return true;
}

TEST(RequestFront, TheTimeLeftMayVary) {
  const auto remain = [](std::int32_t ms) { return varied({.remain_ms = ms}); };
  EXPECT_TRUE(is_recognised(remain(2987), remain(2413)));
  EXPECT_TRUE(is_recognised(remain(999), remain(100)));
  EXPECT_TRUE(is_recognised(remain(7), remain(3)));
  EXPECT_TRUE(is_recognised(remain(300'000), remain(400'000)));
  EXPECT_FALSE(is_recognised(remain(2987), remain(999)));   // another shape
  EXPECT_FALSE(is_recognised(remain(2987), remain(1999)));  // as a Hessian int it is shorter
  EXPECT_FALSE(is_recognised(remain(2987), varied({})));
}

TEST(RequestFront, ATimeThatContentAndHeaderDisagreeOnIsReadAnew) {
  const Bytes kept = varied({.remain_ms = 2987});
  Bytes other = replaced(kept, "2987", "2986");  // in the header map only
  EXPECT_FALSE(is_recognised(kept, other));
  EXPECT_FALSE(is_recognised(other, kept));
}

TEST(RequestFront, ATraceOfTheNewerFormMayVary) {
  const auto with = [](std::string text) {
    std::vector<std::pair<std::string, std::string>> headers{{"new_rpc_trace_context", std::move(text)}};
    return varied({.headers = headers});
  };
  const Bytes kept = with("tcid=0a0000071795466497646100142&spid=0.1&pspid=0&sample=true&");
  EXPECT_TRUE(is_recognised(kept, with("tcid=0a0000071795466497999123442&spid=0.7&pspid=0&sample=true&")));
  EXPECT_TRUE(is_recognised(kept, with("tcid=0a0000071795466497999123442&spid=0&pspid=&sample=false&")) == false);
  EXPECT_FALSE(is_recognised(kept, with("tcid=0a00000717954664976461001ä&spid=0.1&pspid=0&sample=true&")));
  RequestFront front;
  const Bytes came = with("tcid=t&spid=0.1.2&pspid=0.1&sample=false&_sys_zone=a&uid=42&");
  Reader in(view_of(came).content);
  ASSERT_TRUE(read(front, view_of(came), in));
  EXPECT_EQ(front.header().trace_id, "t");
  EXPECT_EQ(front.header().rpc_id, "0.1.2");
  EXPECT_EQ(front.header().sampled, "false");
}

TEST(RequestFront, IdsThatLieInOneAnotherAreNotKept) {
  // The content's first `sofaRpcId` is one that the trace id contains.
  TraceContext trace;
  trace.trace_id.assign(
      "a\x09sofaRpcId\x03"
      "0.1z");
  trace.rpc_id.assign("0.1");
  Bytes hostile = varied({.trace = &trace});
  const std::string_view real =
      "\x09sofaRpcId\x03"
      "0.1\x04samp";
  const auto at = std::search(hostile.begin(), hostile.end(), real.begin(), real.end());
  ASSERT_NE(at, hostile.end());
  at[1] = 'S';  // the real key is another one
  EXPECT_FALSE(is_recognised(hostile, hostile));
}

}  // namespace
}  // namespace sofa::rpc
