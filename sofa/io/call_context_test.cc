#include "sofa/io/call_context.h"

#include <gtest/gtest.h>

#include "sofa/io/block_pool.h"

namespace sofa {
namespace {

TEST(CallContext, AttributesAreSetReadErasedAndForked) {
  const ContextPtr context = CallContext::make();
  EXPECT_EQ(context->get(kXid), nullptr);
  context->set(kXid, "10.0.0.1:8091:42");
  context->set(kPriority, 3);
  context->set(kUnit, Unit{.uid = "0042", .shard = 42, .flags = 1, .epoch = 7});
  context->trace().trace_id.assign("0a0fe8ba17");
  context->set_deadline(io::TimePoint(std::chrono::seconds(9)));
  ASSERT_TRUE(context->add_baggage("unit-test", "yes"));

  const ContextPtr fork = context->fork();
  context->erase(kXid);
  context->cancel();
  EXPECT_EQ(context->get(kXid), nullptr);
  ASSERT_NE(fork->get(kXid), nullptr);
  EXPECT_EQ(fork->get(kXid)->view(), "10.0.0.1:8091:42");
  EXPECT_EQ(fork->get(kUnit)->epoch, 7u);
  EXPECT_EQ(*fork->get(kPriority), 3);
  EXPECT_EQ(fork->get(kIdempotencyKey), nullptr);
  EXPECT_EQ(fork->trace().trace_id.view(), "0a0fe8ba17");
  EXPECT_EQ(fork->deadline(), io::TimePoint(std::chrono::seconds(9)));
  EXPECT_EQ(fork->baggage().size(), 1u);
  EXPECT_FALSE(fork->cancelled());
}

TEST(CallContext, TextAndBaggageAreBounded) {
  FixedText<4> text;
  EXPECT_TRUE(text.assign("1234"));
  EXPECT_FALSE(text.assign("12345"));
  EXPECT_EQ(text.view(), "1234");

  const ContextPtr context = CallContext::make();
  EXPECT_FALSE(context->add_baggage("big", std::string(CallContext::kMaxBaggageBytes, 'x')));
  for (std::size_t i = 0; i < CallContext::kMaxBaggage; ++i) EXPECT_TRUE(context->add_baggage("k", "v"));
  EXPECT_FALSE(context->add_baggage("k", "v"));
}

struct Told : CancelNode {
  Told() : CancelNode([](CancelNode& self) noexcept { ++static_cast<Told&>(self).times; }) {}
  int times = 0;
};

TEST(CallContext, CancelTellsLinkedNodesOnce) {
  const ContextPtr context = CallContext::make();
  Told told, left, late;
  context->on_cancel(told);
  {
    Told gone;
    context->on_cancel(gone);
  }
  context->on_cancel(left);
  left.unlink();
  context->cancel(CancelReason::kDeadline);
  context->cancel();
  context->on_cancel(late);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(left.times, 0);
  EXPECT_EQ(late.times, 1);
  EXPECT_EQ(context->reason(), CancelReason::kDeadline);
  EXPECT_TRUE(cancel_error(context->reason()).is(io::IoError::kTimeout));
}

TEST(CallContext, ANodeMayOutliveItsContext) {
  Told told;
  {
    const ContextPtr context = CallContext::make();
    context->on_cancel(told);
  }
  EXPECT_EQ(told.times, 0);
}

TEST(BlockPool, AlignsAndServesEverySize) {
  for (std::size_t size : {0u, 1u, 64u, 65u, 2048u, 2049u, 4096u, 65536u, 65537u, 1000000u}) {
    void* block = io::allocate_block(size);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
    std::memset(block, 0x5a, size);
    io::free_block(block, size);
  }
  EXPECT_LE(io::cached_block_bytes(), io::kMaxCachedBytes);
}

TEST(Address, ParsesWhatItPrintsAndRefusesTheRest) {
  for (const char* text : {"127.0.0.1:12200", "[::1]:80", "bank.example:0", "unix:/run/bank.sock"}) {
    const auto address = io::Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  for (const char* text :
       {"", ":", "host", "host:", "host:x", "host:65536", "host:1 ", "::1:80", "[::1:80", ":80", "unix:"}) {
    const auto address = io::Address::parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_TRUE(address.error().is(io::IoError::kAddress));
  }
  EXPECT_FALSE(io::Address::parse("unix:" + std::string(108, 'x')));
}

}  // namespace
}  // namespace sofa
