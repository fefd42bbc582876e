#include "sofa/base/chain.h"

#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sofa {
namespace {

std::string text_of(const Chain& chain) {
  return std::string(as_text(chain.to_bytes()));
}

/// The content as a sender sees it, through fill.
std::string sent_of(const Chain& chain) {
  std::vector<Chain::Slice> slices(256);
  std::string sent;
  slices.resize(chain.fill(slices.data(), slices.size()));
  for (auto [data, size] : slices) {
    EXPECT_GT(size, 0u);
    sent.append(static_cast<const char*>(data), size);
  }
  return sent;
}

TEST(Chain, TakesBytesAndGivesThemBack) {
  Chain chain;
  chain.append(as_bytes("hello "));
  chain.append(as_bytes("world"));
  EXPECT_EQ(chain.size(), 11u);
  Chain::Slice slices[4];
  ASSERT_EQ(chain.fill(slices, 4), 1u) << "small writes share a block";
  EXPECT_EQ(text_of(chain), "hello world");
  chain.consume(6);
  EXPECT_EQ(text_of(chain), "world");
  chain.consume(5);
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.fill(slices, 4), 0u);
}

TEST(Chain, KeepsReservedPlacesWhereTheyAre) {
  Chain chain;
  chain.append(as_bytes("x"));
  auto length = chain.reserve(4).first(4);
  chain.commit(4);
  std::string body(40'000, 'b');
  chain.append(as_bytes(body));
  std::memcpy(length.data(), "0042", 4);
  EXPECT_EQ(text_of(chain), "x0042" + body);
  EXPECT_EQ(sent_of(chain), "x0042" + body);
}

TEST(Chain, ReservesMoreThanABlock) {
  Chain chain;
  chain.append(as_bytes("head"));
  auto room = chain.reserve(100'000);
  ASSERT_GE(room.size(), 100'000u);
  std::memset(room.data(), 'z', 100'000);
  chain.commit(100'000);
  EXPECT_EQ(text_of(chain), "head" + std::string(100'000, 'z'));
}

TEST(Chain, TakesBackWhatWasReservedOnly) {
  Chain chain;
  chain.reserve(10);
  EXPECT_TRUE(chain.empty());
  chain.reserve(20'000);
  chain.append(as_bytes("a"));
  EXPECT_EQ(sent_of(chain), "a");
  chain.consume(1);
  EXPECT_TRUE(chain.empty());
}

TEST(Chain, HoldsNoBlockWhenEmpty) {
  const auto before = BlockRef::pool_stats();
  Chain chain;
  EXPECT_EQ(BlockRef::pool_stats().fresh, before.fresh);
  chain.append(as_bytes("some"));
  const auto during = BlockRef::pool_stats();
  chain.consume(4);
  EXPECT_EQ(BlockRef::pool_stats().pooled, during.pooled + 1);
}

TEST(Chain, AllocatesNothingWhenWarm) {
  const std::string message(150, 'm');
  auto turn = [&] {
    Chain chain;
    for (int i = 0; i < 500; ++i) chain.append(as_bytes(message));
    while (!chain.empty()) chain.consume(std::min<std::size_t>(chain.size(), 20'000));
  };
  turn();
  const auto warm = BlockRef::pool_stats();
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_EQ(BlockRef::pool_stats().fresh, warm.fresh);
  EXPECT_LE(warm.pooled, BlockRef::kPooledBlocks);
}

TEST(Chain, SharesABlockWithoutCopying) {
  BlockRef block = BlockRef::make();
  std::memcpy(block.data(), "request one|request two", 23);
  EXPECT_TRUE(block.unique());
  Chain first;
  Chain second;
  first.append(as_bytes("h:"));
  first.append_shared(block, {block.data(), 11});
  first.append(as_bytes("."));
  second.append_shared(block, {block.data() + 12, 11});
  second.append(as_bytes("!"));
  EXPECT_FALSE(block.unique());
  std::memcpy(block.data() + 23, "next", 4);
  EXPECT_EQ(text_of(first), "h:request one.");
  EXPECT_EQ(text_of(second), "request two!");
  Chain::Slice slices[4];
  second.fill(slices, 4);
  EXPECT_EQ(slices[0].data, block.data() + 12);
  first.clear();
  second.clear();
  EXPECT_TRUE(block.unique());
}

TEST(Chain, SplicesAndMoves) {
  Chain a;
  Chain b;
  a.reserve(10);
  b.append(as_bytes("bb"));
  a.splice(std::move(b));
  EXPECT_TRUE(b.empty());
  b.append(as_bytes("c"));
  a.append(as_bytes("b"));
  a.splice(std::move(b));
  a.splice(Chain());
  a.append(as_bytes("d"));
  EXPECT_EQ(text_of(a), "bbbcd");
  Chain moved = std::move(a);
  EXPECT_TRUE(a.empty());
  a = std::move(moved);
  EXPECT_EQ(sent_of(a), "bbbcd");
}

TEST(Chain, TakesBackAnUnfinishedMessage) {
  Chain chain;
  chain.append(as_bytes("kept"));
  chain.append(as_bytes(std::string(50'000, 'x')));
  chain.truncate(4);
  EXPECT_EQ(text_of(chain), "kept");
  chain.append(as_bytes(" on"));
  EXPECT_EQ(text_of(chain), "kept on");
  BlockRef block = BlockRef::make();
  std::memcpy(block.data(), "shared", 6);
  chain.append_shared(block, {block.data(), 6});
  chain.truncate(10);
  chain.append(as_bytes("?"));
  EXPECT_EQ(text_of(chain), "kept onsha?");
  EXPECT_EQ(as_text({block.data(), 6}), "shared") << "what is shared is never written to";
  chain.truncate(0);
  EXPECT_TRUE(block.unique());
}

TEST(Chain, MayEndOnAnotherThread) {
  BlockRef block = BlockRef::make();
  std::memset(block.data(), 's', 10);
  Chain chain;
  chain.append(as_bytes(std::string(100'000, 'y')));
  chain.append_shared(block, {block.data(), 10});
  std::thread([moved = std::move(chain)]() mutable {
    moved.consume(50'000);
    moved.append(as_bytes("z"));
    EXPECT_EQ(moved.size(), 50'011u);
  }).join();
  EXPECT_TRUE(block.unique());
}

// Every operation in random order, against a string.
TEST(Chain, BehavesAsAString) {
  std::mt19937_64 random(7);
  Chain chain;
  std::string model;
  for (int i = 0; i < 20'000; ++i) {
    const std::string piece(random() % (i % 50 == 0 ? 40'000 : 300), static_cast<char>('a' + i % 26));
    switch (random() % 8) {
      case 0:
      case 1:
        chain.append(as_bytes(piece));
        model += piece;
        break;
      case 2: {
        auto room = chain.reserve(piece.size());
        ASSERT_GE(room.size(), piece.size());
        std::memcpy(room.data(), piece.data(), piece.size());
        const std::size_t used = piece.empty() ? 0 : random() % piece.size();
        chain.commit(used);
        model += piece.substr(0, used);
        break;
      }
      case 3: {
        BlockRef block = BlockRef::make(piece.size());
        std::memcpy(block.data(), piece.data(), piece.size());
        chain.append_shared(block, {block.data() + piece.size() / 3, piece.size() - piece.size() / 3});
        model += piece.substr(piece.size() / 3);
        break;
      }
      case 4: {
        Chain other;
        other.append(as_bytes(piece));
        chain.splice(std::move(other));
        model += piece;
        break;
      }
      case 5: {
        const std::size_t n = model.empty() ? 0 : model.size() - std::min(model.size(), random() % 200);
        chain.truncate(n);
        model.resize(n);
        break;
      }
      default: {
        const std::size_t n = std::min<std::size_t>(model.size(), random() % 600);
        chain.consume(n);
        model.erase(0, n);
      }
    }
    ASSERT_EQ(chain.size(), model.size());
    if (i % 64 == 0) {
      ASSERT_EQ(text_of(chain), model);
    }
  }
  EXPECT_EQ(text_of(chain), model);
}

}  // namespace
}  // namespace sofa
