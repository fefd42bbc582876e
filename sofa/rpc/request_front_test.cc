#include "sofa/rpc/request_front.h"

#include <gmock/gmock.h>

#include "sofa/rpc/golden_frames.h"
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

}  // namespace
}  // namespace sofa::rpc
