#include "sofa/io/trace.h"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sofa {
namespace {

struct StandingClock final : io::Clock {
  io::TimePoint now() override { return {}; }
  std::chrono::sys_time<std::chrono::milliseconds> wall() override {
    return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(1795466497646));
  }
};
struct FixedRandom final : io::Random {
  std::uint64_t next() override { return 8000; }
};

TraceContext span(std::string_view trace_id, std::string_view rpc_id, bool sampled = true) {
  TraceContext trace;
  trace.trace_id.assign(trace_id);
  trace.rpc_id.assign(rpc_id);
  trace.sampled = sampled;
  return trace;
}

TEST(Trace, IdsHaveSofaTracersForm) {
  StandingClock clock;
  FixedRandom random;
  TraceIds ids(clock, random, {.address = "192.0.2.33", .process = 1335});
  const TraceContext first = ids.start();
  EXPECT_EQ(first.trace_id.view(), "c0000221179546649764690001335");
  EXPECT_EQ(first.rpc_id.view(), "0");
  EXPECT_TRUE(first.sampled);
  EXPECT_EQ(ids.start().trace_id.view(), "c0000221179546649764610001335");  // the counter begins again
  std::set<std::string> all;
  for (int i = 0; i < 8001; ++i) all.emplace(ids.start().trace_id.view());
  EXPECT_EQ(all.size(), 8001U);
  for (const std::string& id : all) EXPECT_EQ(id.size(), 29U);
}

TEST(Trace, AnUnknownAddressAndProcessAreWrittenAsJavaDoes) {
  StandingClock clock;
  FixedRandom random;
  for (const char* address : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "fe80::1", "1.2.3.x"}) {
    TraceIds ids(clock, random, {.address = address});
    EXPECT_EQ(ids.start().trace_id.view(), "ffffffff179546649764690008001") << address;
  }
}

TEST(Trace, ChildrenAreCounted) {
  EXPECT_EQ(child_of(span("t", "0"), 1).rpc_id.view(), "0.1");
  EXPECT_EQ(child_of(span("t", "0.1"), 12).rpc_id.view(), "0.1.12");
  EXPECT_EQ(child_of(span("t", ""), 2).rpc_id.view(), "0.2");
  EXPECT_EQ(child_of(span("t", "0"), 1).trace_id.view(), "t");
  const std::string deep(126, '9');
  EXPECT_EQ(child_of(span("t", deep), 1).rpc_id.view(), deep);
}

// The hashes were computed by another program: FNV-1a of 64 bits over the trace id, then over the RPC id.
TEST(Trace, TraceparentsAreKnown) {
  const std::initializer_list<std::pair<TraceContext, const char*>> known = {
      {span("0a0000071795466497646100142", "0"), "00-0a0000071795466497646100142fffff-c3c9654a46920ad1-01"},
      {span("0a0000071795466497646100142", "0.1"), "00-0a0000071795466497646100142fffff-0c056b9ce3222fb4-01"},
      {span("c0000202179546649764610011335", "0.1.2", false),
       "00-c0000202179546649764610011335fff-4d252500c6866973-00"},
      {span("4bf92f3577b34da6a3ce929d0e0e4736", "0"), "00-4bf92f3577b34da6a3ce929d0e0e4736-31e29f7f7b0a9b46-01"},
      {span("no-hex-digits", "0.1"), "00-e5c455d69022c96f539ba07823854e46-b415cbddfb489938-01"},
  };
  for (const auto& [trace, header] : known) EXPECT_EQ(traceparent(trace).view(), header);
}

TEST(Trace, SofaIdsAreW3cIdsAndBack) {
  for (const char* id :
       {"c0000202179546649764610011335", "0a000001179546649764690009", "ffffffff17954664976461000999999",
        "0a0000011795466497646100141943"
        "03"}) {
    const TraceContext sent = span(id, "0.1");
    TraceContext got;
    ASSERT_TRUE(read_traceparent(traceparent(sent).view(), got)) << id;
    EXPECT_EQ(got.trace_id.view(), id);
    EXPECT_TRUE(w3c_trace_id(id).view().starts_with(id));
    EXPECT_TRUE(got.sampled);
    EXPECT_TRUE(got.w3c);
  }
}

TEST(Trace, W3cIdsAreSofaIdsAndBack) {
  for (const char* id : {"4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0effff",
                         "ffffffffffffffffffffffffffffffff", "00000000000000000000000000000001"}) {
    TraceContext got;
    ASSERT_TRUE(read_traceparent(fmt::format("00-{}-00f067aa0ba902b7-00", id), got));
    EXPECT_EQ(got.trace_id.view(), id);
    EXPECT_EQ(got.rpc_id.view(), "0");
    EXPECT_FALSE(got.sampled);
    EXPECT_EQ(w3c_trace_id(got.trace_id.view()).view(), id);
  }
}

TEST(Trace, OtherIdsAreHashedEverywhereAlike) {
  const FixedText<32> id = w3c_trace_id("no-hex-digits");
  EXPECT_EQ(id.view().size(), 32U);
  EXPECT_EQ(id, w3c_trace_id("no-hex-digits"));
  EXPECT_FALSE(id == w3c_trace_id("no-hex-digitt"));
  EXPECT_NE(w3c_trace_id("0").view(), "0fffffffffffffffffffffffffffffff");  // not a number that W3C allows
  EXPECT_EQ(w3c_span_id(span("a", "0.1")).view().size(), 16U);
  EXPECT_NE(w3c_span_id(span("a", "0.1")).view(), w3c_span_id(span("a", "0.2")).view());
  EXPECT_NE(w3c_span_id(span("a", "0.1")).view(), w3c_span_id(span("b", "0.1")).view());
}

TEST(Trace, WhatIsNoTraceparentIsRefused) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  TraceContext trace = span("kept", "0.7");
  for (const std::string& bad : std::initializer_list<std::string>{
           "", good.substr(1), good + "-00", "ff" + good.substr(2), "0G" + good.substr(2),
           "00-" + std::string(32, '0') + good.substr(35), good.substr(0, 36) + std::string(16, '0') + "-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", good.substr(0, 53) + "0x",
           "01" + good.substr(2) + "0"}) {
    EXPECT_FALSE(read_traceparent(bad, trace)) << bad;
  }
  EXPECT_EQ(trace.trace_id.view(), "kept");
  EXPECT_TRUE(read_traceparent("01" + good.substr(2) + "-later", trace));
  EXPECT_TRUE(trace.sampled);
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(read_traceparent(good.substr(0, cut), trace));
}

}  // namespace
}  // namespace sofa
